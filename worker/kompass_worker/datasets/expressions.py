"""JMESPath over rows, with functions for text.

Pure. An expression comes with a benchmark that anyone may write, so none may take forever: its
steps and what it makes are bounded, and its regular expressions have a deadline.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar, cast

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.functions import Functions, signature
from jmespath.visitor import TreeInterpreter

from kompass_api.resolution import nearest
from kompass_worker.datasets.sizes import Sizes
from kompass_worker.datasets.values import MAX_CHARACTERS, MAX_PARTS, check_value, kind_of, wrong_in
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.patterns import UnfitPattern, compiled

REGEX_SECONDS: Final = 1.0
"""For one search; a pattern without runaway backtracking takes microseconds."""
ROW_SECONDS: Final = 10.0
"""For all searches in a row or a document together."""

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHOWN: Final = 200
_TOO_LARGE: Final = f"a value with more than {MAX_CHARACTERS} characters or {MAX_PARTS} parts"
_MAX_STEPS: Final = 10 * MAX_PARTS
"""For one row, with the values that are made on the way; a million take about a second."""
_CHARACTERS_A_STEP: Final = 128
_MAKERS: Final = frozenset(
    {
        "filter_projection",
        "flatten",
        "function_expression",
        "multi_select_dict",
        "multi_select_list",
        "projection",
        "slice",
        "value_projection",
    }
)
"""Kinds of steps that make a value; the others choose one that is there."""
_TEXT: Final[Mapping[str, Sequence[str]]] = {"types": ["string"]}


_Types = Mapping[str, Sequence[str]]
_Function = TypeVar("_Function", bound=Callable[..., object])


def _takes(*arguments: _Types) -> Callable[[_Function], _Function]:
    """The types of a function's arguments, in jmespath's words."""
    return cast("Callable[[_Function], _Function]", signature(*arguments))


class _Unfit(ValueError):
    """A function cannot do what it was asked; the message says why."""


class _RowFunctions(Functions):  # type: ignore[misc]  # jmespath is not typed
    """JMESPath's functions and those of data.columns, for one row."""

    def __init__(self) -> None:
        self._searched = 0.0

    @_takes(_TEXT, _TEXT, _TEXT)
    def _func_replace(self, text: str, old: str, new: str) -> str:
        if not old:
            raise _Unfit("replace() has an empty second argument; expected the text to replace")
        # Never shorter than the true length, and known before the memory is asked for.
        _bounded(len(text) + text.count(old) * max(0, len(new) - len(old)))
        return text.replace(old, new)

    @_takes(_TEXT, _TEXT)
    def _func_split(self, text: str, by: str) -> list[str]:
        if not by:
            raise _Unfit("split() has an empty second argument; expected what stands between")
        if text.count(by) >= MAX_PARTS:
            raise _Unfit(f"split() gives {_TOO_LARGE}")
        return text.split(by)

    @_takes(_TEXT)
    def _func_strip(self, text: str) -> str:
        return text.strip()

    @_takes(_TEXT, _TEXT)
    def _func_regex(self, text: str, pattern: str) -> str | None:
        """The first group of the first match, or the match where there is none; null: no match."""
        began = time.monotonic()
        try:
            found = compiled(pattern).search(text, timeout=REGEX_SECONDS)
        except UnfitPattern as error:
            raise _Unfit(f"regex() has the pattern {pattern[:_SHOWN]!r}, which {error}") from error
        except TimeoutError as error:
            raise _Unfit(
                f"regex() with the pattern {pattern[:_SHOWN]!r} took over {REGEX_SECONDS:g} s: "
                "write it without repetitions in each other"
            ) from error
        self._searched += time.monotonic() - began
        if self._searched > ROW_SECONDS:
            raise _Unfit(f"regex() took over {ROW_SECONDS:g} s for one row: search in less")
        if found is None:
            return None
        return found.group(1) if found.re.groups else found.group()

    @_takes({"types": ["number", "string"]})
    def _func_letter(self, index: object) -> str:
        text = str(index)
        if not (text.isascii() and text.isdecimal() and int(text) < len(_LETTERS)):
            raise _Unfit(f"letter() of {text[:_SHOWN]!r}; expected a whole number from 0 to 25")
        return _LETTERS[int(text)]

    @_takes(_TEXT)
    def _func_boxed(self, text: str) -> str | None:
        r"""What stands in the last \boxed{} of a solution in LaTeX; null: nothing does."""
        _, mark, after = text.rpartition(r"\boxed")
        depth = 0
        for at, sign in enumerate(after if mark and after.startswith("{") else ""):
            depth += {"{": 1, "}": -1}.get(sign, 0)
            if depth == 0:
                return after[1:at]
        return None

    @_takes(_TEXT, {"types": ["array-string"]})
    def _func_join(self, separator: str, texts: list[str]) -> str:
        _bounded(sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)

    @_takes({"types": []})
    def _func_to_string(self, value: object) -> object:
        wrong = wrong_in(value)
        if wrong:
            raise _Unfit(f"to_string() got a value with {wrong}")
        return super()._func_to_string(value)


FUNCTIONS: Final = frozenset(_RowFunctions.FUNCTION_TABLE) - frozenset(Functions.FUNCTION_TABLE)
"""Names of the functions that are not JMESPath's own."""


class _Interpreter(TreeInterpreter):  # type: ignore[misc]  # jmespath is not typed
    """JMESPath's interpreter for one row, without steps and values that double and double again.

    `[@,@]` 40 times after another is a list of two in a list of two: small in memory, and 2^40
    values for whatever walks through it, such as `==`. So each value that is made has its size
    counted when it is made, and what is in it twice counts twice.
    """

    def __init__(self, fields: object) -> None:
        super().__init__(jmespath.Options(custom_functions=_RowFunctions()))
        self._fields = fields
        self._sizes = Sizes()
        self._steps = 0

    def visit(self, node: Mapping[str, Any], *args: object, **kwargs: object) -> object:
        found = super().visit(node, *args, **kwargs)
        self._steps += 1
        if node["type"] in _MAKERS and isinstance(found, (list, dict, str)):
            self._steps += len(found) // (_CHARACTERS_A_STEP if isinstance(found, str) else 1)
            share = self._sizes.of(found).share
            if share > 1 and share > self._allowed():
                raise _Unfit(f"gives {_TOO_LARGE}")
        if self._steps > _MAX_STEPS and self._steps > _MAX_STEPS * self._allowed():
            raise _Unfit(f"takes over {_MAX_STEPS} steps: it does too much at every value")
        return found

    def _allowed(self) -> float:
        """Times the bounds: a document may hold more than a field."""
        return 1 + self._sizes.of(self._fields).share


_FAILURES: Final = (ValueError, TypeError, ArithmeticError, RecursionError)
"""What comes out of jmespath besides its own errors, such as `1 in "text"` and a step of zero."""


@dataclass(frozen=True)
class Expression:
    """A JMESPath expression that was read, and where it was written."""

    text: str
    written_in: str
    """Such as data.where."""
    tree: Mapping[str, Any]

    @classmethod
    def of(cls, text: str, written_in: str) -> Self:
        """The expression, or InvalidRequest with what is wrong in it."""
        try:
            with warnings.catch_warnings():
                # An old form of literals, `text` for 'text', which jmespath will drop one day.
                warnings.simplefilter("error", PendingDeprecationWarning)
                tree = jmespath.compile(text).parsed
                called = sorted(set(_functions(tree)))
        except PendingDeprecationWarning as error:
            raise InvalidRequest(
                f"{written_in} is {text!r}: what stands between backquotes is no JSON; expected a "
                "number such as `4`: write a text in single quotes"
            ) from error
        except (JMESPathError, RecursionError) as error:
            reason = str(error).splitlines()[0].rstrip(":") if str(error) else "too long"
            raise InvalidRequest(
                f"{written_in} is {text!r}: {reason}; expected JMESPath"
            ) from error
        for name in called:
            if name not in _RowFunctions.FUNCTION_TABLE:
                raise InvalidRequest(
                    f"{written_in} is {text!r}: no function {name}()"
                    f"{nearest(name, _RowFunctions.FUNCTION_TABLE)}"
                )
        return cls(text, written_in, tree)

    def value(self, fields: object, place: str) -> object:
        """What the expression gives for a row."""
        found = self.part_of(fields, place)
        check_value(found, place, self.written_in)
        return found

    def part_of(self, document: object, place: str) -> object:
        """The same of a whole document, which may be as large as the document."""
        try:
            return _Interpreter(document).visit(self.tree, document)
        except _FAILURES as error:
            raise InvalidData(
                f"{place}: {self.written_in} {self.text!r}: {_reason(error)}{_has(document)}"
            ) from error

    def holds(self, fields: object, place: str) -> bool:
        """Whether it gives anything but false, null and emptiness."""
        found = self.value(fields, place)
        return found is not None and found is not False and found not in ("", [], {})


def _functions(node: Mapping[str, Any]) -> Iterator[str]:
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        # Some nodes of jmespath hold plain values among their children.
        if isinstance(child, dict):
            yield from _functions(child)


def _bounded(length: int) -> None:
    if length > MAX_CHARACTERS:
        raise _Unfit(f"gives {length} characters; expected at most {MAX_CHARACTERS}")


def _reason(error: Exception) -> str:
    if isinstance(error, JMESPathTypeError):
        expected = " or ".join(error.expected_types)
        return f"{error.function_name}() got {kind_of(error.current_value)}; expected {expected}"
    return str(error).splitlines()[0][:_SHOWN] if str(error) else type(error).__name__


def _has(fields: object) -> str:
    if not isinstance(fields, dict):
        return f" (found {kind_of(fields)})"
    shown = ", ".join(f"{name}: {kind_of(value)}" for name, value in list(fields.items())[:12])
    return f" (the row has {shown})"
