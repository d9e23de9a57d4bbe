"""From a pydantic model to the structural OpenAPI v3 schema that a CRD wants. Pure.

pydantic speaks JSON Schema 2020-12; the API server takes a subset of OpenAPI v3 in which every
node has one type, nothing is referenced, and what is absent is absent rather than null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from kompass_api.quantities import INT_OR_STRING
from kompass_api.rules import VALIDATIONS

Schema = dict[str, Any]

_REF_PREFIX: Final = "#/$defs/"
_NULL: Final = {"type": "null"}
_INT32_MAX: Final = 2**31 - 1

_KEPT: Final = (
    "type",
    "description",
    "enum",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "maxProperties",
    INT_OR_STRING,
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    VALIDATIONS,
)
_HANDLED: Final = {
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "items",
    "patternProperties",
    "properties",
    "propertyNames",
    "required",
    "title",
}


class NotStructural(TypeError):
    """A model holds what a CRD's schema cannot say."""


def structural(model: type[BaseModel]) -> Schema:
    """The schema of a model as a CRD takes it."""
    described = model.model_json_schema(by_alias=True)
    return _node(described, described.get("$defs", {}), model.__name__)


def custom_resource(model: type[BaseModel]) -> Schema:
    """The schema of a resource: its metadata is the API server's business, except the name."""
    schema = structural(model)
    # Rules may point at metadata.name only where the schema declares it.
    schema["properties"]["metadata"] = {
        "type": "object",
        "properties": {"name": {"type": "string"}},
    }
    for field in ("apiVersion", "kind"):
        schema["properties"][field] = {"type": "string"}
    schema["required"] = ["spec"]
    return schema


def _node(found: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Schema:
    """One node with everything inlined; `path` is for the error."""
    merged = _plain(found, defs)
    unknown = set(merged) - _HANDLED - set(_KEPT)
    if unknown:
        raise NotStructural(f"{path}: a CRD has no {', '.join(sorted(unknown))}")
    schema: Schema = {key: merged[key] for key in _KEPT if key in merged}
    if "const" in merged:
        schema |= {"enum": [merged["const"]]}
    if schema.get("type") == "integer":
        schema["format"] = _integer_format(schema)
    if "type" not in schema and INT_OR_STRING not in schema:
        raise NotStructural(f"{path}: no single type (has: {', '.join(sorted(merged))})")
    if schema.get("type") == "number":
        raise NotStructural(f"{path}: a number; Kubernetes objects hold no floats, use a string")
    schema |= _children(merged, defs, path)
    if merged.get("default") is not None:
        schema["default"] = _default(merged["default"], schema)
    return _ordered(schema)


def _plain(found: Mapping[str, Any], defs: Mapping[str, Any]) -> Schema:
    """A node without references and without `or null`; what stands beside a reference wins."""
    if "$ref" in found:
        beneath = _plain(defs[found["$ref"].removeprefix(_REF_PREFIX)], defs)
        return _merged(beneath, {key: value for key, value in found.items() if key != "$ref"})
    kinds = [kind for kind in found.get("anyOf", []) if kind != _NULL]
    if len(kinds) == 1:
        return _merged(
            _plain(kinds[0], defs), {key: value for key, value in found.items() if key != "anyOf"}
        )
    return dict(found)


def _merged(beneath: Mapping[str, Any], above: Mapping[str, Any]) -> Schema:
    merged = {**beneath, **above}
    rules = [*beneath.get(VALIDATIONS, []), *above.get(VALIDATIONS, [])]
    return merged | {VALIDATIONS: rules} if rules else merged


def _children(merged: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Schema:
    children: Schema = {}
    if "properties" in merged:
        children["properties"] = {
            name: _node(child, defs, f"{path}.{name}")
            for name, child in merged["properties"].items()
        }
        if merged.get("required"):
            children["required"] = sorted(merged["required"])
    elif merged.get("type") == "object":
        children["additionalProperties"] = _node(_values(merged, path), defs, f"{path}.*")
    if "items" in merged:
        children["items"] = _node(merged["items"], defs, f"{path}[]")
    return children


def _values(merged: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """What the values of a map look like; rules on its keys are CEL's."""
    values = [*merged.get("patternProperties", {}).values(), merged.get("additionalProperties")]
    for value in values:
        if isinstance(value, Mapping):
            return value
    raise NotStructural(f"{path}: an object of any shape; say what its values are")


def _default(value: object, schema: Mapping[str, Any]) -> object:
    """A default without nulls and without what the fields' own defaults say already.

    Where rules relate the fields it is whole: the API server tries the rules on it as it stands.
    """
    if not isinstance(value, Mapping):
        return value
    fields: Mapping[str, Any] = schema.get("properties", {})
    kept: Schema = {}
    for name, inner in value.items():
        if inner is None:
            continue
        field = fields.get(name, {})
        written = _default(inner, field)
        if VALIDATIONS in schema or "default" not in field or written != field["default"]:
            kept[name] = written
    return kept


def _integer_format(schema: Mapping[str, Any]) -> str:
    return "int32" if schema.get("maximum", _INT32_MAX + 1) <= _INT32_MAX else "int64"


_FIRST: Final[Sequence[str]] = ("description", "type", "format", "default")


def _ordered(schema: Schema) -> Schema:
    """What a reader looks for first, then the rest by name."""
    first = [key for key in _FIRST if key in schema]
    return {key: schema[key] for key in (*first, *sorted(set(schema) - set(first)))}
