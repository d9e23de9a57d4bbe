"""From rows to what a model is asked: templates, questions with examples, and fitting them in."""

from kompass_worker.prompts.fitting import Fitted, fit
from kompass_worker.prompts.hashes import prompt_hash
from kompass_worker.prompts.questions import Manner, Question, asked_subject
from kompass_worker.prompts.trimming import trimmed

__all__ = ["Fitted", "Manner", "Question", "asked_subject", "fit", "prompt_hash", "trimmed"]
