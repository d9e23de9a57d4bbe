"""Attempts of a shard: each pod writes into a folder of its own and reads those of all others.

A pod that was believed dead can so do no harm: what it still writes are more answers to the same
questions, and the lowest attempt's answer counts.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kompass_api.results import Environment, Manifest
from kompass_api.rundocument import canonical_json
from kompass_worker.errors import InvalidData, RestartsExhausted
from kompass_worker.inference.layout import (
    attempts_in,
    claim_key,
    end_key,
    environment_key,
    manifest_key,
    part_place,
    shard_folder,
)
from kompass_worker.inference.parts import StoredPart, decode_part
from kompass_worker.store.protocol import AlreadyExists, ObjectMissing, ObjectStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShardFolder:
    """A shard's objects."""

    store: ObjectStore
    shard: int

    def claim(self, holder: str, *, job: str = "", max_restarts: int | None = None) -> int:
        """A new attempt for the holder, whose name must be its own.

        RestartsExhausted where attempts of the same Job were interrupted more often than may be.
        """
        keys = [entry.key for entry in self.store.entries(shard_folder(self.shard))]
        if job and max_restarts is not None:
            self._check_restarts(keys, job, max_restarts)
        attempt = max(attempts_in(keys, self.shard), default=-1) + 1
        content = canonical_json({"holder": holder, "job": job}).encode()
        while True:
            try:
                self.store.put_new(claim_key(self.shard, attempt), content)
            except AlreadyExists:
                attempt += 1
            else:
                return attempt

    def fail(self, attempt: int, failure: str) -> None:
        """Keep that the attempt ended by its own fault, so that it counts as no interruption."""
        self.store.put(end_key(self.shard, attempt), canonical_json({"failure": failure}).encode())

    def _check_restarts(self, keys: list[str], job: str, most: int) -> None:
        restarts = sum(
            self._job_of(attempt) == job
            for attempt in attempts_in(keys, self.shard)
            if end_key(self.shard, attempt) not in keys
        )
        if restarts > most:
            raise RestartsExhausted(
                f"shard {self.shard} was interrupted {restarts} times, and "
                f"spec.retry.maxInfraRestartsPerShard is {most}: raise it, or run on nodes that "
                "stay; everything answered is kept"
            )

    def _job_of(self, attempt: int) -> str:
        try:
            held = json.loads(self.store.get(claim_key(self.shard, attempt)))
        except ObjectMissing:
            return ""
        return str(held.get("job", ""))

    def parts(self) -> list[StoredPart]:
        """Every committed part, lowest attempt first."""
        entries = self.store.entries(shard_folder(self.shard))
        places = [(entry.key, part_place(entry.key)) for entry in entries]
        return [
            decode_part(key, place.attempt, self.store.get(key))
            for key, place in places
            if place is not None
        ]

    def sound_parts(self, planned: Mapping[str, str], repair: int) -> list[StoredPart]:
        """Parts that are whole, unchanged, and answer planned items (id to prompt hash) only."""
        vouched = {
            part.key: part.sha256
            for round_ in range(repair)
            if (manifest := self.manifest(round_)) is not None
            for part in manifest.parts
        }
        entries = self.store.entries(shard_folder(self.shard))
        places = [(entry.key, part_place(entry.key)) for entry in entries]
        read = [
            self._sound_part(key, place.attempt, planned, vouched)
            for key, place in places
            if place is not None
        ]
        return [part for part in read if part is not None]

    def _sound_part(
        self, key: str, attempt: int, planned: Mapping[str, str], vouched: Mapping[str, str]
    ) -> StoredPart | None:
        try:
            stored = decode_part(key, attempt, self.store.get(key))
        except (InvalidData, ObjectMissing) as error:
            logger.warning("part is left out", extra={"key": key, "reason": str(error)})
            return None
        fits = all(planned.get(one.item) == one.prompt_hash for one in stored.predictions)
        if fits and vouched.get(key, stored.part.sha256) == stored.part.sha256:
            return stored
        logger.warning("part is left out", extra={"key": key, "reason": "it has changed"})
        return None

    def manifest(self, repair: int = 0) -> Manifest | None:
        """The manifest, if the shard is finished; of a gap's round, if that is filled."""
        try:
            content = self.store.get(manifest_key(self.shard, repair))
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

    def finish(self, manifest: Manifest, repair: int = 0) -> bool:
        """Write the manifest; false where another attempt was first, and vouches for as much."""
        try:
            self.store.put_new(manifest_key(self.shard, repair), _encoded(manifest))
        except AlreadyExists:
            held = self.manifest(repair)
            if held is None or held.plan_digest != manifest.plan_digest:
                raise InvalidData(
                    f"shard {self.shard} was finished by another attempt for another plan"
                ) from None
            return False
        return True


def _encoded(document: Environment | Manifest) -> bytes:
    return canonical_json(document.model_dump(mode="json", by_alias=True)).encode()
