"""The CRDs keep the laws of structural schemas and those of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from generate_yaml import as_yaml
from kompass_api.definitions import KINDS, Kind, definition
from kompass_api.resources import ApiModel
from kompass_api.rules import VALIDATIONS
from kompass_api.schema import NotStructural, Schema, structural

BY_KIND = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)

FORBIDDEN = {
    "$ref",
    "$defs",
    "anyOf",
    "oneOf",
    "allOf",
    "const",
    "title",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "patternProperties",
    "propertyNames",
    "uniqueItems",
}


def schema_of(kind: Kind) -> Schema:
    schema: Schema = definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if inner in schema:
            yield from nodes(schema[inner], f"{path}.{inner}")


def below(kind: Kind, section: str) -> dict[str, Mapping[str, Any]]:
    found = schema_of(kind)["properties"].get(section)
    return dict(nodes(found, section)) if found is not None else {}


@BY_KIND
def test_nothing_that_a_structural_schema_forbids(kind: Kind) -> None:
    found = {path: set(node) & FORBIDDEN for path, node in nodes(schema_of(kind))}
    assert {path: keys for path, keys in found.items() if keys} == {}


@BY_KIND
def test_every_node_has_one_type(kind: Kind) -> None:
    untyped = [
        path
        for path, node in nodes(schema_of(kind))
        if not isinstance(node.get("type"), str) and "x-kubernetes-int-or-string" not in node
    ]
    assert untyped == []


@BY_KIND
def test_no_floats(kind: Kind) -> None:
    assert [path for path, node in nodes(schema_of(kind)) if node.get("type") == "number"] == []


@BY_KIND
@pytest.mark.parametrize("section", ["spec", "status"])
def test_every_field_is_described(kind: Kind, section: str) -> None:
    bare = [
        f"{path}.{name}"
        for path, node in below(kind, section).items()
        for name, child in node.get("properties", {}).items()
        if not child.get("description", "").endswith((".", ".)"))
    ]
    assert bare == []


def is_bounded(node: Mapping[str, Any]) -> bool:
    match node.get("type"):
        case "string":
            return "maxLength" in node or "enum" in node
        case "integer":
            return "minimum" in node and "maximum" in node
        case "array":
            return "maxItems" in node
        case "object":
            return "properties" in node or "maxProperties" in node
        case None:
            return "maxLength" in node
    return bool(node["type"] == "boolean")


@BY_KIND
@pytest.mark.parametrize("section", ["spec", "status"])
def test_every_field_is_bounded(kind: Kind, section: str) -> None:
    assert [path for path, node in below(kind, section).items() if not is_bounded(node)] == []


@BY_KIND
def test_no_default_is_null(kind: Kind) -> None:
    found = [path for path, node in nodes(schema_of(kind)) if node.get("default", 0) is None]
    assert found == []


@BY_KIND
def test_expressions_are_regular_in_re2(kind: Kind) -> None:
    rules = [
        rule["rule"] for _, node in nodes(schema_of(kind)) for rule in node.get(VALIDATIONS, [])
    ]
    assert [rule for rule in rules if re.search(r"\(\?[=!<]|\\[1-9]|\(\?P=", rule)] == []


@BY_KIND
def test_every_rule_has_a_message_on_one_line(kind: Kind) -> None:
    rules = [rule for _, node in nodes(schema_of(kind)) for rule in node.get(VALIDATIONS, [])]
    assert rules
    assert [rule for rule in rules if not rule["message"] or "\n" in rule["message"]] == []


@BY_KIND
def test_the_definition_is_small(kind: Kind) -> None:
    assert len(as_yaml(definition(kind))) < 150_000


@BY_KIND
def test_status_is_a_subresource(kind: Kind) -> None:
    version = definition(kind)["spec"]["versions"][0]
    told = "status" in version["schema"]["openAPIV3Schema"]["properties"]
    assert version.get("subresources", {}) == ({"status": {}} if told else {})


def test_only_a_policy_is_for_the_whole_cluster() -> None:
    scopes = {kind.name: definition(kind)["spec"]["scope"] for kind in KINDS}
    assert [name for name, scope in scopes.items() if scope == "Cluster"] == ["EvalPolicy"]


@BY_KIND
def test_columns_address_conditions_by_type(kind: Kind) -> None:
    columns = definition(kind)["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [column for column in columns if "conditions[" in column["jsonPath"]] == [
        column for column in columns if "conditions[?(@.type==" in column["jsonPath"]
    ]


def test_names_are_as_people_type_them() -> None:
    names = {kind.name: definition(kind)["spec"]["names"] for kind in KINDS}
    assert {kind: name["shortNames"] for kind, name in names.items()} == {
        "EvalRun": ["er"],
        "EvalSuite": ["es"],
        "ModelEndpoint": ["mep"],
        "Benchmark": ["bm"],
        "EvalPolicy": ["ep"],
    }
    assert {name["categories"][0] for name in names.values()} == {"evals"}


@pytest.mark.parametrize(
    "field",
    ["models", "benchmarks", "profile", "seed", "sharding", "storage", "security"],
)
def test_what_is_measured_is_immutable(field: str) -> None:
    rules = schema_of(KINDS[0])["properties"]["spec"][VALIDATIONS]
    [rule] = [rule for rule in rules if rule.get("fieldPath") == f".{field}"]
    assert f"self.{field} == oldSelf.{field}" in rule["rule"]


class Inner(ApiModel):
    size: Annotated[int, Field(ge=1, le=8, description="Size.")] = 2
    name: Annotated[str | None, Field(description="Name.", max_length=8)] = None


class Outer(ApiModel):
    """What surrounds."""

    inner: Annotated[Inner, Field(description="The inner one.")] = Inner()
    other: Annotated[Inner, Field(description="Another.")] = Inner(size=3)
    perhaps: Annotated[Inner | None, Field(description="Perhaps.")] = None
    only: Annotated[Literal["a"], Field(description="Only a.")] = "a"
    names: Annotated[dict[str, str], Field(description="Names.", max_length=4)]


def test_references_are_inlined_and_the_field_describes_itself() -> None:
    inner = structural(Outer)["properties"]["inner"]
    assert inner["description"] == "The inner one."
    assert inner["properties"]["size"] == {
        "description": "Size.",
        "type": "integer",
        "format": "int32",
        "default": 2,
        "maximum": 8,
        "minimum": 1,
    }


def test_a_default_says_only_what_the_fields_do_not_say() -> None:
    properties = structural(Outer)["properties"]
    assert (properties["inner"]["default"], properties["other"]["default"]) == ({}, {"size": 3})


def test_an_optional_field_is_neither_nullable_nor_defaulted() -> None:
    perhaps = structural(Outer)["properties"]["perhaps"]
    assert perhaps["type"] == "object"
    assert not {"default", "nullable", "anyOf"} & set(perhaps)


def test_a_constant_is_a_choice_of_one() -> None:
    assert structural(Outer)["properties"]["only"]["enum"] == ["a"]


def test_a_map_says_what_its_values_are() -> None:
    assert structural(Outer)["properties"]["names"]["additionalProperties"] == {"type": "string"}


class WithFloat(ApiModel):
    share: float = 0.5


class WithChoice(ApiModel):
    either: int | str = 1


class WithAnything(ApiModel):
    anything: dict[str, Any]


class WithOpenBound(ApiModel):
    above: Annotated[int, Field(gt=0)] = 1


@pytest.mark.parametrize(
    ("model", "said"),
    [
        pytest.param(WithFloat, "WithFloat.share: a number", id="float"),
        pytest.param(WithChoice, "WithChoice.either: no single type", id="union"),
        pytest.param(WithAnything, "WithAnything.anything: an object of any shape", id="free-form"),
        pytest.param(WithOpenBound, "a CRD has no exclusiveMinimum", id="open-bound"),
    ],
)
def test_what_a_crd_cannot_say_is_an_error(model: type[ApiModel], said: str) -> None:
    with pytest.raises(NotStructural, match=re.escape(said)):
        structural(model)


def test_a_key_that_go_takes_for_a_boolean_is_quoted() -> None:
    assert as_yaml({"n": "y"}) == "'n': 'y'\n"
