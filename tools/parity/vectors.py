"""What the peers did, small enough to keep: tests hold Kompass to it without the peers.

Pure but for reading tiny_mc, whose rows are the project's own and are kept as they are. Of other
sets there are only digests of prompts and tokens, and what tiny models wrote with what was read out
of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from parity.records import Item, Recording

OURS: Final = "tiny_mc"
_KEPT_ROWS: Final = 2
"""Rows of each subject whose texts are kept."""
_KEPT_ANSWERS: Final = 8
"""Answers of each subject that are kept, all different."""


def own_items(recording: Recording) -> dict[str, Any]:
    """Some items of the project's own rows, as they are, and every row of the table."""
    items = [
        item.model_dump(mode="json", exclude_defaults=True, exclude={"token_ids"})
        for item in recording.items
        if item.suite.endswith(f"/{OURS}") and int(item.item.rpartition("/")[2]) < _KEPT_ROWS
    ]
    rows = [
        row.model_dump(mode="json", exclude_defaults=True)
        for row in recording.rows
        if row.suite.endswith(f"/{OURS}")
    ]
    return {"items": items, "rows": rows}


def own_files(folder: Path) -> dict[str, str]:
    """The files that those items are made of: all examples, and the first questions."""
    lines = {
        path: path.read_text(encoding="utf-8").splitlines(keepends=True)
        for split in ("dev", "val")
        for path in sorted((folder / split).glob("*.csv"))
    }
    kept = {
        str(path.relative_to(folder)): "".join(
            some if path.parent.name == "dev" else some[: _KEPT_ROWS + 1]
        )
        for path, some in lines.items()
    }
    mapping = folder / "subject_mapping.json"
    return kept | {mapping.name: mapping.read_text(encoding="utf-8")}


def digests(recording: Recording) -> dict[str, dict[str, list[object]]]:
    """For each suite and subject: how many items, and digests of all their prompts and tokens."""
    found: dict[str, dict[str, list[Item]]] = {}
    for item in recording.items:
        subject = item.item.rpartition("/")[0]
        found.setdefault(item.suite, {}).setdefault(subject, []).append(item)
    return {
        suite: {
            subject: [
                len(items),
                digest([item.prompts for item in items]),
                digest([item.token_ids for item in items]),
            ]
            for subject, items in subjects.items()
        }
        for suite, subjects in found.items()
    }


def extractions(recordings: Iterable[Recording]) -> list[dict[str, str]]:
    """What was written and what was read out of it, a few of each suite and subject."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for recording in recordings:
        for item in recording.items:
            if item.generation is None or item.score is None:
                continue
            place = (item.suite.partition("/")[0], item.item.rpartition("/")[0])
            answers = found.setdefault(place, {})
            if len(answers) < _KEPT_ANSWERS:
                answers.setdefault(item.generation, item.extracted or "")
    return [
        {"benchmark": benchmark, "subject": subject, "generation": written, "extracted": read}
        for (benchmark, subject), answers in found.items()
        for written, read in answers.items()
    ]


def digest(value: Mapping[str, object] | Sequence[object]) -> str:
    """Sixteen digits over a JSON value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
