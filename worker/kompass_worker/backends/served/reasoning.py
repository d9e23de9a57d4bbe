"""What a model thinks aloud, told apart from its answer. Pure."""

from __future__ import annotations

from typing import NamedTuple

from kompass_api.serving import Reasoning, ReasoningOutput

_END = "</think>"
"""What OpenCompass puts between reasoning and answer."""


class Said(NamedTuple):
    """An answer and what came before it."""

    text: str
    reasoning: str


def told_apart(content: str, reasoning: str, settings: Reasoning) -> Said:
    """The answer and the reasoning, out of the fields of a server's message."""
    if settings.output is ReasoningOutput.PREPEND:
        joined = f"{reasoning}{_END}{content}" if reasoning else content.strip()
        return Said(joined, reasoning)
    if reasoning or not settings.tag:
        return Said(content, reasoning)
    return _out_of_tags(content, settings.tag)


def _out_of_tags(content: str, tag: str) -> Said:
    begin, end = f"<{tag}>", f"</{tag}>"
    inner = content.lstrip()
    if inner.startswith(begin):
        thought, closed, rest = inner.removeprefix(begin).partition(end)
        # Without its end, the answer was cut off before it began.
        return Said(rest.lstrip() if closed else "", thought.strip())
    # Some templates write the opening tag into the prompt.
    thought, closed, rest = content.partition(end)
    return Said(rest.lstrip(), thought.strip()) if closed else Said(content, "")
