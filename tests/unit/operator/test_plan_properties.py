"""What holds of `plan` and of whole runs, whatever happens."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from unit.operator.sights import NOW, a_job, a_run, accepted_status, decided, seen, shards_of
from unit.operator.world import (
    World,
    endpoint_manifest,
    failure_message,
    plan_message,
    report_message,
    run_manifest,
)

from kompass_api.conditions import ConditionType
from kompass_api.status import EvalRunStatus
from kompass_operator.actions import CreateJob
from kompass_operator.cluster import Unavailable
from kompass_operator.names import Stage
from kompass_operator.observed import JobState

STATES = st.lists(st.sampled_from("oucdq-"), min_size=1, max_size=12)
DONE = "c"


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

    @initialize(parallelism=st.integers(1, 3), late_endpoint=st.booleans())
    def apply(self, *, parallelism: int, late_endpoint: bool) -> None:
        self.widest = parallelism
        if not late_endpoint:
            self.world.apply(endpoint_manifest())
        self.world.apply(run_manifest(execution={"parallelism": parallelism}))
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
        messages = {"plan": plan_message(3), "summarize": report_message()}
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
            assert {one.type for one in conditions} == {kind.value for kind in ConditionType}

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

    def open_jobs(self) -> list[str]:
        return [
            place
            for place in self.world.jobs()
            if "conditions" not in self.world.job(place).get("status", {})
            and "deletionTimestamp" not in self.world.job(place)["metadata"]
        ]


TestTurmoil = Turmoil.TestCase
TestTurmoil.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
