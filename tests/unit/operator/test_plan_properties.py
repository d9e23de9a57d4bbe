"""What holds of `plan` and of whole runs, whatever happens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from unit.operator.sights import (
    NOW,
    a_job,
    a_run,
    accepted_status,
    decided,
    reading,
    seen,
    shards_of,
)
from unit.operator.world import (
    World,
    endpoint_manifest,
    failure_message,
    plan_message,
    report_message,
    run_manifest,
)

from kompass_api.conditions import ConditionType
from kompass_api.evalrun import EvalRun
from kompass_api.indexes import indexes_of
from kompass_api.status import EvalRunStatus
from kompass_operator.actions import CreateJob
from kompass_operator.cluster import Unavailable
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, JobState, Observed, PodFacts, PodReading
from kompass_operator.sizes import LIMIT, size_of

STATES = st.lists(st.sampled_from("oucdq-"), min_size=1, max_size=12)
DONE = "c"


@settings(deadline=None)
@given(states=STATES, parallelism=st.integers(1, 6), suspend=st.booleans())
def test_no_more_shards_are_open_than_may_run(
    states: list[str], *, parallelism: int, suspend: bool
) -> None:
    run = a_run(execution={"parallelism": parallelism, "suspend": suspend})
    plan_job = a_job(run, Stage.PLAN, state=JobState.COMPLETE)
    sight = seen(run, accepted_status(run, len(states)), plan_job, *shards_of(run, *states))
    creates = [one for one in decided(run, sight).actions if isinstance(one, CreateJob)]
    occupied = sum(state not in "c-" for state in states)
    shards = [one for one in creates if one.stage is Stage.SHARD]
    assert len(shards) <= max(0, parallelism - occupied)
    assert not (suspend and creates)
    assert (Stage.SUMMARIZE in {one.stage for one in creates}) == (
        not suspend and set(states) == {DONE}
    )


@settings(deadline=None)
@given(states=STATES, parallelism=st.integers(1, 6), later=st.integers(0, 29))
def test_what_was_decided_and_done_is_not_decided_again(
    states: list[str], *, parallelism: int, later: int
) -> None:
    run = a_run(execution={"parallelism": parallelism})
    plan_job = a_job(run, Stage.PLAN, state=JobState.COMPLETE)
    jobs = [plan_job, *shards_of(run, *states)]
    first = decided(run, seen(run, accepted_status(run, len(states)), *jobs))
    started = [
        a_job(run, one.stage, one.shard, created=NOW)
        for one in first.actions
        if isinstance(one, CreateJob)
    ]
    second = decided(run, seen(run, first.status, *jobs, *started), NOW + timedelta(seconds=later))
    assert not [one for one in second.actions if isinstance(one, CreateJob)]
    assert second.status == first.status


ENDS = st.sampled_from(
    [
        PodFacts(name="p", phase="Failed", exit_code=70),
        PodFacts(name="p", phase="Failed", exit_code=74),
        PodFacts(name="p", phase="Failed", exit_code=71, node="n"),
        PodFacts(name="p", phase="Failed", exit_code=78),
        PodFacts(name="p", phase="Failed", exit_code=137, container_reason="OOMKilled"),
        PodFacts(name="p", phase="Failed", pod_reason="Evicted", pod_message="disk" * 400),
        PodFacts(name="p", phase="Failed", exit_code=1, last_words="\u6f22" * 2000),
    ]
)
JOB_STATES = st.sampled_from(list(JobState))


@st.composite
def sights(draw: st.DrawFn) -> tuple[EvalRun, Observed]:
    """A run of a few shards in any state, with pods that ended in any way."""
    retry = {
        "maxFailedShards": draw(st.integers(0, 4)),
        "onExhausted": draw(st.sampled_from(["FailRun", "ReportPartial"])),
    }
    run = a_run(execution={"parallelism": 3}, retry=retry)
    count = draw(st.integers(1, 8))
    jobs = [a_job(run, Stage.PLAN, state=JobState.COMPLETE)]
    readings: dict[str, PodReading] = {}
    for index in range(count):
        pods = draw(st.lists(ENDS, max_size=4))
        named = tuple(replace(pod, name=f"p{index}-{at}") for at, pod in enumerate(pods))
        state = draw(JOB_STATES)
        job = a_job(run, Stage.SHARD, index, state=state, failed=len(pods))
        jobs.append(job)
        readings |= reading(job, *named)
    return run, seen(run, accepted_status(run, count), *jobs, readings=readings)


@given(sight=sights(), data=st.data())
def test_order_of_what_is_seen_does_not_matter(
    sight: tuple[EvalRun, Observed], data: st.DataObject
) -> None:
    run, first = sight
    shuffled = dict(data.draw(st.permutations(list(first.jobs.items()))))
    assert decided(run, replace(first, jobs=shuffled)) == decided(run, first)


@given(sight=sights())
def test_status_leads_to_itself(sight: tuple[EvalRun, Observed]) -> None:
    run, first = sight
    once = decided(run, first)
    again = decided(run, replace(first, status=once.status))
    if once.status.completion_time is None and not once.actions:
        assert again.status == once.status


@given(sight=sights())
def test_only_jobs_of_the_run_are_touched(sight: tuple[EvalRun, Observed]) -> None:
    run, first = sight
    stranger = JobFacts(
        name="theirs",
        uid="x",
        stage=Stage.SHARD,
        created=NOW,
        shard=0,
        turn=9,
        state=JobState.FAILED,
    )
    beside = replace(first, jobs={**first.jobs, stranger.name: stranger})
    assert decided(run, beside) == decided(run, first)


@given(sight=sights())
def test_two_shards_alike_in_what_no_retry_mends_start_nothing_more(
    sight: tuple[EvalRun, Observed],
) -> None:
    run, first = sight
    decision = decided(run, first)
    given_up = [one for one in decision.status.failures if one.failure == "ModelLoadFailed"]
    failed = indexes_of(decision.status.shards.failed_indexes)
    if len({one.shard for one in given_up} & failed) >= 2:
        creates = [one for one in decision.actions if isinstance(one, CreateJob)]
        assert all(one.stage is Stage.PARTIAL for one in creates)


def test_status_of_a_thousand_shards_stays_small() -> None:
    run = a_run(execution={"parallelism": 512}, retry={"maxFailedShards": 1000})
    status = accepted_status(run, 1000)
    every_other = "".join("cu"[index % 2] for index in range(1000))
    jobs = shards_of(run, *every_other)
    pod = PodFacts(name="p" * 60, node="n" * 60, phase="Failed", exit_code=1, last_words="x" * 900)
    readings: dict[str, PodReading] = {}
    for at, job in enumerate(jobs[1:40:2], 1):
        jobs[at * 2 - 1] = failed = replace(job, failed=1)
        readings |= reading(failed, replace(pod, name=f"{pod.name}-{at}"))
    decision = decided(run, seen(run, status, *jobs, readings=readings))
    assert len(decision.status.failures) >= 5
    assert decision.status.first_failure is not None
    assert decision.status.shards.succeeded == 500
    assert size_of(decision.status) <= LIMIT
    assert decided(run, seen(run, decision.status, *jobs, readings=readings)).status == (
        decision.status
    )


class Turmoil(RuleBasedStateMachine):
    """A run in a cluster where everything happens, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.last: EvalRunStatus | None = None
        self.widest = 1

    def teardown(self) -> None:
        self.loop.close()

    @initialize(
        parallelism=st.integers(1, 3),
        late_endpoint=st.booleans(),
        may_fail=st.integers(0, 2),
        on_exhausted=st.sampled_from(["FailRun", "ReportPartial"]),
    )
    def apply(
        self, *, parallelism: int, late_endpoint: bool, may_fail: int, on_exhausted: str
    ) -> None:
        self.widest = parallelism
        if not late_endpoint:
            self.world.apply(endpoint_manifest())
        retry = {"maxFailedShards": may_fail, "onExhausted": on_exhausted}
        self.world.apply(run_manifest(execution={"parallelism": parallelism}, retry=retry))
        self.settle()

    @rule()
    def settle(self) -> None:
        self.loop.run_until_complete(self.world.settle())

    @rule(fatal=st.integers(1, 4))
    def lose_the_server_for_a_moment(self, fatal: int) -> None:
        left = fatal

        def away(_request: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Unavailable("connection reset")

        self.world.cluster.before_request = away
        try:
            self.settle()
        except Unavailable:
            pass
        finally:
            self.world.cluster.before_request = lambda _request: None

    @rule()
    def restart_the_operator(self) -> None:
        self.world.restart()
        self.settle()

    @rule(seconds=st.sampled_from([1, 11, 61, 301]))
    def let_time_pass(self, seconds: int) -> None:
        self.world.wait(seconds)
        self.settle()

    @rule()
    def apply_the_endpoint(self) -> None:
        self.world.apply(endpoint_manifest())
        self.settle()

    @rule(suspend=st.booleans())
    def suspend_or_resume(self, *, suspend: bool) -> None:
        self.world.patch_execution(suspend=suspend)
        self.settle()

    @rule(parallelism=st.integers(1, 3))
    def change_parallelism(self, parallelism: int) -> None:
        self.widest = max(self.widest, parallelism)
        self.world.patch_execution(parallelism=parallelism)
        self.settle()

    @precondition(lambda self: self.open_jobs())
    @rule(data=st.data())
    def let_a_job_end_well(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.open_jobs()))
        messages = {
            "plan": plan_message(3),
            "summarize": report_message(),
            "partial": report_message(partial=True),
        }
        self.world.complete(place, messages.get(place, "{}"))
        self.settle()

    @precondition(lambda self: self.open_jobs())
    @rule(data=st.data(), code=st.sampled_from([69, 70, 74, 137, 143]))
    def let_a_pod_fail(self, data: st.DataObject, code: int) -> None:
        place = data.draw(st.sampled_from(self.open_jobs()))
        self.world.retry(place, code, failure_message("Internal", "a bug"))
        self.settle()

    @precondition(lambda self: self.open_jobs())
    @rule(data=st.data())
    def let_a_job_give_up(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.open_jobs()))
        self.world.fail(place, 65, failure_message("InvalidData", "row 3"))
        self.settle()

    @precondition(lambda self: self.open_shards())
    @rule(data=st.data())
    def let_a_shard_hang(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.open_shards()))
        self.world.give_up(place, "DeadlineExceeded", "too long")
        self.settle()

    @precondition(lambda self: self.open_shards())
    @rule(data=st.data())
    def let_a_device_break(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.open_shards()))
        self.world.fail(place, 71, failure_message("DeviceError", "ECC"))
        self.settle()

    @precondition(lambda self: "summarize" in self.open_jobs())
    @rule(shard=st.integers(0, 2))
    def let_the_proof_find_a_gap(self, shard: int) -> None:
        message = failure_message("IncompleteResults", "9 of 10", gaps=str(shard))
        self.world.fail("summarize", 65, message)
        self.settle()

    @precondition(lambda self: self.world.jobs())
    @rule(data=st.data())
    def delete_a_job(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.world.jobs()))
        meta = self.world.job(place)["metadata"]
        self.world.cluster.remove("Job", meta["namespace"], meta["name"])
        self.settle()

    @invariant()
    def one_of_three_holds(self) -> None:
        held = {one.type: one.status.value for one in self.world.status().conditions}
        if held:
            claims = (held["Finished"] == "False", held["Complete"], held["Failed"])
            assert [claim in (True, "True") for claim in claims].count(True) == 1

    @invariant()
    def every_type_is_told_for_the_newest_spec(self) -> None:
        conditions = self.world.status().conditions
        if conditions:
            # The run has no gates.
            told = {kind.value for kind in ConditionType} - {ConditionType.GATES_PASSED}
            assert {one.type for one in conditions} == told

    @invariant()
    def the_end_stays(self) -> None:
        status = self.world.status()
        if self.last is not None and self.last.completion_time is not None:
            kept = {"observed_generation", "conditions"}
            assert status.model_dump(exclude=kept) == self.last.model_dump(exclude=kept)
            ends = [(one.type, one.status, one.reason) for one in status.conditions]
            assert ends == [(one.type, one.status, one.reason) for one in self.last.conditions]
        self.last = status

    @invariant()
    def no_more_shards_are_open_than_may_run(self) -> None:
        assert sum(
            place.startswith("s") and place != "summarize" for place in self.open_jobs()
        ) <= (self.widest)

    @invariant()
    def no_shard_has_two_open_jobs(self) -> None:
        shards = [place.partition("-")[0] for place in self.open_shards()]
        assert len(shards) == len(set(shards))

    @invariant()
    def nothing_is_complete_that_has_a_gap_or_a_given_up_shard(self) -> None:
        status = self.world.status()
        if status.phase == "Succeeded":
            assert status.shards.succeeded == 3
            assert status.results is not None
            assert not status.results.partial

    @invariant()
    def status_stays_small(self) -> None:
        assert size_of(self.world.status()) <= LIMIT

    def open_jobs(self) -> list[str]:
        return self.world.open_jobs()

    def open_shards(self) -> list[str]:
        return [one for one in self.open_jobs() if one.startswith("s") and one != "summarize"]


TestTurmoil = Turmoil.TestCase
TestTurmoil.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
