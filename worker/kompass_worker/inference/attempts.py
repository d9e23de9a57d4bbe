"""Attempts of a shard: each pod writes into a folder of its own and reads those of all others.

A pod that was believed dead can so do no harm: what it still writes are more answers to the same
questions, and the lowest attempt's answer counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kompass_api.results import Environment, Manifest
from kompass_api.rundocument import canonical_json
from kompass_worker.errors import InvalidData
from kompass_worker.inference.layout import (
    attempts_in,
    claim_key,
    environment_key,
    manifest_key,
    part_place,
    shard_folder,
)
from kompass_worker.inference.parts import StoredPart, decode_part
from kompass_worker.store.protocol import AlreadyExists, ObjectMissing, ObjectStore


@dataclass(frozen=True)
class ShardFolder:
    """A shard's objects."""

    store: ObjectStore
    shard: int

    def claim(self, holder: str) -> int:
        """A new attempt for the holder, whose name must be its own."""
        keys = [entry.key for entry in self.store.entries(shard_folder(self.shard))]
        attempt = max(attempts_in(keys, self.shard), default=-1) + 1
        content = canonical_json({"holder": holder}).encode()
        while True:
            try:
                self.store.put_new(claim_key(self.shard, attempt), content)
            except AlreadyExists:
                attempt += 1
            else:
                return attempt

    def parts(self) -> list[StoredPart]:
        """Every committed part, lowest attempt first."""
        entries = self.store.entries(shard_folder(self.shard))
        places = [(entry.key, part_place(entry.key)) for entry in entries]
        return [
            decode_part(key, place.attempt, self.store.get(key))
            for key, place in places
            if place is not None
        ]

    def manifest(self) -> Manifest | None:
        """The manifest, if the shard is finished."""
        try:
            content = self.store.get(manifest_key(self.shard))
        except ObjectMissing:
            return None
        return Manifest.model_validate_json(content)

    def put_environment(self, attempt: int, environment: Environment) -> None:
        """Keep what the attempt runs on, for whoever finishes the shard."""
        self.store.put_new(environment_key(self.shard, attempt), _encoded(environment))

    def environment(self, attempts: Iterable[int]) -> Environment:
        """What the first of these attempts ran on."""
        for attempt in sorted(set(attempts)):
            try:
                content = self.store.get(environment_key(self.shard, attempt))
            except ObjectMissing:
                continue
            return Environment.model_validate_json(content)
        raise InvalidData(f"shard {self.shard} has answers, but no attempt says what it ran on")

    def finish(self, manifest: Manifest) -> bool:
        """Write the manifest; false where another attempt was first, and vouches for as much."""
        try:
            self.store.put_new(manifest_key(self.shard), _encoded(manifest))
        except AlreadyExists:
            held = self.manifest()
            if held is None or held.plan_digest != manifest.plan_digest:
                raise InvalidData(
                    f"shard {self.shard} was finished by another attempt for another plan"
                ) from None
            return False
        return True


def _encoded(document: Environment | Manifest) -> bytes:
    return canonical_json(document.model_dump(mode="json", by_alias=True)).encode()
