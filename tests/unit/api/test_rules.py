"""`kompass run` refuses what the API server refuses, and takes what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest
from api_manifests import ALSO_RIGHT, BROKEN_RULES, BROKEN_TYPES, RIGHT, Wrong, changed
from pydantic import BaseModel, ValidationError

from kompass_api import EvalRun, ModelEndpoint
from kompass_api.definitions import KINDS, Kind, definition
from kompass_api.placement import ResourceAmounts
from kompass_api.rules import VALIDATIONS, Shape, cel_text, immutable, rules_of

MODELS: Mapping[str, type[BaseModel]] = {kind.name: kind.model for kind in KINDS}


@pytest.mark.parametrize(
    "wrong", [pytest.param(wrong, id=name) for name, wrong in BROKEN_RULES.items()]
)
def test_a_broken_rule_is_refused_with_the_words_of_the_api_server(wrong: Wrong) -> None:
    with pytest.raises(ValidationError) as refused:
        MODELS[wrong.kind].model_validate(wrong.manifest)
    assert wrong.fix in str(refused.value)


@pytest.mark.parametrize(
    "wrong", [pytest.param(wrong, id=name) for name, wrong in BROKEN_TYPES.items()]
)
def test_what_types_and_bounds_refuse_is_refused(wrong: Wrong) -> None:
    with pytest.raises(ValidationError):
        MODELS[wrong.kind].model_validate(wrong.manifest)


@pytest.mark.parametrize(
    ("kind", "changes"), [pytest.param(*right, id=name) for name, right in ALSO_RIGHT.items()]
)
def test_right_manifests_are_taken(kind: str, changes: Mapping[str, object]) -> None:
    taken = MODELS[kind].model_validate(changed(RIGHT[kind], changes))
    assert taken.model_dump(by_alias=True)["kind"] == kind


def test_all_broken_rules_of_an_object_are_named_at_once() -> None:
    wrong = changed(
        RIGHT["ModelEndpoint"],
        {"spec/source": {"uri": "s3://models/llama", "revision": "main", "tokenSecret": "hub"}},
    )
    with pytest.raises(ValidationError) as refused:
        ModelEndpoint.model_validate(wrong)
    assert "revision belongs to" in str(refused.value)
    assert "tokenSecret belongs to" in str(refused.value)


def test_a_whole_number_of_cores_is_a_quantity() -> None:
    assert ResourceAmounts.model_validate({"cpu": 2}).cpu == "2"


def test_a_yes_is_no_quantity() -> None:
    with pytest.raises(ValidationError):
        ResourceAmounts.model_validate({"cpu": True})


def test_a_shape_ends_where_the_text_ends() -> None:
    assert not Shape("^[a-z]+$", "letters").matches("abc\n")


def test_text_in_cel_is_escaped() -> None:
    assert cel_text(r"it's \d") == r"'it\'s \\d'"


def test_an_immutable_optional_field_keeps_its_absence() -> None:
    transition = immutable("storage", "stays", optional=True)
    assert transition.cel == (
        "has(self.storage) == has(oldSelf.storage) && "
        "(!has(self.storage) || self.storage == oldSelf.storage)"
    )


def test_rules_come_in_the_order_they_are_written() -> None:
    assert [rule.field for rule in rules_of(EvalRun)] == [".metadata.name"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_rule_is_broken_by_a_manifest_of_the_table(kind: Kind) -> None:
    fixes = [wrong.fix.split("; ")[-1] for wrong in BROKEN_RULES.values()]
    untried = {
        message
        for message, is_transition in spec_rules(definition(kind))
        if not is_transition and not any(fix in message for fix in fixes)
    }
    assert untried == set()


def spec_rules(node: object) -> Iterator[tuple[str, bool]]:
    if isinstance(node, Mapping):
        for rule in node.get(VALIDATIONS, []):
            yield rule["message"], "oldSelf" in rule["rule"]
    children = node.values() if isinstance(node, Mapping) else node
    for child in children if isinstance(children, Iterable) else ():
        if isinstance(child, (Mapping, list)):
            yield from spec_rules(child)
