"""The run document: the only thing a pod is told, frozen when a run is accepted."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Field

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.data import SubjectName
from kompass_api.evalrun import Profile, Sharding
from kompass_api.gates import GateMode, ResolvedGate
from kompass_api.managed import Managed
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.resources import ApiModel
from kompass_api.scoring import Table
from kompass_api.sources import S3Connection, Source

RUN_DOCUMENT_KEY = "run.json"
"""Key in the ConfigMap, file name in the pod, and object below the run's folder."""


INDEX_FOLDER = "by-hash"
"""Beside the folders of a namespace's runs: its finished runs by what they measured."""


class RunIdentity(ApiModel):
    """Which EvalRun this is."""

    namespace: str
    name: str
    uid: str
    attempt: int | None = None
    """From the second time on that spec.rerunToken asked for the run."""


class ResolvedModel(ApiModel):
    """A model as it stood when the run was accepted."""

    name: str
    spec: ModelEndpointSpec
    managed: Managed | None = None
    """The server that Kompass runs; the spec then says how it is asked, as of any other."""


class ResolvedBenchmark(ApiModel):
    """A benchmark as it stood when the run was accepted; a built-in one has no spec here."""

    name: str
    spec: BenchmarkSpec | None = None
    subjects: list[SubjectName] = []
    limit: int | None = None
    source: Source | None = None
    max_new_tokens: int | None = None

    @property
    def sources(self) -> list[Source]:
        """Everything that has to be fetched for the benchmark, as far as it is said here."""
        data = self.source or (self.spec.data.source if self.spec is not None else None)
        embedding = self.spec.examples.embedding if self.spec is not None else None
        return [held for held in (data, embedding) if held is not None]


class ResolvedStorage(ApiModel):
    """The folder of this run's objects: s3://bucket/prefix/namespace/name/uid or file:///folder."""

    uri: str
    s3: S3Connection = S3Connection()


class ResultsIndex(ApiModel):
    """Where finished runs of the namespace are found by what they measured."""

    uri: str
    """Folder of the entries, in the run's own storage; another namespace has another one."""
    run_hash: str
    """What this run measures (kompass_api.contenthash)."""
    look_up: bool = True
    """Whether results that are there already may be taken instead of measuring."""
    rerun_token: str | None = None
    """spec.rerunToken that the run answers."""


class RunDocument(ApiModel):
    """What is measured, and where its results go."""

    version: Literal["kompass.dev/run/v1"] = "kompass.dev/run/v1"
    run: RunIdentity
    profile: Profile = Profile.OPENCOMPASS_05
    seed: int = 0
    models: Annotated[list[ResolvedModel], Field(min_length=1, max_length=16)]
    benchmarks: Annotated[list[ResolvedBenchmark], Field(min_length=1, max_length=64)]
    sharding: Sharding = Sharding()
    table: Table = Table()
    storage: ResolvedStorage
    # Absent rather than defaulted: the document of an earlier release keeps its digest.
    index: ResultsIndex | None = None
    gates: list[ResolvedGate] | None = None
    gate_mode: GateMode | None = None
    """Of a run with gates; Gate otherwise."""

    @property
    def attempt(self) -> int:
        """Which attempt of the run this is, from 1."""
        return self.run.attempt or 1

    def encoded(self) -> str:
        """The document as canonical JSON: sorted keys, no spaces, nothing absent."""
        return canonical_json(self.model_dump(mode="json", by_alias=True, exclude_none=True))

    @property
    def digest(self) -> str:
        """`sha256:` of the canonical JSON."""
        return digest_of(self.encoded().encode())


def canonical_json(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8, no NaN."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest_of(content: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
