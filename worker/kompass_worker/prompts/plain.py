r"""A dialogue as one text: for a model without a chat template.

Pure. With a meta template its roles stand around every turn; without one every turn is a line.
"""

from __future__ import annotations

from collections.abc import Iterator

from kompass_api.metatemplate import MetaTemplate
from kompass_worker.prompts.rounds import Cast, Said
from kompass_worker.prompts.scripts import Script, Scripted, Talk
from kompass_worker.prompts.templates import Line


def plain_text(prompt: Scripted, meta: MetaTemplate | None, *, is_answered: bool) -> str:
    """The text, whole, or up to where the model answers."""
    if isinstance(prompt, str):
        return prompt
    if meta is None:
        return _lines(prompt)
    return meta.begin + _shaped(prompt, Cast(meta), is_answered=is_answered)


def _lines(script: Script) -> str:
    r"""Every part that is not empty on a line of its own.

    An empty part at the start still brings its line break, as in OpenCompass: a prompt whose
    examples were all dropped begins with "\n".
    """
    text = ""
    for place, part in enumerate(_parts(script)):
        if part:
            text += f"\n{part}" if place else part
    return text


def _parts(script: Script) -> Iterator[str]:
    for piece in script:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, Line):
            yield piece.text
        else:
            yield from (line.text for line in piece.lines)


def _shaped(script: Script, cast: Cast, *, is_answered: bool) -> str:
    text = ""
    for piece in script:
        if isinstance(piece, str):
            text += piece
        elif isinstance(piece, Line):
            text += cast.said(piece).text
        elif piece.is_question and not is_answered:
            return text + _up_to_the_answer(cast.rounds(piece.lines))
        else:
            text += _talked(piece, cast)
    return text + cast.meta.end


def _talked(talk: Talk, cast: Cast) -> str:
    return "".join(said.text for spoken in cast.rounds(talk.lines) for said in spoken)


def _up_to_the_answer(rounds: list[list[Said]]) -> str:
    text = "".join(said.text for spoken in rounds[:-1] for said in spoken)
    for said in rounds[-1]:
        if said.role.generate:
            return text + said.role.begin
        text += said.text
    raise AssertionError("a meta template has a role that generates")
