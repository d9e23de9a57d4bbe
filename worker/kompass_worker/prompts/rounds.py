"""Turns as a meta template's rounds: who speaks in which, and who stands in for whom.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kompass_api.metatemplate import MetaRole, MetaTemplate
from kompass_api.prompts import Role
from kompass_worker.errors import InvalidRequest
from kompass_worker.prompts.templates import Line

_STANDS_IN: Final = Role.HUMAN
"""Who says what a role unknown to a model would say, where the prompt names nobody."""


@dataclass(frozen=True)
class Said:
    """A role of the meta template with what it says."""

    role: MetaRole
    words: str

    @property
    def text(self) -> str:
        """Its words with what stands around them."""
        return f"{self.role.begin}{self.words}{self.role.end}"


@dataclass(frozen=True)
class Cast:
    """The roles of a meta template."""

    meta: MetaTemplate

    @cached_property
    def roles(self) -> Mapping[Role, MetaRole]:
        """All roles, those of a round first."""
        return {held.role: held for held in (*self.meta.rounds, *self.meta.reserved_roles)}

    @cached_property
    def _order(self) -> Mapping[Role, int]:
        return {held.role: place for place, held in enumerate(self.meta.rounds)}

    def said(self, line: Line) -> Said:
        """A line that is said alone."""
        return Said(self.roles[self._speaker(line)], line.text)

    def rounds(self, lines: Sequence[Line]) -> list[list[Said]]:
        """The lines in rounds, every round with all roles of a round in their order."""
        return [self._complete(some) for some in self._split(lines)]

    def _complete(self, lines: Iterable[Line]) -> list[Said]:
        words = {self._speaker(line): line.text for line in lines}
        return [Said(role, words.get(role.role, role.prompt)) for role in self.meta.rounds]

    def _split(self, lines: Sequence[Line]) -> Iterator[list[Line]]:
        """The lines cut where a role does not come after the one before it in a round."""
        held: list[Line] = []
        last = -1
        for line in lines:
            place = self._place(line)
            if held and place <= last:
                yield held
                held = []
            held.append(line)
            last = place
        yield held

    def _place(self, line: Line) -> int:
        speaker = self._speaker(line)
        if speaker not in self._order:
            raise InvalidRequest(
                f"prompt.rounds has a turn of {line.role}, whom metaTemplate.reservedRoles of the "
                "model endpoint keeps out of rounds: move the turn to prompt.begin, or the role "
                "to metaTemplate.rounds"
            )
        return self._order[speaker]

    def _speaker(self, line: Line) -> Role:
        for role in (line.role, line.fallback or _STANDS_IN):
            if role in self.roles:
                return role
        raise InvalidRequest(
            f"the prompt has a turn of {line.role}, and metaTemplate of the model endpoint knows "
            f"neither this role nor {line.fallback or _STANDS_IN}: add one to its rounds or "
            "reservedRoles"
        )
