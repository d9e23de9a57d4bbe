"""Keys of a run's objects, below its folder. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kompass_api.rundocument import RUN_DOCUMENT_KEY

RUN_KEY: Final = RUN_DOCUMENT_KEY
PLAN_KEY: Final = "plan.json"
REPORT_FOLDER: Final = "report"
SAMPLES_KEY: Final = f"{REPORT_FOLDER}/samples.jsonl.zst"
REPORT_KEY: Final = f"{REPORT_FOLDER}/report.json"

_PART: Final = re.compile(r"shards/infer/(\d{5})/(\d{4})/part-(\d{5})\.jsonl\.zst")


class PartPlace(NamedTuple):
    """Where a part belongs."""

    shard: int
    attempt: int
    sequence: int


def shard_folder(shard: int) -> str:
    """Everything of a shard."""
    return f"shards/infer/{shard:05d}/"


def manifest_key(shard: int, repair: int = 0) -> str:
    """The mark of a finished shard; of one that filled a gap, the mark of that round."""
    suffix = f"-{repair:04d}" if repair else ""
    return f"{shard_folder(shard)}manifest{suffix}.json"


def attempt_folder(shard: int, attempt: int) -> str:
    """What one pod writes; no other writes there."""
    return f"{shard_folder(shard)}{attempt:04d}/"


def claim_key(shard: int, attempt: int) -> str:
    """Who has this key has the attempt."""
    return f"{attempt_folder(shard, attempt)}started.json"


def end_key(shard: int, attempt: int) -> str:
    """That the attempt failed by its own fault; an interrupted one leaves nothing."""
    return f"{attempt_folder(shard, attempt)}failed.json"


def environment_key(shard: int, attempt: int) -> str:
    """What the attempt ran on, once its model is loaded."""
    return f"{attempt_folder(shard, attempt)}environment.json"


def part_key(place: PartPlace) -> str:
    """A part of an attempt."""
    return f"{attempt_folder(place.shard, place.attempt)}part-{place.sequence:05d}.jsonl.zst"


def part_place(key: str) -> PartPlace | None:
    """Where a key's part belongs; None for other keys."""
    found = _PART.fullmatch(key)
    return PartPlace(*map(int, found.groups())) if found else None


def attempts_in(keys: list[str], shard: int) -> list[int]:
    """The attempts that have left anything, lowest first."""
    folder = shard_folder(shard)
    steps = {key.removeprefix(folder).partition("/")[0] for key in keys if key.startswith(folder)}
    return sorted(int(step) for step in steps if re.fullmatch(r"\d{4}", step))
