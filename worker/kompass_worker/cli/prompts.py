"""What `kompass render` prints: prompts as a model gets them, with every character in its place.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from kompass_api.plandocument import PlannedItem
from kompass_worker.prompts.requests import (
    ChoiceRequest,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Prompt,
    Request,
    ScoringRequest,
    TextRequest,
    plain_dialogue,
)
from kompass_worker.report.texts import visible

_RULE: Final = "─" * 3
_MARKS: Final = {" ": "·", "\n": "⏎\n", "\t": "⇥", "\u3000": "▢", "\u00a0": "⍽"}

Render = Callable[[Prompt], Prompt]
"""Through a model's chat template, or as it is."""


@runtime_checkable
class Renders(Protocol):
    """A tokenizer that knows the text the model reads."""

    def rendered(self, prompt: Prompt) -> str:
        """The text that the model reads, up to where it answers."""
        ...


@dataclass(frozen=True)
class Shown:
    """One text that the model reads of an item."""

    title: str
    """Such as `label A`; empty where there is only one."""
    prompt: Prompt
    continuation: str = ""
    """Whose likelihood counts, behind the prompt."""


@dataclass(frozen=True)
class Rendered:
    """An item as the model gets it."""

    item: PlannedItem
    parts: tuple[Shown, ...]
    choices: tuple[str, ...] = ()


def rendered(item: PlannedItem, request: Request, render: Render) -> Rendered:
    """The item's texts, each through the model's template if there is one."""
    choices = request.choices if isinstance(request, ChoiceRequest) else ()
    parts = tuple(
        Shown(part.title, render(part.prompt), part.continuation) for part in _parts(request)
    )
    return Rendered(item, parts, choices)


def as_text(held: Rendered, *, whitespace: bool) -> str:
    """For the eye: a line with what is known of the item, then its texts."""
    return "".join(_lines(held, whitespace=whitespace))


def as_record(held: Rendered) -> dict[str, object]:
    """For programs: nothing added, nothing left out."""
    item = held.item
    return {
        "item": item.id,
        "promptHash": item.prompt_hash,
        "tokens": item.tokens,
        "examples": item.examples,
        "examplesDropped": item.examples_dropped,
        "truncated": item.truncated,
        **({"choices": list(held.choices)} if held.choices else {}),
        "parts": [_part_record(part) for part in held.parts],
    }


def _parts(request: Request) -> Iterator[Shown]:
    match request:
        case GenerationRequest() | ChoiceRequest():
            yield Shown("", request.prompt)
        case ConversationRequest():
            plain, messages = request.plain, request.messages
            yield Shown("", messages if plain is None else plain_dialogue(messages, plain))
        case ScoringRequest():
            for candidate in request.candidates:
                yield Shown(f"label {candidate.label}", candidate.text)
        case ContinuationRequest():
            for way in request.candidates:
                yield Shown(f"label {way.label}", way.context, way.continuation)
        case TextRequest():
            yield Shown("", request.text)


def _lines(held: Rendered, *, whitespace: bool) -> Iterator[str]:
    item = held.item
    facts = [f"{item.tokens} tokens", f"{item.examples} examples"]
    facts += [f"{item.examples_dropped} dropped"] if item.examples_dropped else []
    facts += ["truncated"] if item.truncated else []
    facts += [item.prompt_hash[: len("sha256:") + 8]]
    yield f"{_RULE} {visible(item.id)}: {', '.join(facts)} {_RULE}\n"
    for part in held.parts:
        if part.title:
            yield f"{_RULE} {visible(part.title)} {_RULE}\n"
        yield from _prompt(part.prompt, whitespace=whitespace)
        if part.continuation:
            yield f"{_RULE} continuation {_RULE}\n"
            yield f"{_spelled(part.continuation, whitespace=whitespace)}\n"
    if held.choices:
        shown = ", ".join(_spelled(choice, whitespace=True) for choice in held.choices)
        yield f"{_RULE} next token, one of: {shown} {_RULE}\n"


def _prompt(prompt: Prompt, *, whitespace: bool) -> Iterator[str]:
    if isinstance(prompt, str):
        yield f"{_spelled(prompt, whitespace=whitespace)}\n"
        return
    for message in prompt:
        yield f"[{message.role}]\n{_spelled(message.content, whitespace=whitespace)}\n"


def _spelled(text: str, *, whitespace: bool) -> str:
    if not whitespace:
        return visible(text, keep="\n\t")
    return "".join(_MARKS.get(character) or visible(character) for character in text)


def _part_record(part: Shown) -> dict[str, object]:
    record: dict[str, object] = {"label": part.title.removeprefix("label ")} if part.title else {}
    if isinstance(part.prompt, str):
        record["text"] = part.prompt
    else:
        record["messages"] = [
            {"role": message.role, "content": message.content} for message in part.prompt
        ]
    return record | ({"continuation": part.continuation} if part.continuation else {})
