"""Rules that a schema's types cannot say: written once, kept by the API server and by pydantic.

A `Shape` is the form of a text, a `rule` relates the fields of an object, a `Transition` says what
an update may not do. Each has its CEL for the CRD and one message for a person: the field and the
fix. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

VALIDATIONS: Final = "x-kubernetes-validations"

_Check = TypeVar("_Check", bound=Callable[[Any], bool])


@dataclass(frozen=True)
class Rule:
    """A relation between the fields of one object."""

    cel: str
    message: str
    field: str
    """Path below the object that an error points at, such as `.queue`; empty: the object."""
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Transition:
    """What an update must respect; only the API server knows the object before it."""

    cel: str
    message: str
    field: str = ""


@dataclass(frozen=True)
class Shape:
    """The form of a text, as a pattern that RE2 and Python read alike, and in words."""

    pattern: str
    hint: str

    def matches(self, text: str) -> bool:
        """Whether a text has the form."""
        return re.fullmatch(self.pattern, text) is not None

    def cel(self, name: str = "self") -> str:
        """The same question as CEL, asked of a variable."""
        return f"{name}.matches({cel_text(self.pattern)})"

    def validation(self) -> dict[str, str]:
        """The entry of x-kubernetes-validations; it shows what was found beside the hint."""
        shown = f"'found ' + self + {cel_text(f'; {self.hint}')}"
        return {"rule": self.cel(), "message": self.hint, "messageExpression": shown}

    def _checked(self, text: str) -> str:
        if not self.matches(text):
            raise refusal(f"found {text}; {self.hint}")
        return text

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # Not as `pattern`: the API server would answer with the expression beside the words.
        return {**handler(core), VALIDATIONS: [self.validation()]}


@dataclass(frozen=True)
class KeyedBy:
    """A list in which a field of the items (its Python name is its name) is there once."""

    key: str

    def _checked(self, items: list[Any]) -> list[Any]:
        keys = [str(getattr(item, self.key)) for item in items]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise refusal(f"lists {', '.join(twice)} more than once: keep one of each")
        return items

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}
        return {**handler(core), **keys}


@dataclass(frozen=True)
class EachKey:
    """A map in which every key keeps a rule: a CRD's schema has no types for keys."""

    cel: str
    """A question about the variable `key`."""
    message: str
    holds: Callable[[str], bool]

    def _checked(self, found: dict[str, Any]) -> dict[str, Any]:
        wrong = sorted(key for key in found if not self.holds(key))
        if wrong:
            raise refusal(f"found {', '.join(wrong)}; {self.message}")
        return found

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core)
        entry = {"rule": f"self.all(key, {self.cel})", "message": self.message}
        return {**schema, VALIDATIONS: [*schema.get(VALIDATIONS, []), entry]}


def rule(cel: str, message: str, *, field: str = "") -> Callable[[_Check], _Check]:
    """Mark a method as the Python side of a CEL rule; it returns whether the rule is kept."""

    def mark(check: _Check) -> _Check:
        check.__kompass_rule__ = Rule(cel, message, field, check)  # type: ignore[attr-defined]
        return check

    return mark


def rules_of(model: type) -> tuple[Rule, ...]:
    """The rules that a class declares or inherits, in the order they are written."""
    members: dict[str, object] = {}
    for ancestor in reversed(model.__mro__):
        members |= vars(ancestor)
    marked = (getattr(member, "__kompass_rule__", None) for member in members.values())
    return tuple(found for found in marked if isinstance(found, Rule))


def immutable(field: str, message: str, *, optional: bool = False) -> Transition:
    """A field that keeps the value it was created with; an optional one also its absence."""
    same = f"self.{field} == oldSelf.{field}"
    if optional:
        same = f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || {same})"
    return Transition(same, message, f".{field}")


def refusal(message: str) -> PydanticCustomError:
    """The error that pydantic reports with exactly this message."""
    return PydanticCustomError("kompass_rule", "{message}", {"message": message})


def rendered(found: Rule | Transition) -> dict[str, str]:
    """The rule as an entry of x-kubernetes-validations."""
    entry = {"rule": found.cel, "message": found.message}
    return entry | {"fieldPath": found.field} if found.field else entry


def cel_text(text: str) -> str:
    """A CEL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
