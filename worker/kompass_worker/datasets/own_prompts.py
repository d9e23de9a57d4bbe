"""The prompt of a file of questions: OpenCompass' words for custom data, or the person's own.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kompass_worker.datasets.own_meta import DataType, InferMethod, OwnMeta
from kompass_worker.errors import InvalidData

_EXAMPLES: Final = "</E>"
"""Where OpenCompass' templates put examples, of which custom data has none."""

_PARTS: Final = ("begin", "round", "end")


def prompt_of(known: OwnMeta, answer: str) -> dict[str, Any]:
    """The content of spec.prompt; `answer` is the column that the answer stands in."""
    if known.template is not None:
        prompt = _of_template(known.template)
    elif known.data_type is DataType.QA:
        prompt = {"rounds": _question(known)}
    else:
        prompt = {"rounds": _multiple_choice(known, answer)}
    if known.infer_method is InferMethod.PPL and "labelTemplates" not in prompt:
        prompt["labels"] = known.options
    return prompt


def _multiple_choice(known: OwnMeta, answer: str) -> list[dict[str, str]]:
    options = "".join(f"\n{letter}. {{{letter}}}" for letter in known.options or ())
    human = "Question: {question}" + options if known.human_prompt is None else known.human_prompt
    bot = f"Answer: {{{answer}}}" if known.bot_prompt is None else known.bot_prompt
    return [_turn("HUMAN", human), _turn("BOT", bot)]


def _question(known: OwnMeta) -> list[dict[str, str]]:
    human = _turn("HUMAN", "{question}" if known.human_prompt is None else known.human_prompt)
    if known.output_column is None:
        return [human]
    bot = f"{{{known.output_column}}}" if known.bot_prompt is None else known.bot_prompt
    return [human, _turn("BOT", bot)]


def _turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "prompt": text}


def _of_template(template: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(template, str) or set(template) & set(_PARTS):
        return _dialogue(template)
    labels = [{"label": label, **_dialogue(held)} for label, held in template.items()]
    return {"labelTemplates": labels}


def _dialogue(template: object) -> dict[str, Any]:
    if isinstance(template, str):
        return {"text": template.replace(_EXAMPLES, "")}
    if not isinstance(template, Mapping) or not set(template) <= set(_PARTS):
        raise InvalidData(
            f"template is {str(template)[:60]!r}; expected a text, an object with round (and begin "
            "and end), or an object of label -> one of these"
        )
    begin, rounds, end = (list(_rounds(template.get(part, ()))) for part in _PARTS)
    return {"begin": begin, "rounds": rounds, "end": end}


def _rounds(turns: str | Sequence[object]) -> Iterable[dict[str, object]]:
    for turn in [turns] if isinstance(turns, str) else turns:
        if isinstance(turn, Mapping) and "prompt" in turn:
            fallback = {"fallbackRole": turn["fallback_role"]} if "fallback_role" in turn else {}
            yield {"role": turn.get("role"), "prompt": turn["prompt"], **fallback}
        elif turn != _EXAMPLES:
            raise InvalidData(
                f"template has the turn {str(turn)[:60]!r}; expected an object with role and prompt"
            )
