"""Recorded lives of Jobs in a real Kueue: what Kompass reads in them, and what the double repeats.

No cluster is needed: the traces are files (shared/data/kueue/README.md).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from kueue_double import KueueDouble, workload_name
from unit.operator.queues import merged

from kompass_api.conditions import Reason
from kompass_operator.names import RUN_LABEL, RUN_UID_LABEL
from kompass_operator.queueing import standing_of, workload_facts

pytestmark = pytest.mark.shared

Object = dict[str, Any]
State = frozenset[tuple[str, str, str]]
"""Type, status and reason of every condition."""
OWN_BUSINESS = {"PodsReady", "DeactivationTarget"}
"""Conditions that follow pods or stand for an instant: they change nothing for a run."""


def recorded(shared: Path, trace: str, kind: str) -> list[Object]:
    """The states of an object, in order, until it is deleted."""
    lines = (shared / "data/kueue/traces" / f"{trace}.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    ends = next((at for at, event in enumerate(events) if event["event"] == "DELETED"), len(events))
    return [event["object"] for event in events[:ends] if event["object"]["kind"] == kind]


def states(workloads: Sequence[Object]) -> list[State]:
    """What the conditions say, one after the other."""
    found = [
        frozenset(
            (held["type"], held["status"], held["reason"])
            for held in workload.get("status", {}).get("conditions", [])
            if held["type"] not in OWN_BUSINESS
        )
        for workload in workloads
    ]
    return without_repetitions(found)


def without_repetitions(found: Sequence[Any]) -> list[Any]:
    """Each value that differs from the one before."""
    return [*found[:1], *(after for before, after in pairwise(found) if after != before)]


def readings(workloads: Sequence[Object]) -> Iterator[Reason]:
    """What Kompass reads in a Workload of one of its Jobs."""
    labels = {RUN_LABEL: "demo", RUN_UID_LABEL: "uid"}
    for workload in workloads:
        ours = copy.deepcopy(workload)
        ours["spec"]["podSets"][0]["template"]["metadata"]["labels"] |= labels
        facts = workload_facts(ours)
        assert facts is not None
        yield standing_of(facts).reason


WAITS, RUNS = Reason.WAITING_FOR_QUOTA, Reason.QUOTA_RESERVED
GIVEN_UP, EVICTED, PREEMPTED = Reason.WORKLOAD_DEACTIVATED, Reason.EVICTED, Reason.PREEMPTED


@pytest.mark.parametrize(
    ("trace", "reasons"),
    [
        pytest.param("admitted_finished", [WAITS, RUNS], id="admitted_finished"),
        pytest.param("pending_then_admitted", [WAITS, RUNS], id="pending_then_admitted"),
        pytest.param(
            "preempted_requeued_deactivated_reactivated",
            [WAITS, RUNS, PREEMPTED, RUNS, GIVEN_UP, EVICTED],
            id="preempted_requeued_deactivated_reactivated",
        ),
        pytest.param(
            "podsready_timeout_backoff_limit",
            [WAITS, RUNS, EVICTED, RUNS, GIVEN_UP],
            id="podsready_timeout_backoff_limit",
        ),
        pytest.param("max_exec_time", [WAITS, RUNS, GIVEN_UP], id="max_exec_time"),
        pytest.param(
            "local_queue_missing", [WAITS, Reason.QUEUE_NOT_FOUND], id="local_queue_missing"
        ),
    ],
)
def test_recorded_lives_are_read_for_what_they_are(
    shared: Path, trace: str, reasons: list[Reason]
) -> None:
    found = list(readings(recorded(shared, trace, "Workload")))
    assert without_repetitions(found) == reasons


@dataclass
class MemoryShelf:
    """One Job and its Workload; remembers every state."""

    held: dict[tuple[str, str], Object]
    states: list[Object] = field(default_factory=list)

    def get(self, kind: str, name: str) -> Object:
        return copy.deepcopy(self.held[kind, name])

    def create(self, manifest: Object) -> None:
        self._keep(manifest["kind"], manifest["metadata"]["name"], manifest)

    def patch(self, kind: str, name: str, patch: Object) -> None:
        self._keep(kind, name, merged(self.get(kind, name), patch))

    def patch_status(self, kind: str, name: str, patch: Object) -> None:
        self._keep(kind, name, merged(self.get(kind, name), {"status": patch}))

    def await_stop(self, job: str) -> None:
        self.patch_status("Job", job, {"active": None})

    def of(self, kind: str) -> list[Object]:
        return [state for state in self.states if state["kind"] == kind]

    def _keep(self, kind: str, name: str, manifest: Object) -> None:
        self.held[kind, name] = manifest
        self.states.append(copy.deepcopy(manifest))


QUOTA = (
    "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in "
    "flavor h100, 2 more needed"
)


def wait_then_run(kueue: KueueDouble, job: str) -> None:
    kueue.hold(job, QUOTA)
    kueue.admit(job)


def preempt_and_deactivate(kueue: KueueDouble, job: str) -> None:
    kueue.admit(job)
    kueue.preempt(job)
    kueue.hold(job, QUOTA)
    kueue.admit(job)
    kueue.deactivate(job)
    kueue.reactivate(job)


def time_out_twice(kueue: KueueDouble, job: str) -> None:
    kueue.admit(job)
    kueue.time_out(job)
    kueue.back_off(job)
    kueue.admit(job)
    kueue.deactivate(
        job, "RequeuingLimitExceeded", "exceeding the maximum number of re-queuing retries"
    )


def exceed_the_time(kueue: KueueDouble, job: str) -> None:
    kueue.admit(job)
    kueue.deactivate(job, "MaximumExecutionTimeExceeded", "exceeding the maximum execution time")


@pytest.mark.parametrize(
    ("trace", "play"),
    [
        pytest.param("pending_then_admitted", wait_then_run, id="pending_then_admitted"),
        pytest.param(
            "preempted_requeued_deactivated_reactivated",
            preempt_and_deactivate,
            id="preempted_requeued_deactivated_reactivated",
        ),
        pytest.param(
            "podsready_timeout_backoff_limit", time_out_twice, id="podsready_timeout_backoff_limit"
        ),
        pytest.param("max_exec_time", exceed_the_time, id="max_exec_time"),
        pytest.param(
            "local_queue_missing",
            lambda kueue, job: kueue.hold(job, "LocalQueue nope doesn't exist", "Inadmissible"),
            id="local_queue_missing",
        ),
    ],
)
def test_double_goes_through_the_states_that_kueue_went_through(
    shared: Path, trace: str, play: Callable[[KueueDouble, str], None]
) -> None:
    jobs = recorded(shared, trace, "Job")
    first, name = jobs[0], jobs[0]["metadata"]["name"]
    shelf = MemoryShelf({("Job", name): {**first, "status": {}}}, [first])
    kueue = KueueDouble(shelf)
    kueue.webhook(name)
    kueue.take(name)
    play(kueue, name)
    theirs = recorded(shared, trace, "Workload")
    assert theirs[0]["metadata"]["name"] == workload_name(first)
    assert states(shelf.of("Workload")) == states(theirs)
    assert _suspensions(shelf.of("Job")) == _suspensions(jobs)
    assert _finals(shelf.of("Workload")) == _finals(theirs)


def _suspensions(jobs: Sequence[Object]) -> list[bool]:
    return without_repetitions([bool(job["spec"].get("suspend")) for job in jobs])


def _finals(workloads: Sequence[Object]) -> tuple[object, bool]:
    last = workloads[-1]
    return last["spec"]["active"], "admission" in last.get("status", {})
