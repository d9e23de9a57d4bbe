"""What the watches know of suites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from kompass_operator.suites.facts import RunFacts
from kompass_operator.views import Json


class SuiteKey(NamedTuple):
    """An EvalSuite's place."""

    namespace: str
    name: str


class SuiteWatches(Protocol):
    """What the watches hold."""

    def suite(self, key: SuiteKey) -> Json | None:
        """The EvalSuite, as last seen."""

    def suites(self) -> Iterable[SuiteKey]:
        """Every EvalSuite."""

    def runs_of(self, suite_uid: str) -> Iterable[RunFacts]:
        """The EvalRuns that a suite owns."""
