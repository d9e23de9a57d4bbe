"""An EvalRun as a person looks at it, read leniently: a newer operator may say more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Score:
    """One number of the report."""

    benchmark: str
    model: str
    metric: str
    value: str
    stderr: str = ""
    n: int = 0
    unscored: int = 0
    version: str = ""


@dataclass(frozen=True)
class Trouble:
    """An attempt that did not end well."""

    place: str
    kind: str
    message: str
    pod: str
    node: str
    time: str


@dataclass(frozen=True)
class Claim:
    """A condition."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True)
class Run:
    """What is shown of a run."""

    namespace: str
    name: str
    created: str
    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    phase: str
    progress: str
    shards: Mapping[str, int]
    planned: int
    done: int
    per_minute: int | None
    eta_seconds: int | None
    started: str
    ended: str
    score: str
    results: str
    scores: tuple[Score, ...]
    troubles: tuple[Trouble, ...]
    conditions: tuple[Claim, ...]

    @property
    def is_finished(self) -> bool:
        """Whether it has ended, well or not."""
        return self.holds("Finished")

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.holds("Succeeded")

    @property
    def why(self) -> Claim | None:
        """The condition that says most about the run as it is."""
        order = ("Succeeded",) if self.is_finished else ("Stalled", "Progressing", "Accepted")
        held = {claim.type: claim for claim in self.conditions}
        telling = [held[kind] for kind in order if kind in held and held[kind].message]
        if telling and telling[0].type == "Stalled" and telling[0].status != "True":
            telling = telling[1:]
        return telling[0] if telling else None

    def holds(self, kind: str) -> bool:
        """Whether a condition is True."""
        return any(claim.type == kind and claim.status == "True" for claim in self.conditions)


def read_run(body: Json) -> Run:
    """The run of an EvalRun's JSON."""
    meta, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    items, results = status.get("items") or {}, status.get("results") or {}
    return Run(
        namespace=meta.get("namespace", ""),
        name=meta["name"],
        created=meta.get("creationTimestamp", ""),
        models=tuple(one["name"] for one in spec.get("models", [])),
        benchmarks=tuple(one["name"] for one in spec.get("benchmarks", [])),
        phase=status.get("phase") or "Pending",
        progress=status.get("progress", ""),
        shards=status.get("shards") or {},
        planned=items.get("planned", 0),
        done=items.get("done", 0),
        per_minute=items.get("itemsPerMinute"),
        eta_seconds=items.get("etaSeconds"),
        started=status.get("startTime") or "",
        ended=status.get("completionTime") or "",
        score=status.get("score", ""),
        results=results.get("uri", ""),
        scores=tuple(_score(one) for one in results.get("headline", [])),
        troubles=tuple(_trouble(one) for one in status.get("failures", [])),
        conditions=tuple(_claim(one) for one in status.get("conditions", [])),
    )


def _score(held: Json) -> Score:
    return Score(
        benchmark=held["benchmark"],
        model=held["model"],
        metric=held["metric"],
        value=held["value"],
        stderr=held.get("stderr") or "",
        n=held.get("n", 0),
        unscored=held.get("unscored", 0),
        version=held.get("version", ""),
    )


def _trouble(held: Json) -> Trouble:
    shard = held.get("shard")
    return Trouble(
        place=f"shard {shard}" if shard is not None else held.get("stage", ""),
        kind=held.get("class", ""),
        message=held.get("message", ""),
        pod=held.get("pod", ""),
        node=held.get("node", ""),
        time=held.get("time", ""),
    )


def _claim(held: Json) -> Claim:
    return Claim(held["type"], held["status"], held.get("reason", ""), held.get("message", ""))
