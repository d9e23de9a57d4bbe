"""What a run's profile does to prompts, quirk by quirk.

Pure. The quirks of `opencompass@...` are OpenCompass' own and change numbers; `kompass@1` has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from kompass_api.evalrun import Profile


@dataclass(frozen=True)
class Quirks:
    """Accidents of a profile's prompts."""

    fills_in_turn: bool = False
    """Columns are put in one after the other, so that a placeholder in a value is filled too, and
    finished examples are filled once more from the question's row."""
    bare_separators: bool = False
    """Between the example dialogues of a map of labels stand line breaks that nobody speaks."""
    empty_place_counts: bool = False
    """A place for examples that holds none still brings its line break."""
    sorts_labels: bool = False
    """Labels are compared in the order of their names, not as they are written."""
    user_speaks_for_system: bool = False
    """A SYSTEM turn becomes a user message where nothing else is said."""
    user_suffix_newline: bool = False
    """An empty SYSTEM turn ends every user message of a model that shards load."""
    counts_messages_as_one: bool = False
    """A chat is taken for as long as one user message with all its words, when examples are
    dropped; only where what is too long is cut, as it then may be."""
    whole_windows: bool = False
    """Bits per character leave out what is behind the last whole window."""
    text_without_continuation: bool = False
    """A context has as many tokens as the text without its continuation."""
    answer_marks: bool = False
    """`predRole` cuts predictions."""


_OPENCOMPASS: Final = Quirks(
    fills_in_turn=True,
    bare_separators=True,
    empty_place_counts=True,
    sorts_labels=True,
    user_speaks_for_system=True,
    whole_windows=True,
    text_without_continuation=True,
)

_QUIRKS: Final[Mapping[Profile, Quirks]] = {
    Profile.OPENCOMPASS_05: replace(
        _OPENCOMPASS, user_suffix_newline=True, counts_messages_as_one=True
    ),
    Profile.OPENCOMPASS_024: replace(_OPENCOMPASS, answer_marks=True),
    Profile.KOMPASS_1: Quirks(),
}


def quirks_of(profile: Profile) -> Quirks:
    """The profile's quirks."""
    return _QUIRKS[profile]
