"""A backend without a model: answers that follow from the prompt alone, for lifecycle tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kompass_api.results import Environment, LabelScore, Prediction
from kompass_worker.backends.conversations import Talk
from kompass_worker.backends.likelihoods import (
    TextSize,
    choice_scores,
    cut_at_stop,
    label_score,
    likeliest,
)
from kompass_worker.prompts.requests import (
    ChoiceRequest,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Group,
    Prompt,
    Request,
    ScoringRequest,
    TextRequest,
    ungrouped,
)

LETTERS = "ABCD"


@dataclass(frozen=True)
class FakeTokenizer:
    """Takes every character for a token."""

    max_sequence_length: int = 2048

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """Characters of each prompt."""
        return [len(_text(prompt)) for prompt in prompts]


@dataclass(frozen=True)
class FakeBackend:
    """Answers with a letter drawn by the prompt's hash, or as told for an item."""

    answers: Mapping[str, str] = field(default_factory=dict)
    """Text for an item, instead of the drawn letter."""

    @property
    def environment(self) -> Environment:
        """That there is no model."""
        nothing = f"sha256:{hashlib.sha256(b'').hexdigest()}"
        return Environment(
            model_digest=nothing,
            tokenizer_digest=nothing,
            device="none",
            dtype="none",
            packages={},
        )

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        """The answers, in order."""
        for request in ungrouped(groups):
            match request:
                case GenerationRequest():
                    yield self._sampled(request)
                case ConversationRequest():
                    yield self._talked(request)
                case _:
                    yield likeliest(request, _scores(request))

    def _sampled(self, request: GenerationRequest) -> Prediction:
        several = [self._generated(request, sample) for sample in range(request.samples)]
        return several[0].model_copy(
            update={
                "samples": [one.prediction for one in several] if request.samples > 1 else [],
                "tokens_out": sum(one.tokens_out for one in several),
            }
        )

    def _generated(self, request: GenerationRequest, sample: int) -> Prediction:
        chance = f"{request.seed}/{sample}/" if request.temperature > 0 else ""
        drawn = LETTERS[_draw(chance + _text(request.prompt)) % len(LETTERS)]
        whole = self.answers.get(request.item, drawn)
        cut, stopped = cut_at_stop(whole[: request.max_new_tokens], request.stop)
        ended = stopped or len(whole) < request.max_new_tokens
        return Prediction(
            item=request.item,
            prompt_hash="",
            prediction=cut,
            tokens_in=len(_text(request.prompt)),
            tokens_out=max(1, len(cut)),
            finish_reason="stop" if ended else "length",
        )

    def _talked(self, request: ConversationRequest) -> Prediction:
        talk = Talk(request)
        turns = []
        while not talk.is_over:
            turns.append(self._generated(talk.next_turn(), 0))
            talk.hear(turns[-1].prediction)
        return talk.prediction(turns)


def _scores(request: Request) -> list[LabelScore]:
    match request:
        case ScoringRequest():
            return [_scored(held.label, held.text, 1) for held in request.candidates]
        case ContinuationRequest():
            return [
                _scored(held.label, _text(held.context) + held.continuation, len(held.continuation))
                for held in request.candidates
            ]
        case ChoiceRequest():
            said = _text(request.prompt)
            nlls = [_nll(f"{said}{choice}") for choice in request.choices]
            return choice_scores(request.choices, nlls, tokens=len(said))
        case TextRequest():
            return [_scored("", request.text, 1)]
        case _:
            raise TypeError(type(request).__name__)


def _scored(label: str, text: str, first: int) -> LabelScore:
    size = TextSize(tokens=len(text), predicted=max(0, len(text) - first))
    return label_score(label, _nll(text) * size.predicted, size)


def _nll(text: str) -> float:
    return _draw(text) % 1000 / 100


def _text(prompt: Prompt) -> str:
    if isinstance(prompt, str):
        return prompt
    return "\n".join(f"{message.role}: {message.content}" for message in prompt)


def _draw(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
