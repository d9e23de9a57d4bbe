"""docs/reference.md: every field of every kind, and the words of a status. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kompass_api.definitions import CATEGORY, KINDS, Kind, definition
from kompass_api.endpointglossary import ENDPOINT_CONDITIONS, ENDPOINT_REASONS
from kompass_api.glossary import CONDITIONS, EXIT_CODES, FAILURE_CLASSES, REASONS
from kompass_api.quantities import INT_OR_STRING
from kompass_api.resources import API_VERSION
from kompass_api.rules import VALIDATIONS

Schema = Mapping[str, Any]

_INTRODUCTION: Final = f"""\
<!-- Generated from crds/kompass_api by `make generate`; edit the models instead. -->

# Reference

The resources of `{API_VERSION}`, field by field, and the words that a status uses.
`kubectl explain evalrun.spec` shows the same; `kubectl get {CATEGORY}` lists every kind.
The API server refuses unknown fields where the client asks for it (`kubectl apply` does), and every
broken rule with the message given here. `kompass run` keeps the same rules, except those that
compare with what was there before.
"""


@dataclass(frozen=True)
class Field:
    """A row of a table of fields."""

    path: str
    schema: Schema
    required: bool


def reference() -> str:
    """The whole page."""
    parts = [_INTRODUCTION, *(_kind(kind) for kind in KINDS), *_words()]
    return "\n".join(parts)


def _kind(kind: Kind) -> str:
    schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    parts = [
        f"## {kind.name}\n",
        f"{schema['description']} Short name `{kind.short}`.\n",
    ]
    for section in ("spec", "status") if kind.has_status else ("spec",):
        parts.append(f"### {kind.name} {section}\n")
        parts.append(_fields_table(list(_fields(schema["properties"][section], section))))
    parts.append(f"### {kind.name} rules\n")
    parts.append(_rules_list(schema))
    return "\n".join(parts)


def _fields(schema: Schema, path: str) -> Iterator[Field]:
    """Every field below a node, parents before children."""
    for name, child in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        yield Field(here, child, name in schema.get("required", []))
        yield from _fields(_inner(child), here + _suffix(child))


def _inner(schema: Schema) -> Schema:
    inner: Schema = schema.get("items") or schema.get("additionalProperties") or schema
    return inner


def _suffix(schema: Schema) -> str:
    return "[]" if "items" in schema else ".*" if "additionalProperties" in schema else ""


def _fields_table(fields: list[Field]) -> str:
    rows = [
        (
            f"`{field.path}`",
            _type(field.schema),
            "required" if field.required else _default(field.schema),
            _bounds(field.schema),
            field.schema.get("description", ""),
        )
        for field in fields
    ]
    return _table(("field", "type", "default", "bounds", "what"), rows)


def _type(schema: Schema) -> str:
    if INT_OR_STRING in schema:
        return "quantity"
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    return str(schema["type"])


def _default(schema: Schema) -> str:
    if "default" not in schema:
        return ""
    return f"`{json.dumps(schema['default'], ensure_ascii=False)}`"


def _bounds(schema: Schema) -> str:
    found = [
        _one_of(schema),
        _range(schema, "minimum", "maximum", ""),
        _range(schema, "minLength", "maxLength", " characters"),
        _range(schema, "minItems", "maxItems", " items"),
        _range(schema, "minProperties", "maxProperties", " entries"),
    ]
    if "items" in schema and "properties" not in schema["items"]:
        inner = _bounds(schema["items"])
        found.append(f"each {inner}" if inner else "")
    return "; ".join(part for part in found if part)


def _one_of(schema: Schema) -> str:
    return " or ".join(f"`{value}`" for value in schema.get("enum", []))


def _range(schema: Schema, low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is not None and most is not None:
        return f"{least:,} to {most:,}{unit}"
    if most is not None:
        return f"at most {most:,}{unit}"
    return f"at least {least:,}{unit}" if least is not None else ""


def _rules_list(schema: Schema) -> str:
    """The messages, each once, with the fields they are about."""
    where: dict[str, list[str]] = {}
    for path, message in _rules(schema, ""):
        where.setdefault(message, []).append(f"`{path}`")
    lines = [f"- {', '.join(paths)}: {message}." for message, paths in where.items()]
    return "\n".join(lines) + "\n"


def _rules(schema: Schema, path: str) -> Iterator[tuple[str, str]]:
    for entry in schema.get(VALIDATIONS, []):
        yield (path + entry.get("fieldPath", "")).lstrip("."), entry["message"]
    for name, child in schema.get("properties", {}).items():
        yield from _rules(child, f"{path}.{name}")
    for inner, suffix in (("items", "[]"), ("additionalProperties", ".*")):
        if inner in schema:
            yield from _rules(schema[inner], path + suffix)


def _words() -> list[str]:
    return [
        "## Conditions of an EvalRun\n",
        _glossary("condition", CONDITIONS),
        "## Reasons\n",
        "Words in a condition's `reason`.\n",
        _glossary("reason", REASONS),
        "## Conditions of a ModelEndpoint\n",
        _glossary("condition", ENDPOINT_CONDITIONS),
        "## Reasons of a ModelEndpoint\n",
        _glossary("reason", ENDPOINT_REASONS),
        "## Exit codes of the worker\n",
        "A Job's `podFailurePolicy` reads them.\n",
        _table(
            ("code", "name", "what"),
            [(str(int(code)), code.name, text) for code, text in EXIT_CODES.items()],
        ),
        "## Failure classes\n",
        "Words in `status.failures[].class`, in the worker's log and termination message.\n",
        _glossary("class", FAILURE_CLASSES),
    ]


def _glossary(title: str, words: Mapping[Any, str]) -> str:
    return _table((title, "what"), [(f"`{word}`", text) for word, text in words.items()])


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """The text in a cell: a bar would end it, and Markdown would take <name> for HTML."""
    shown = text if text.startswith("`") else text.replace("<", "&lt;")
    return shown.replace("|", "\\|").replace("\n", " ")
