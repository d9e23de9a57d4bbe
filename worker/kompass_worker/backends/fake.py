"""A backend without a model: answers that follow from the prompt alone, for lifecycle tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kompass_api.results import Environment, Prediction
from kompass_worker.backends.likelihoods import cut_at_stop, label_score, likeliest
from kompass_worker.prompts.requests import GenerationRequest, Prompt, Request, ScoringRequest

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

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Prediction]]:
        """The answers, in order."""
        for place, request in enumerate(requests):
            if isinstance(request, ScoringRequest):
                yield place, _scored(request)
            else:
                yield place, self._generated(request)

    def _generated(self, request: GenerationRequest) -> Prediction:
        drawn = LETTERS[_draw(_text(request.prompt)) % len(LETTERS)]
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


def _scored(request: ScoringRequest) -> Prediction:
    return likeliest(
        request,
        [
            label_score(
                candidate.label,
                nll_sum=_draw(candidate.text) % 1000 / 100 * (len(candidate.text) - 1),
                tokens=len(candidate.text),
            )
            for candidate in request.candidates
        ],
    )


def _text(prompt: Prompt) -> str:
    if isinstance(prompt, str):
        return prompt
    return "\n".join(f"{message.role}: {message.content}" for message in prompt)


def _draw(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
