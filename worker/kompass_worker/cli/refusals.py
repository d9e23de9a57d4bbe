"""What pydantic refuses, in the words of the API server.

Pure. A rule of ours has one message for both. Of types and bounds the API server speaks in its own
words, which are repeated here: who reads one of them finds the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kompass_api.quantities import INT_OR_STRING
from kompass_api.resolution import nearest
from kompass_api.resources import RuledModel
from kompass_api.rules import rules_of

_TWICE: Final = "more than once"
_JSON_TYPES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}
_BOUNDS: Final = {
    "greater_than_equal": "should be greater than or equal to {ge}",
    "less_than_equal": "should be less than or equal to {le}",
    "string_too_short": "should be at least {min_length} chars long",
    "too_short": "should have at least {min_length} items",
}
_WRONG_TYPE: Final = ("_type", "_parsing", "_from_float")
_WANTED: Final = {
    "int": "integer",
    "string": "string",
    "str": "string",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
    "model": "object",
    "float": "number",
}


class Refusal(NamedTuple):
    """A field, as keys and places from the top, and what is wrong with it."""

    path: tuple[str | int, ...]
    field: str
    """The path as the API server writes it, such as spec.models[0].name."""
    message: str


def field_name(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """`spec.models[0].name`; keys that are the user's own stand in brackets as well."""
    name, held = "", cast("object", model)
    for step in path:
        is_free = isinstance(step, int) or _is_map(held)
        name += f"[{step}]" if is_free else f".{step}"
        held = _below(held, step)
    return name.removeprefix(".")


def refusals(model: type[BaseModel], error: ValidationError) -> Iterator[Refusal]:
    """Everything that was refused, once."""
    seen: set[Refusal] = set()
    for problem in error.errors():
        for refusal in _refusals(model, problem):
            if refusal not in seen:
                seen.add(refusal)
                yield refusal


def _refusals(model: type[BaseModel], problem: ErrorDetails) -> Iterator[Refusal]:
    path = _real(problem["loc"])
    field = field_name(model, path)
    if problem["type"] == "kompass_rule":
        for below, message in _of_rules(problem):
            whole = (*path, *below)
            yield Refusal(whole, field_name(model, whole), message)
    elif problem["type"] == "extra_forbidden":
        yield Refusal(path, field, f'unknown field "{field}"{_nearest_field(model, path)}')
    else:
        message = _in_their_words(field, problem)
        if _takes_numbers(model, path):
            message = message.replace("of type string", "of type integer,string")
        yield Refusal(path, field, message)


def _real(loc: Sequence[str | int]) -> tuple[str | int, ...]:
    """Without the marks that pydantic leaves of a union's members."""
    return tuple(
        step for step in loc if isinstance(step, int) or step.isidentifier() or "-" in step
    )


def _of_rules(problem: ErrorDetails) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Path below the object and message of every rule that one error tells of."""
    message, found = problem["msg"], problem["input"]
    if _TWICE in message and isinstance(found, list):
        yield from _duplicates(found, message)
        return
    known = [(field, rule) for rule, field in _rule_fields().items() if rule in message]
    yield from known or [((), message)]


def _duplicates(found: list[Any], message: str) -> Iterator[tuple[tuple[int], str]]:
    names = message.removeprefix("lists ").partition(f" {_TWICE}")[0].split(", ")
    for name in names:
        places = [
            (place, key)
            for place, item in enumerate(found)
            if isinstance(item, dict)
            for key, value in item.items()
            if str(value) == name
        ]
        for place, key in places[1:]:
            value = json.dumps({key: name}, ensure_ascii=False, separators=(",", ":"))
            yield (place,), f"Duplicate value: {value}"


@cache
def _rule_fields() -> dict[str, tuple[str, ...]]:
    """Message of every rule -> the field below its object that it points at."""
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[type] = [RuledModel]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        for rule in rules_of(model):
            found[rule.message] = tuple(step for step in rule.field.split(".") if step)
    return found


def _in_their_words(field: str, problem: ErrorDetails) -> str:
    kind, found, context = problem["type"], problem["input"], problem.get("ctx", {})
    shown = json.dumps(found, ensure_ascii=False, default=str)
    if kind == "missing":
        return "Required value"
    if kind in {"enum", "literal_error"}:
        return f"Unsupported value: {shown}: supported values: {_choices(context)}"
    if kind == "string_too_long":
        return f"Too long: may not be more than {context['max_length']} bytes"
    if kind == "too_long":
        actual, most = context["actual_length"], context["max_length"]
        return f"Too many: {actual}: must have at most {most} items"
    if kind == "too_short":
        shown = str(context["actual_length"])
    if kind in _BOUNDS:
        return f"Invalid value: {shown}: {field} in body {_BOUNDS[kind].format(**context)}"
    wanted = _WANTED.get(kind.partition("_")[0])
    if wanted and kind.endswith(_WRONG_TYPE):
        named = _JSON_TYPES.get(type(found), type(found).__name__)
        return f'Invalid value: "{named}": {field} in body must be of type {wanted}: "{named}"'
    return f"Invalid value: {shown}: {problem['msg']}"


def _choices(context: dict[str, Any]) -> str:
    """Of "'CUDA' or 'CPU'": "CUDA", "CPU"."""
    quoted = str(context["expected"]).split("'")[1::2]
    return ", ".join(f'"{one}"' for one in quoted)


def _nearest_field(model: type[BaseModel], path: tuple[str | int, ...]) -> str:
    """`; did you mean ...?` of the fields that the object around has."""
    around = _around(model, path)
    if around is None:
        return ""
    names = [field.alias or name for name, field in around.model_fields.items()]
    return nearest(str(path[-1]), names)


def _takes_numbers(model: type[BaseModel], path: tuple[str | int, ...]) -> bool:
    """Whether the field is a quantity: `cpu: 2` as well as `cpu: 500m`."""
    around = _around(model, path)
    properties = around.model_json_schema()["properties"] if around else {}
    return INT_OR_STRING in json.dumps(properties.get(path[-1])) if path else False


def _around(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    held: object = model
    for step in path[:-1]:
        held = _below(held, step)
    return _model_in(held)


def _below(annotation: object, step: str | int) -> object:
    """Type of a field, of a list's items or of a map's values."""
    if isinstance(step, int) or _is_map(annotation):
        return _unwrapped(annotation)[-1]
    model = _model_in(annotation)
    fields = model.model_fields.items() if model else ()
    return next((held.annotation for name, held in fields if step in {held.alias, name}), None)


def _is_map(annotation: object) -> bool:
    return get_origin(annotation) is dict


def _unwrapped(annotation: object) -> tuple[object, ...]:
    return get_args(annotation) or (None,)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)
