"""Rules and metrics by name: ours, and those of any installed package.

A function is registered under a name that never changes its meaning; a better one gets another
name or version. A package of your own adds one with an entry point:

```toml
[project.entry-points."kompass.extractors"]
roman_numeral = "my_package.answers:roman_numeral"

[project.entry-points."kompass.metrics"]
close_enough = "my_package.answers:close_enough"
```
```python
def roman_numeral(text: str, *, longest: int = 8) -> str: ...
def close_enough(answered: Answered, *, tolerance: float = 0.1) -> float: ...
```

Keyword-only parameters are the settings that `arguments` of a manifest may give, converted to their
annotated type; one without a default is required. A function that has nothing but settings makes
the rule or metric instead (it may then prepare and check them once, and refuse with
`InvalidRequest`). Both must be pure: no clock, no network, no memory of other answers. What a
function cannot judge it says by `raise CannotJudge("ReasonInCamelCase")`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from kompass_api.resolution import nearest
from kompass_worker.errors import InvalidRequest

Function = Callable[..., Any]

_TRUTHS: Final[Mapping[str, bool]] = {"true": True, "false": False}


@dataclass(frozen=True)
class Registry:
    """Functions by name; those of other packages are loaded when they are asked for."""

    kind: str
    """What they are, for a person."""
    group: str
    """Of the entry points."""
    own: Mapping[str, Function]
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names that are known and cannot be had, with the reason."""

    def names(self) -> list[str]:
        """Every name there is."""
        return sorted({*self.own, *(point.name for point in entry_points(group=self.group))})

    def bound(self, name: str, arguments: Mapping[str, str]) -> Any:
        """The function with its settings; says which names are near when there is none."""
        function = self._found(name)
        place = f"{self.kind} {name}"
        settings = _settings(function, arguments, place)
        if _only_settings(function):
            return function(**settings)
        return partial(function, **settings)

    def _found(self, name: str) -> Function:
        if name in self.refused:
            raise InvalidRequest(f"{self.kind} {name}: {self.refused[name]}")
        points = [point for point in entry_points(group=self.group) if point.name == name]
        if name in self.own:
            if points:
                raise InvalidRequest(
                    f"{self.kind} {name} is one of Kompass' own, and {_package(points[0])} brings "
                    "another: rename the one in the package"
                )
            return self.own[name]
        if not points:
            versions = sorted(known for known in self.names() if known.startswith(f"{name}@"))
            hint = f"; say which: {', '.join(versions)}" if versions else nearest(name, self.own)
            raise InvalidRequest(f"there is no {self.kind} {name!r}{hint}")
        if len(points) > 1:
            raise InvalidRequest(
                f"{self.kind} {name} is in more than one package "
                f"({', '.join(sorted(map(_package, points)))}): remove all but one"
            )
        return _loaded(points[0], self.kind)


def _package(point: EntryPoint) -> str:
    return f"package {point.dist.name}" if point.dist else f"entry point {point.value}"


def _loaded(point: EntryPoint, kind: str) -> Function:
    try:
        found = point.load()
    except (ImportError, AttributeError) as error:
        raise InvalidRequest(
            f"{kind} {point.name} of {_package(point)} cannot be loaded from {point.value}: {error}"
        ) from error
    if not callable(found):
        raise InvalidRequest(
            f"{kind} {point.name} of {_package(point)}: {point.value} is a "
            f"{type(found).__name__}; expected a function"
        )
    return found  # type: ignore[no-any-return]  # callable() does not say what it returns


def _only_settings(function: Function) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)


def _settings(function: Function, arguments: Mapping[str, str], place: str) -> dict[str, Any]:
    known = {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    for name in arguments:
        if name not in known:
            raise InvalidRequest(f"{place} has no argument {name!r}{nearest(name, known)}")
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in arguments:
            raise InvalidRequest(f"{place} needs the argument {name!r}: set it")
    hints = get_type_hints(function)
    return {
        name: _converted(text, hints.get(name, str), f"{place}, argument {name!r}")
        for name, text in arguments.items()
    }


def _converted(text: str, wanted: Any, place: str) -> Any:
    if wanted is str:
        return text
    if get_origin(wanted) is Literal:
        if text not in get_args(wanted):
            raise InvalidRequest(f"{place}: {text!r} is none of {', '.join(get_args(wanted))}")
        return text
    if wanted is bool:
        if text not in _TRUTHS:
            raise InvalidRequest(f"{place}: found {text!r}; write 'true' or 'false'")
        return _TRUTHS[text]
    if get_origin(wanted) is tuple:
        each = get_args(wanted)[0]
        return tuple(_converted(part.strip(), each, place) for part in text.split(","))
    if wanted in {int, float}:
        return _number(text, wanted, place)
    raise InvalidRequest(
        f"{place} is a {wanted}; a setting is a str, bool, int, float, Literal or tuple of these"
    )


def _number(text: str, wanted: type[int | float], place: str) -> int | float:
    try:
        return wanted(text)
    except ValueError as error:
        expected = "a whole number" if wanted is int else "a number"
        raise InvalidRequest(f"{place}: found {text!r}; expected {expected}") from error
