"""From rows to what a model is asked: templates, dialogues, questions, and fitting them in."""

from kompass_worker.prompts.fitting import Fitted, fit
from kompass_worker.prompts.hashes import prompt_hash
from kompass_worker.prompts.questions import Question, questions

__all__ = ["Fitted", "Question", "fit", "prompt_hash", "questions"]
