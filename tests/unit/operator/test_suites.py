"""Suites against the cluster in memory: which runs there are, and what the suite says of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit.operator.world import NAMESPACE, START, World, endpoint_manifest

from kompass_api.evalsuite import EvalSuiteStatus
from kompass_operator.cluster import ClusterError, Invalid, QuotaExceeded
from kompass_operator.suites.reconciler import SuiteReconciler
from kompass_operator.suites.views import SuiteKey

KEY = SuiteKey(NAMESPACE, "suite")
MODELS = [{"name": "m"}, {"name": "n"}]
BENCHMARKS = [{"name": "ceval-gen"}, {"name": "ceval-ppl"}]


class Orchard:
    """A cluster in memory with a suite and whoever looks after it."""

    def __init__(self, **spec: Any) -> None:
        self.world = World()
        self.world.apply(
            endpoint_manifest(modelType="Base"), endpoint_manifest("n", modelType="Base")
        )
        self.cluster = self.world.cluster
        self.apply(**spec)
        self.restart()

    def restart(self) -> None:
        """Kill the operator and start another."""
        self.operator = SuiteReconciler(self.cluster, self.cluster, self.cluster, self.world.now)

    def apply(self, **spec: Any) -> None:
        """Apply the suite; what is named replaces parts of its spec or of its template."""
        held = self.cluster.objects.get(("EvalSuite", *KEY))
        template = {"models": MODELS, "benchmarks": BENCHMARKS, **spec.pop("template", {})}
        manifest = {"template": {"spec": template}, **spec}
        if held is None:
            meta = {"name": KEY.name, "namespace": KEY.namespace}
            api = "kompass.dev/v1alpha1"
            self.cluster.put(
                {"apiVersion": api, "kind": "EvalSuite", "metadata": meta, "spec": manifest}
            )
            return
        held["metadata"]["generation"] += 1
        self.cluster.change("EvalSuite", *KEY, spec=manifest)

    async def settle(self) -> None:
        """Passes until nothing changes any more."""
        for _ in range(5):
            before = json.dumps(list(self.cluster.objects.values()))
            await self.operator.reconcile(KEY)
            if json.dumps(list(self.cluster.objects.values())) == before:
                return
        message = "the suite does not come to rest"
        raise AssertionError(message)

    def runs(self) -> list[str]:
        """Names of the EvalRuns."""
        return sorted(name for kind, _, name in self.cluster.objects if kind == "EvalRun")

    def run(self, name: str) -> dict[str, Any]:
        """The spec of an EvalRun."""
        spec: dict[str, Any] = self.cluster.objects["EvalRun", NAMESPACE, name]["spec"]
        return spec

    def end(self, name: str, *, ready: bool = True, score: str = "50.00", model: str = "m") -> None:
        """An EvalRun ends."""
        verdict = "True" if ready else "False"
        conditions = [condition("Finished", "True"), condition("Ready", verdict)]
        if not ready:
            conditions.append(condition("Stalled", "True", "no gate for you"))
        headline = {"benchmark": "ceval", "model": model, "metric": "acc", "mode": "gen"}
        results = {
            "uri": "s3://r",
            "digest": "d",
            "headline": [{**headline, "value": score, "n": 9}],
        }
        status = {"conditions": conditions, "results": results}
        self.cluster.change("EvalRun", NAMESPACE, name, status=status)

    def status(self) -> EvalSuiteStatus:
        """The suite's status."""
        held = self.cluster.objects["EvalSuite", *KEY].get("status")
        return EvalSuiteStatus.model_validate(held or {})

    def condition(self, wanted: str) -> tuple[str, str]:
        """Status and reason of a condition."""
        held = next(one for one in self.status().conditions if one.type == wanted)
        return held.status.value, held.reason

    def message(self) -> str:
        """What Ready says."""
        return next(one for one in self.status().conditions if one.type == "Ready").message


def condition(about: str, status: str, message: str = "") -> dict[str, str]:
    """A condition of an EvalRun."""
    return {
        "type": about,
        "status": status,
        "reason": "Because",
        "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("per", "count", "shape"),
    [
        pytest.param("Suite", 1, (2, 2), id="one-run"),
        pytest.param("Model", 2, (1, 2), id="a-run-a-model"),
        pytest.param("Benchmark", 2, (2, 1), id="a-run-a-benchmark"),
        pytest.param("Pair", 4, (1, 1), id="a-run-a-pair"),
    ],
)
async def test_a_suite_makes_its_runs(per: str, count: int, shape: tuple[int, int]) -> None:
    orchard = Orchard(runPer=per)
    await orchard.settle()
    assert len(orchard.runs()) == count
    for name in orchard.runs():
        spec = orchard.run(name)
        assert name.startswith("suite-")
        assert len(name) == len("suite-") + 10
        assert (len(spec["models"]), len(spec["benchmarks"])) == shape
    assert orchard.condition("Reconciling") == ("True", "RunsActive")
    assert (orchard.status().runs.wanted, orchard.status().progress) == (count, f"0/{count}")


async def test_a_suite_is_ready_when_its_runs_are() -> None:
    orchard = Orchard()
    await orchard.settle()
    first, second = orchard.runs()
    orchard.end(first)
    await orchard.settle()
    assert orchard.condition("Ready") == ("False", "RunsActive")
    orchard.end(second)
    await orchard.settle()
    assert orchard.condition("Ready") == ("True", "RunsSucceeded")
    assert orchard.condition("Reconciling")[0] == "False"
    assert orchard.status().observed_generation == 1


async def test_a_run_that_failed_or_whose_gate_failed_stalls_the_suite() -> None:
    orchard = Orchard()
    await orchard.settle()
    orchard.end(orchard.runs()[0], ready=False)
    await orchard.settle()
    assert orchard.condition("Stalled") == ("True", "RunsFailed")
    assert f"{orchard.runs()[0]}: no gate for you" in orchard.message()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"template": {"execution": {"parallelism": 9}}}, id="how-it-runs"),
        pytest.param({"historyLimit": 3}, id="how-many-are-kept"),
        pytest.param({"template": {"seed": 0}}, id="a-default-written-out"),
    ],
)
async def test_a_file_that_measures_the_same_makes_no_new_run(change: dict[str, Any]) -> None:
    orchard = Orchard()
    await orchard.settle()
    before = orchard.runs()
    orchard.apply(**change)
    await orchard.settle()
    assert orchard.runs() == before
    assert orchard.status().observed_generation == 2


async def test_a_changed_file_makes_new_runs_and_removes_what_is_outdated() -> None:
    orchard = Orchard()
    await orchard.settle()
    before = orchard.runs()
    orchard.end(before[0])
    orchard.apply(template={"seed": 7})
    await orchard.settle()
    assert before[0] in orchard.runs(), "finished: kept as history"
    assert before[1] not in orchard.runs(), "unfinished and outdated"
    assert len(orchard.runs()) == 3
    assert orchard.status().runs.kept == 1


async def test_outdated_runs_may_finish() -> None:
    orchard = Orchard(whenChanged="Finish")
    await orchard.settle()
    before = orchard.runs()
    orchard.apply(whenChanged="Finish", template={"seed": 7})
    await orchard.settle()
    assert set(before) < set(orchard.runs())


async def test_only_what_changed_is_measured_again() -> None:
    orchard = Orchard(runPer="Model")
    await orchard.settle()
    before = orchard.runs()
    orchard.world.apply(endpoint_manifest("n", modelType="Base", source={"uri": "s3://models/n2"}))
    await orchard.settle()
    assert len(set(before) & set(orchard.runs())) == 1
    assert len(orchard.runs()) == 2


async def test_history_keeps_the_newest_finished_runs() -> None:
    orchard = Orchard(runPer="Suite", historyLimit=2)
    await orchard.settle()
    made: list[str] = []
    for seed in range(5):
        orchard.apply(runPer="Suite", historyLimit=2, template={"seed": seed})
        await orchard.settle()
        newest = next(name for name in orchard.runs() if name not in made)
        made.append(newest)
        orchard.end(newest)
        orchard.world.wait(60)
    await orchard.settle()
    assert orchard.runs() == sorted(made[-3:])


async def test_what_the_suite_names_is_waited_for() -> None:
    orchard = Orchard(template={"models": [{"name": "late"}]})
    await orchard.settle()
    assert orchard.runs() == []
    assert orchard.condition("Reconciling") == ("True", "EndpointNotFound")
    orchard.world.apply(endpoint_manifest("late", modelType="Base"))
    await orchard.settle()
    assert len(orchard.runs()) == 1


async def test_what_cannot_be_stalls_the_suite() -> None:
    orchard = Orchard()
    orchard.world.apply(endpoint_manifest("n", modelType="Chat"))
    await orchard.settle()
    assert orchard.condition("Stalled") == ("True", "InvalidSpec")
    assert "weighs plain text" in orchard.message()


async def test_a_name_that_somebody_else_has_is_told_and_not_taken() -> None:
    orchard = Orchard(runPer="Suite")
    await orchard.settle()
    name = orchard.runs()[0]
    body = orchard.cluster.objects["EvalRun", NAMESPACE, name]
    body["metadata"]["ownerReferences"] = []
    await orchard.settle()
    assert orchard.condition("Stalled") == ("True", "NameCollision")
    orchard.apply(runPer="Suite", template={"seed": 1})
    await orchard.settle()
    assert name in orchard.runs()


async def test_a_run_that_somebody_deleted_is_made_again() -> None:
    orchard = Orchard()
    await orchard.settle()
    before = orchard.runs()
    orchard.cluster.remove("EvalRun", NAMESPACE, before[0])
    await orchard.settle()
    assert orchard.runs() == before


async def test_a_suspended_suite_makes_nothing() -> None:
    orchard = Orchard(suspend=True)
    await orchard.settle()
    assert orchard.runs() == []
    assert orchard.condition("Suspended") == ("True", "UserSuspended")
    orchard.apply()
    await orchard.settle()
    assert len(orchard.runs()) == 2


async def test_gates_go_to_the_runs_that_they_concern() -> None:
    gates = [
        {"name": "one", "benchmark": "ceval-gen", "model": "m", "value": "1"},
        {"name": "all", "benchmark": "ceval-ppl", "value": "1"},
    ]
    orchard = Orchard(runPer="Pair", template={"gates": gates})
    await orchard.settle()
    held = {
        (spec["models"][0]["name"], spec["benchmarks"][0]["name"]): [
            gate["name"] for gate in spec.get("gates", [])
        ]
        for spec in map(orchard.run, orchard.runs())
    }
    assert held == {
        ("m", "ceval-gen"): ["one"],
        ("m", "ceval-ppl"): ["all"],
        ("n", "ceval-gen"): [],
        ("n", "ceval-ppl"): ["all"],
    }


async def test_the_best_model_of_each_row_is_told() -> None:
    orchard = Orchard()
    await orchard.settle()
    first, second = orchard.runs()
    orchard.end(first, score="61.54", model="m")
    orchard.end(second, score="9.00", model="n")
    await orchard.settle()
    best = orchard.status().best_of
    assert [(one.benchmark, one.model, one.value, one.run, one.of) for one in best] == [
        ("ceval", "m", "61.54", first, 2)
    ]


async def test_runs_are_owned_and_labelled() -> None:
    orchard = Orchard(runPer="Suite")
    await orchard.settle()
    meta = orchard.cluster.objects["EvalRun", NAMESPACE, orchard.runs()[0]]["metadata"]
    assert meta["labels"]["kompass.dev/suite"] == "suite"
    orchard.cluster.remove("EvalSuite", *KEY)
    assert orchard.runs() == [], "they go with the suite"
    await orchard.operator.reconcile(KEY)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(Invalid("spec.x: no"), ("True", "InvalidSpec"), id="refused"),
        pytest.param(QuotaExceeded("exceeded quota"), None, id="quota"),
    ],
)
async def test_a_run_that_the_server_does_not_take_is_told(
    error: ClusterError, expected: tuple[str, str] | None
) -> None:
    orchard = Orchard(runPer="Suite")

    def refuse(request: str) -> None:
        if request == "create EvalRun":
            raise error

    orchard.cluster.before_request = refuse
    outcome = await orchard.operator.reconcile(KEY)
    if expected is None:
        assert outcome.refused
    else:
        assert orchard.condition("Stalled") == expected


async def test_an_unreadable_suite_is_told_of() -> None:
    orchard = Orchard()
    orchard.cluster.change("EvalSuite", *KEY, spec={"template": {}})
    await orchard.operator.reconcile(KEY)
    assert orchard.condition("Stalled") == ("True", "InvalidSpec")
    assert "cannot read this EvalSuite" in orchard.message()


async def test_a_pass_changes_nothing_twice() -> None:
    orchard = Orchard()
    await orchard.settle()
    writes = dict(orchard.cluster.requests)
    await orchard.settle()
    orchard.restart()
    await orchard.settle()
    assert dict(orchard.cluster.requests) == writes


# ---- by the clock ------------------------------------------------------------------------------

NIGHTLY = {"cron": "30 2 * * *"}
TWO_THIRTY = datetime(2026, 1, 3, 2, 30, tzinfo=UTC)
MINUTE = int(TWO_THIRTY.timestamp()) // 60


def nightly(**schedule: Any) -> Orchard:
    """A suite of one run a night, applied at START (2 January, 03:04)."""
    return Orchard(runPer="Suite", schedule={**NIGHTLY, **schedule})


async def at(orchard: Orchard, moment: datetime) -> None:
    """Let it be that time, and let the operator look."""
    orchard.world.time = moment
    await orchard.settle()


async def test_a_scheduled_suite_waits_for_its_time() -> None:
    orchard = nightly()
    await orchard.settle()
    assert orchard.runs() == []
    assert orchard.condition("Ready") == ("True", "Scheduled")
    assert orchard.status().next_schedule_time == "2026-01-03T02:30:00Z"
    outcome = await orchard.operator.reconcile(KEY)
    assert outcome.again_seconds == (TWO_THIRTY - START).total_seconds()


async def test_its_runs_are_named_after_the_minute_and_measure_anew() -> None:
    orchard = nightly()
    await at(orchard, TWO_THIRTY + timedelta(seconds=3))
    name = f"suite-{MINUTE}"
    assert orchard.runs() == [name]
    assert orchard.run(name)["rerunToken"] == str(MINUTE)
    assert orchard.status().last_schedule_time == "2026-01-03T02:30:00Z"
    await at(orchard, TWO_THIRTY + timedelta(hours=3))
    assert orchard.runs() == [name]


async def test_several_runs_of_a_time_are_numbered() -> None:
    orchard = Orchard(runPer="Model", schedule=NIGHTLY)
    await at(orchard, TWO_THIRTY)
    assert orchard.runs() == [f"suite-{MINUTE}-0", f"suite-{MINUTE}-1"]


async def test_scenario_31_years_of_missed_times_start_one_set_of_runs() -> None:
    orchard = nightly(cron="* * * * *")
    await at(orchard, START + timedelta(days=2000))
    assert len(orchard.runs()) == 1


async def test_a_time_that_is_over_for_too_long_is_left_out() -> None:
    orchard = nightly(startingDeadlineSeconds=600)
    await at(orchard, TWO_THIRTY + timedelta(seconds=601))
    assert orchard.runs() == []
    assert orchard.status().last_schedule_time == "2026-01-03T02:30:00Z"
    await at(orchard, TWO_THIRTY + timedelta(days=1))
    assert len(orchard.runs()) == 1


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        pytest.param("Allow", [MINUTE, MINUTE + 1440], id="beside-each-other"),
        pytest.param("Forbid", [MINUTE], id="left-out"),
        pytest.param("Replace", [MINUTE + 1440], id="replaced"),
    ],
)
async def test_runs_of_the_last_time_that_are_still_under_way(policy: str, left: list[int]) -> None:
    orchard = nightly(concurrencyPolicy=policy)
    await at(orchard, TWO_THIRTY)
    await at(orchard, TWO_THIRTY + timedelta(days=1, minutes=1))
    assert orchard.runs() == [f"suite-{minute}" for minute in left]
    await at(orchard, TWO_THIRTY + timedelta(days=1, hours=5))
    assert orchard.runs() == [f"suite-{minute}" for minute in left], "not made up for later"


async def test_a_failed_night_is_told_until_the_next_one() -> None:
    orchard = nightly()
    await at(orchard, TWO_THIRTY)
    orchard.end(f"suite-{MINUTE}", ready=False)
    await orchard.settle()
    assert orchard.condition("Stalled") == ("True", "RunsFailed")
    await at(orchard, TWO_THIRTY + timedelta(days=1))
    assert orchard.condition("Ready") == ("True", "Scheduled")
    assert len(orchard.runs()) == 2


async def test_a_suspended_schedule_makes_up_for_the_last_time_when_it_goes_on() -> None:
    orchard = Orchard(runPer="Suite", schedule=NIGHTLY, suspend=True)
    await at(orchard, TWO_THIRTY + timedelta(days=3))
    assert orchard.runs() == []
    assert orchard.status().next_schedule_time is None
    orchard.apply(runPer="Suite", schedule=NIGHTLY)
    await orchard.settle()
    assert orchard.runs() == [f"suite-{MINUTE + 3 * 1440}"]


async def test_scenario_31_a_clock_that_was_wrong_does_not_stop_the_suite() -> None:
    orchard = nightly()
    await at(orchard, TWO_THIRTY + timedelta(days=400))
    orchard.end(orchard.runs()[0])
    await at(orchard, TWO_THIRTY + timedelta(hours=1))
    assert len(orchard.runs()) == 1
    await at(orchard, TWO_THIRTY + timedelta(days=1))
    assert f"suite-{MINUTE + 1440}" in orchard.runs()


async def test_an_operator_killed_at_any_request_makes_each_run_once() -> None:
    for fatal in range(1, 8):
        orchard = Orchard(runPer="Pair", schedule=NIGHTLY)
        await orchard.settle()
        orchard.world.time = TWO_THIRTY
        asked = 0

        def die(_request: str) -> None:
            nonlocal asked
            asked += 1
            if asked == fatal:  # noqa: B023  (called within the loop's turn)
                raise ConnectionError

        orchard.cluster.before_request = die
        for _ in range(3):
            try:
                await orchard.settle()
            except ConnectionError:
                orchard.restart()
        assert orchard.runs() == [f"suite-{MINUTE}-{index}" for index in range(4)]
        assert orchard.status().last_schedule_time == "2026-01-03T02:30:00Z"


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        pytest.param({"cron": "0 0 31 2 *"}, "is no time that comes", id="never"),
        pytest.param({"cron": "61 * * * *"}, "is no time that comes", id="no-such-minute"),
        pytest.param({"timeZone": "Mars/Base"}, "not in the time zone database", id="zone"),
    ],
)
async def test_a_schedule_that_never_comes_stalls_the_suite(
    schedule: dict[str, Any], words: str
) -> None:
    orchard = nightly(**schedule)
    await orchard.settle()
    assert orchard.condition("Stalled") == ("True", "InvalidSpec")
    assert words in orchard.message()
