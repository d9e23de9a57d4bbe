"""How many examples a prompt can carry, and what happens to one that fits with none.

Pure but for the tokenizer. Profile opencompass@0.5: the last example goes first, one at a time, and
no room is kept for the answer. A chat that may be cut is taken for as long as OpenCompass takes it,
as one message. One deliberate difference: in a perplexity question all labels have the same number
of examples, the number that fits the longest. OpenCompass shortens label by label and keeps the
shorter list for the labels after, so that labels of one question may be compared behind different
examples.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kompass_api.modelendpoint import LongPrompt, ModelEndpointSpec, ModelType
from kompass_worker.backends.protocol import Tokenizer
from kompass_worker.errors import PromptTooLong
from kompass_worker.prompts.hashes import prompt_hash
from kompass_worker.prompts.questions import Question
from kompass_worker.prompts.requests import (
    Message,
    Prompt,
    Request,
    is_read_whole,
    prompts_of,
)

_AT_A_TIME: Final = 1024
"""Questions whose prompts are held in memory together."""


@dataclass(frozen=True)
class Fitted:
    """A question with as many examples as the model takes."""

    question: Question
    examples: int
    tokens: int
    """Tokens the model reads, over all labels."""
    truncated: bool
    prompt_hash: str

    @property
    def examples_dropped(self) -> int:
        """Examples that found no room."""
        return self.question.available - self.examples


@dataclass(frozen=True)
class _Try:
    """A question with a number of examples, and how long that is."""

    question: Question
    request: Request
    examples: int
    lengths: tuple[int, ...]


def fit(
    questions: Sequence[Question], tokenizer: Tokenizer, endpoint: ModelEndpointSpec
) -> list[Fitted]:
    """Every question with the examples that fit, in the order given; few calls of the tokenizer."""
    fitted: list[Fitted] = []
    too_long: list[_Try] = []
    for chunk in _chunks(questions):
        for tried in _fitting(chunk, tokenizer, endpoint):
            fitted.append(_fitted(tried, tokenizer.max_sequence_length))
            if fitted[-1].truncated:
                too_long.append(tried)
    if too_long and endpoint.long_prompt is LongPrompt.REFUSE:
        raise _refusal(too_long, tokenizer.max_sequence_length)
    return fitted


def _chunks(questions: Sequence[Question]) -> Iterator[Sequence[Question]]:
    for start in range(0, len(questions), _AT_A_TIME):
        yield questions[start : start + _AT_A_TIME]


def _fitting(
    questions: Sequence[Question], tokenizer: Tokenizer, endpoint: ModelEndpointSpec
) -> list[_Try]:
    """The longest try of each question that fits, else the one without examples."""
    as_one = _counts_as_one(questions, endpoint)
    tries = _counted(
        [_attempt(held, held.available, endpoint) for held in questions], tokenizer, as_one=as_one
    )
    limit = tokenizer.max_sequence_length
    while over := [
        i for i, held in enumerate(tries) if max(held.lengths) > limit and held.examples
    ]:
        shorter = [_attempt(tries[i].question, tries[i].examples - 1, endpoint) for i in over]
        for i, held in zip(over, _counted(shorter, tokenizer, as_one=as_one), strict=True):
            tries[i] = held
    return _counted(tries, tokenizer) if as_one else tries


def _counts_as_one(questions: Sequence[Question], endpoint: ModelEndpointSpec) -> bool:
    """Whether examples are dropped by the length of one message with all that is said.

    Such a chat may be longer than it was taken for, so it must be allowed to be cut.
    """
    return (
        questions[0].sheet.quirks.counts_messages_as_one
        and endpoint.model_type is ModelType.CHAT
        and endpoint.serving is None
        and endpoint.long_prompt is not LongPrompt.REFUSE
    )


def _attempt(question: Question, examples: int, endpoint: ModelEndpointSpec) -> _Try:
    return _Try(question, question.request(examples, endpoint), examples, ())


def _counted(tries: Sequence[_Try], tokenizer: Tokenizer, *, as_one: bool = False) -> list[_Try]:
    prompts = [prompts_of(held.request) for held in tries]
    if as_one:
        prompts = [tuple(_as_one(prompt) for prompt in some) for some in prompts]
    lengths = iter(tokenizer.count([prompt for some in prompts for prompt in some]))
    return [
        replace(held, lengths=tuple(itertools.islice(lengths, len(some))))
        for held, some in zip(tries, prompts, strict=True)
    ]


def _as_one(prompt: Prompt) -> Prompt:
    if isinstance(prompt, str):
        return prompt
    return (Message("user", "".join(message.content for message in prompt)),)


def _fitted(tried: _Try, limit: int) -> Fitted:
    most = limit if is_read_whole(tried.request) else max(tried.lengths)
    return Fitted(
        question=tried.question,
        examples=tried.examples,
        tokens=sum(min(length, most) for length in tried.lengths),
        truncated=max(tried.lengths) > most,
        prompt_hash=prompt_hash(tried.request),
    )


def _refusal(too_long: Sequence[_Try], limit: int) -> PromptTooLong:
    first = too_long[0]
    others = f" (and {len(too_long) - 1} more)" if len(too_long) > 1 else ""
    dropped = (
        f", even without its {first.question.available} examples"
        if first.question.available
        else ""
    )
    return PromptTooLong(
        f"item {first.question.id}{others}: the prompt has {max(first.lengths)} tokens{dropped}, "
        f"the model takes {limit}: raise maxSequenceLength of the model endpoint if the model can "
        "do more, set its longPrompt to TruncateLeft to cut the beginning off as OpenCompass does, "
        "or leave the row out",
        item=first.question.id,
    )
