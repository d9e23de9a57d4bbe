"""What a question becomes for a model, method by method.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from kompass_api.methods import Method
from kompass_worker.datasets.rows import Row
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.prompts.listed import choices_of, messages_of
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Message,
    MinKPercent,
    PerplexityOnly,
    Request,
    ScoringRequest,
    Split,
    TextRequest,
)
from kompass_worker.prompts.scripts import Scripted
from kompass_worker.prompts.sheets import Sheet, answered, unanswered
from kompass_worker.prompts.templates import EXAMPLES, Form, Text, Values, fill, mapped
from kompass_worker.prompts.voices import Voice

_START: Final = "\x02"
_END: Final = "\x03"
"""Marks around a continuation while its text is rendered."""


@dataclass(frozen=True)
class Asked:
    """A row's question with some of its examples, and who is asked."""

    item: str
    sheet: Sheet
    row: Row
    examples: Sequence[Row]
    max_new_tokens: int
    voice: Voice

    @property
    def output(self) -> str:
        """The column with the answer."""
        return self.sheet.spec.data.output_column


def request_of(asked: Asked) -> Request:
    """The request of the benchmark's method."""
    spec = asked.sheet.spec
    if asked.voice.is_chat and not spec.method.writes:
        raise InvalidRequest(
            f"benchmark {asked.sheet.benchmark!r} weighs plain text ({spec.method}), which a chat "
            "template has no place for: name a model endpoint with modelType Base",
            item=asked.item,
        )
    match spec.method:
        case Method.GENERATION:
            return _generation(asked)
        case Method.CONVERSATION:
            return _conversation(asked)
        case Method.PERPLEXITY:
            return _scoring(asked)
        case Method.LOG_LIKELIHOOD:
            return _continuations(asked)
        case Method.CONDITIONAL_LOG_PROBABILITY:
            return ChoiceRequest(asked.item, asked.voice.prompt(_open(asked)), _choices(asked))
        case _:
            text = asked.voice.whole(_script(asked, None, asked.row.values))
            return TextRequest(asked.item, text, _what(asked.sheet))


def _generation(asked: Asked) -> GenerationRequest:
    said = asked.sheet.spec.generation
    return GenerationRequest(
        asked.item,
        asked.voice.prompt(_open(asked)),
        asked.max_new_tokens,
        tuple(said.stop),
        min_new_tokens=said.min_new_tokens,
        samples=said.samples,
        temperature=float(said.temperature),
        top_p=float(said.top_p),
        top_k=said.top_k,
        seed=asked.sheet.seed,
    )


def _conversation(asked: Asked) -> ConversationRequest:
    spec = asked.sheet.spec
    assert spec.conversation is not None
    messages = messages_of(spec, asked.row.fields, asked.item)
    if messages[-1].role == "user":
        messages = (*messages, Message("assistant", asked.row.reference))
    said = spec.generation
    return ConversationRequest(
        asked.item,
        asked.voice.dialogue(messages),
        spec.conversation.infer_mode,
        asked.max_new_tokens,
        tuple(said.stop),
        min_new_tokens=said.min_new_tokens,
        temperature=float(said.temperature),
        top_p=float(said.top_p),
        top_k=said.top_k,
        seed=asked.sheet.seed,
        plain=asked.voice.plain_roles,
    )


def _scoring(asked: Asked) -> ScoringRequest:
    candidates = tuple(
        Candidate(label, asked.voice.whole(_script(asked, form, values)), answer)
        for label, form, values, answer in _labelled(asked)
    )
    return ScoringRequest(asked.item, candidates, asked.sheet.spec.likelihood.divide_by)


def _what(sheet: Sheet) -> PerplexityOnly | BitsPerCharacter | MinKPercent:
    said = sheet.spec.likelihood
    if sheet.spec.method is Method.PERPLEXITY_ONLY:
        return PerplexityOnly(said.divide_by)
    if sheet.spec.method is Method.MIN_K_PERCENT:
        return MinKPercent(said.min_k_percent)
    return BitsPerCharacter(said.block_size, said.stride, whole_windows=sheet.quirks.whole_windows)


def _open(asked: Asked) -> Scripted:
    """The question without its answer."""
    return _script(asked, None, unanswered(asked.row.values, asked.output))


def _script(asked: Asked, form: Form | None, values: Values) -> Scripted:
    if form is None:
        form = asked.sheet.question_forms[None]
    return asked.sheet.script(form, values, asked.examples)


def _choices(asked: Asked) -> tuple[str, ...]:
    prompt = asked.sheet.spec.prompt
    if prompt.labels_column:
        return choices_of(asked.sheet.spec, asked.row.fields, asked.item)
    return tuple(prompt.label_names)


class _Labelled(NamedTuple):
    label: str
    form: Form
    values: Values
    answer: str | None
    """Its own text, where that is not the label."""


def _labelled(asked: Asked) -> Iterator[_Labelled]:
    """The form and the values of the question for each of its labels."""
    forms = asked.sheet.question_forms
    if asked.sheet.spec.prompt.labels_column is None:
        for label in asked.sheet.labels:
            yield _Labelled(label, forms[label], asked.row.values, None)
        return
    for place, choice in enumerate(_choices(asked)):
        values = answered(asked.row.values, asked.output, choice)
        yield _Labelled(str(place), forms[None], values, choice)


def _continuations(asked: Asked) -> ContinuationRequest:
    sheet = asked.sheet
    column = sheet.spec.likelihood.continuation
    split = Split.LM_EVAL
    if column is not None and sheet.quirks.text_without_continuation:
        split = Split.OPENCOMPASS
    return ContinuationRequest(
        asked.item,
        tuple(
            _ending_with(column, asked, held) if column else _marked_off(asked, held)
            for held in _labelled(asked)
        ),
        sheet.spec.likelihood.divide_by,
        split,
    )


def _ending_with(column: str, asked: Asked, held: _Labelled) -> Continuation:
    """The text of a label that ends with what the row's column holds."""
    text = asked.voice.whole(_script(asked, held.form, held.values))
    said = dict(asked.row.values).get(column, "")
    if not said or not text.endswith(said):
        raise InvalidData(
            f"{asked.item}: {column} is {said[:60]!r}, and the text of label {held.label!r} does "
            f"not end with it: it ends with {text[-60:]!r}",
            item=asked.item,
        )
    return Continuation(held.label, text.removesuffix(said), said)


def _marked_off(asked: Asked, held: _Labelled) -> Continuation:
    """The text of a label, cut where its answer begins."""
    if asked.sheet.spec.prompt.label_templates:
        form, said = _after_examples(held.form), ""
    else:
        said = held.label if held.answer is None else held.answer
        form = _at_the_answer(asked.sheet.question_forms[None], asked.output)
    text = asked.voice.whole(_script(asked, form, asked.row.values))
    before, _, after = text.rpartition(_START)
    continuation = said + after.partition(_END)[0]
    return Continuation(held.label, before.replace(_START, said), continuation, held.answer)


def _at_the_answer(form: Form, output: str) -> Form:
    """The form with marks around what goes on from the answer's place."""
    marked = mapped(form, lambda text: fill(text, [(output, _START)]))
    if isinstance(marked, Text):
        return Text(marked.text + _END)
    *others, last = marked.rounds
    return replace(marked, rounds=(*others, replace(last, text=last.text + _END)))


def _after_examples(form: Form) -> Form:
    """The form with marks around its last turn, or around a text behind its examples."""
    if isinstance(form, Text):
        head, place, tail = form.text.rpartition(EXAMPLES)
        return Text(f"{head}{place}{_START}{tail}{_END}")
    *others, last = form.rounds
    return replace(form, rounds=(*others, replace(last, text=f"{_START}{last.text}{_END}")))
