"""What kubectl offers after Tab: it asks the program `kubectl_complete-evals` of the PATH."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from kompass_kubectl.kubectl import Cluster, KubectlFailed, Place, Program

NO_FILES: Final = ":4"
"""cobra's directive: what was printed is all there is."""
COMMANDS: Final = {
    "status": "Show runs, or everything about one",
    "watch": "Follow a run to its end",
    "logs": "Show the logs of a run's pods",
    "report": "Show a run's headline scores",
    "compare": "Put two runs' scores side by side",
    "rerun": "Evaluate a run anew",
    "cancel": "Stop a run and free its GPUs",
    "resume": "Go on with a run that was stopped",
}
_FLAGS: Final = {
    "status": ("--all-namespaces",),
    "logs": ("--follow", "--shard", "--stage", "--tail"),
    "report": ("--output",),
    "cancel": ("--delete",),
}
_VALUES: Final = {
    "--stage": ("plan", "shard", "summarize"),
    "--output": ("table", "json"),
    "-o": ("table", "json"),
}
_WITH_VALUE: Final = ("--namespace", "-n", "--context", "--kubeconfig")


def candidates(words: Sequence[str], names: Callable[[Place], Sequence[str]]) -> list[str]:
    """What may stand in place of the last of the words, which may be empty."""
    *before, last = words or [""]
    if before and before[-1] in _VALUES:
        return _starting(_VALUES[before[-1]], last)
    place, rest = _read(before)
    if not rest:
        known = [f"{name}\t{text}" for name, text in COMMANDS.items()]
        return _starting((*known, *(_WITH_VALUE if last.startswith("-") else ())), last)
    if last.startswith("-"):
        return _starting((*_FLAGS.get(rest[0], ()), "--help"), last)
    return _starting(names(place), last)


def main() -> None:
    """Entry point of kubectl_complete-evals."""
    try:
        found = candidates(sys.argv[1:], _names)
    except KubectlFailed:
        # Completion is no place to complain: there is nothing to offer.
        found = []
    print("\n".join([*found, NO_FILES]))


def _names(place: Place) -> list[str]:
    return [run.name for run in Cluster(Program(), place).runs()]


def _starting(known: Sequence[str], beginning: str) -> list[str]:
    return [word for word in known if word.startswith(beginning)]


def _read(words: Sequence[str]) -> tuple[Place, list[str]]:
    """Where to look, and the words that are neither flags nor their values."""
    given: dict[str, str] = {}
    rest: list[str] = []
    left = iter(words)
    for word in left:
        flag, equals, value = word.partition("=")
        if flag in _WITH_VALUE:
            given[flag] = value if equals else next(left, "")
        elif not word.startswith("-"):
            rest.append(word)
    return (
        Place(
            given.get("--namespace") or given.get("-n"),
            given.get("--context"),
            given.get("--kubeconfig"),
        ),
        rest,
    )
