"""How long ago each watch was heard of. Knows no network: it is told, and told the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SILENT_SECONDS: Final = 180.0
"""A watch that nobody even tries to open again for so long is dead."""


@dataclass
class _Stream:
    resource: str
    namespace: str | None
    heard: float
    tried: float


class Freshness:
    """The streams, by what they watch and where."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._streams: dict[tuple[str, str | None], _Stream] = {}

    def tried(self, resource: str, namespace: str | None) -> None:
        """A listing or watch is asked for."""
        self._stream(resource, namespace).tried = self._clock()

    def answered(self, resource: str, namespace: str | None) -> None:
        """The API server answered it."""
        self._stream(resource, namespace).heard = self._clock()

    def event(self, resource: str, namespace: str) -> None:
        """A watch told of an object."""
        for stream in self._streams.values():
            if stream.resource == resource and stream.namespace in (None, namespace):
                stream.heard = self._clock()

    def ages(self) -> dict[str, float]:
        """Seconds since each kind was last heard of, by the oldest of its streams."""
        now = self._clock()
        ages: dict[str, float] = {}
        for stream in self._streams.values():
            ages[stream.resource] = max(ages.get(stream.resource, 0.0), now - stream.heard)
        return ages

    def illness(self) -> str | None:
        """Why the operator should be started anew, if it should.

        An API server that is away makes no watch ill: it is tried again and again.
        """
        now = self._clock()
        for stream in self._streams.values():
            quiet = now - max(stream.heard, stream.tried)
            if quiet > SILENT_SECONDS:
                return f"nothing was heard of the {stream.resource} for {quiet:.0f} s"
        return None

    def _stream(self, resource: str, namespace: str | None) -> _Stream:
        now = self._clock()
        key = (resource, namespace)
        return self._streams.setdefault(key, _Stream(resource, namespace, now, now))
