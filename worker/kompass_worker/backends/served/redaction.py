"""A server's words for people: without keys, on one line, nothing unseen, not too many. Pure."""

from __future__ import annotations

import re
from typing import Final

from kompass_worker.report.texts import visible

READ: Final = 64 * 1024
"""Characters of a server's words that are looked at."""
_SHOWN: Final = 300
"""Characters of them that are repeated."""
_LONGEST_FORM: Final = 40
"""Characters that one of a key may take."""
_UNCHANGED: Final = re.compile(r"[A-Za-z0-9._-]")
"""What no encoding changes."""
_SHORT: Final = {"\n": "n", "\r": "r", "\t": "t"}
_ENTITIES: Final = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_SIGNED: Final = r"(?<=authorization=)[^&\s\"'<>]+"
"""Spark's address has its key in base64."""


class Redactor:
    """The only way from a server's words to a message."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        # A file of a Secret may end in a line break, which a header does not have.
        held = sorted(filter(None, map(str.strip, secrets)), key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(_in_any_form, held), _SIGNED]))
        self._longest = max(map(len, held), default=0) * _LONGEST_FORM

    def words(self, raw: str) -> str:
        """What may be shown of them; keys are replaced first, so that no cut leaves half of one."""
        text = self._pattern.sub("[key]", raw[:READ])
        if len(raw) > READ:
            # A key may have been cut there.
            text = text[: max(0, len(text) - self._longest)]
        line = visible(re.sub(r"\s+", " ", text).strip()[: _SHOWN + 1])
        return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."

    def __repr__(self) -> str:
        return "Redactor(...)"


def _in_any_form(secret: str) -> str:
    """A pattern for the key as it is and as URLs, JSON and HTML write it."""
    return "".join(map(_character, re.sub(r"\\+", r"\\", secret)))


def _character(character: str) -> str:
    # Counts are bounded: a long run of backslashes must not take for ever.
    if _UNCHANGED.fullmatch(character):
        return re.escape(character)
    percent = "".join(f"%(?:25){{0,2}}{byte:02x}" for byte in character.encode("utf-8", "replace"))
    units = character.encode("utf-16-be", "replace").hex()
    unicode = "".join(rf"\\{{1,4}}u{units[i : i + 4]}" for i in range(0, len(units), 4))
    plain = rf"\\{{0,3}}{re.escape(character)}"
    if character == "\\":
        plain, percent = r"\\{1,64}", f"(?:{percent}){{1,64}}"
    code = ord(character)
    forms = [percent, unicode, rf"&\#x0{{0,6}}{code:x};", rf"&\#0{{0,6}}{code};"]
    forms += [rf"\\{{1,4}}{_SHORT[character]}"] if character in _SHORT else []
    forms += [f"&{_ENTITIES[character]};"] if character in _ENTITIES else []
    forms += [r"\+"] if character == " " else []
    return f"(?:{plain}|(?i:{'|'.join(forms)}))"
