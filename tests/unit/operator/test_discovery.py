"""The operator begins to watch when every kind is served, and says what it waits for."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable

import kopf
import pytest

from kompass_api.resources import GROUP
from kompass_operator.cluster import Unavailable
from kompass_operator.discovery import WATCHED_KINDS, wait_for_kinds
from kompass_operator.handlers import register

ALL = sorted(WATCHED_KINDS)


def server(*answers: Iterable[str] | Exception) -> Callable[[], Awaitable[set[str]]]:
    """Answers one after the other; the test fails if it is asked once more."""
    left = iter(answers)

    async def served() -> set[str]:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return set(answer)

    return served


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param([[], ALL], [f"does not serve {', '.join(ALL)}"], id="no-crds-yet"),
        pytest.param([ALL[:1], ALL], [", ".join(ALL[1:])], id="one-of-them"),
        pytest.param([ALL[:2], ALL[:2], ALL], [ALL[2]], id="the-same-is-told-once"),
        pytest.param([Unavailable("refused"), ALL], ["refused"], id="server-is-away"),
        pytest.param([[*ALL, "others"]], [], id="all-there"),
    ],
)
async def test_waits_for_every_kind_and_says_which_is_missing(
    answers: list[Iterable[str] | Exception], said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    await wait_for_kinds(server(*answers), pause_seconds=0)
    assert len(caplog.messages) == len(said)
    for message, words in zip(caplog.messages, said, strict=True):
        assert words in message


class Anything:
    """Stands for whatever the events would be tied to."""

    def __getattr__(self, name: str) -> Anything:
        return self

    def __call__(self, *given: object, **named: object) -> Anything:
        return self


def test_every_kind_of_ours_that_is_watched_is_waited_for() -> None:
    registry = kopf.OperatorRegistry()
    tie: Callable[..., None] = register
    tie(registry, *(Anything() for _ in list(inspect.signature(register).parameters)[1:]))
    watched = registry._watching.get_all_selectors() | registry._indexing.get_all_selectors()
    assert {one.any_name or one.plural for one in watched if one.group == GROUP} <= WATCHED_KINDS
