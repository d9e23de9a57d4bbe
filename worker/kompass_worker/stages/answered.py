"""What the shards of a run have left: their answers, and what is wrong with them.

A shard's manifest vouches for its parts. Where a part is gone or has changed, or an item has no
answer, the manifest of a later round counts, which a shard writes that fills a gap. An end that is
not to wait for that takes every part that is sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kompass_api.plandocument import Plan, PlannedShard
from kompass_api.results import Environment, Manifest, Part, Timings
from kompass_worker.errors import InvalidData
from kompass_worker.inference.attempts import ShardFolder
from kompass_worker.inference.parts import StoredPart, checksum, decode_part
from kompass_worker.store.protocol import ObjectMissing, ObjectStore
from kompass_worker.summary import Answer

ROUNDS: Final = 8
"""Gaps that a shard may ever have filled; the operator stops long before."""


@dataclass(frozen=True)
class ShardResults:
    """A shard's manifest and parts."""

    shard: PlannedShard
    manifest: Manifest | None = None
    parts: tuple[StoredPart, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def answers(self) -> Iterator[Answer]:
        """Every line of every part."""
        for stored in self.parts:
            for prediction in stored.predictions:
                yield Answer(self.shard.model, stored.part.attempt, prediction)

    @property
    def is_whole(self) -> bool:
        """Whether every planned item has an answer, and nothing else is there."""
        rows = {(one.prediction.item, one.prediction.prompt_hash) for one in self.answers}
        return not self.troubles and rows == set(_hashes(self.shard).items())


def results_of(store: ObjectStore, plan: Plan, digest: str) -> list[ShardResults]:
    """What every shard has left, in the plan's order."""
    return [_results(store, shard, digest) for shard in plan.shards]


def salvaged(store: ObjectStore, found: Iterable[ShardResults], digest: str) -> list[ShardResults]:
    """The same, with every sound part of the shards that are not whole."""
    return [held if held.is_whole else _salvaged(store, held, digest) for held in found]


def _results(store: ObjectStore, shard: PlannedShard, digest: str) -> ShardResults:
    found = ShardResults(shard)
    for repair in range(ROUNDS):
        manifest = ShardFolder(store, shard.index).manifest(repair)
        if manifest is None:
            if repair:
                break
            continue
        if manifest.plan_digest != digest:
            raise InvalidData(f"shard {shard.index} answered another plan than {digest}")
        found = _vouched(store, shard, manifest)
        if found.is_whole:
            break
    return found


def _vouched(store: ObjectStore, shard: PlannedShard, manifest: Manifest) -> ShardResults:
    parts, troubles = [], []
    for part in manifest.parts:
        try:
            parts.append(_unchanged(store, shard, part))
        except (InvalidData, ObjectMissing) as error:
            troubles.append(str(error))
    return ShardResults(shard, manifest, tuple(parts), tuple(troubles))


def _unchanged(store: ObjectStore, shard: PlannedShard, part: Part) -> StoredPart:
    content = store.get(part.key)
    if checksum(content) != part.sha256:
        raise InvalidData(
            f"{store.uri}/{part.key} has changed since shard {shard.index} was finished: "
            f"SHA-256 {checksum(content)}, expected {part.sha256}"
        )
    return decode_part(part.key, part.attempt, content)


def _salvaged(store: ObjectStore, held: ShardResults, digest: str) -> ShardResults:
    folder = ShardFolder(store, held.shard.index)
    parts = folder.sound_parts(_hashes(held.shard), ROUNDS)
    if not parts:
        return ShardResults(held.shard)
    environment = folder.environment(stored.part.attempt for stored in parts)
    return ShardResults(
        held.shard, _provisional(held.shard, parts, environment, digest), tuple(parts)
    )


def _provisional(
    shard: PlannedShard, parts: list[StoredPart], environment: Environment, digest: str
) -> Manifest:
    """What a manifest of these parts would say; it is not stored, for the shard is not finished."""
    rows = [one.item for stored in parts for one in stored.predictions]
    return Manifest(
        shard=shard.index,
        model=shard.model,
        plan_digest=digest,
        parts=[stored.part for stored in parts],
        items=len(set(rows)),
        duplicates=len(rows) - len(set(rows)),
        environment=environment,
        timings=Timings(**dict.fromkeys(Timings.model_fields, 0.0)),
    )


def _hashes(shard: PlannedShard) -> dict[str, str]:
    return {item.id: item.prompt_hash for item in shard.items}
