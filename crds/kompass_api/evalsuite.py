"""EvalSuite: models x benchmarks as EvalRuns, when the file changes or by the clock."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.evalrun import EvalRunSpec, Execution
from kompass_api.resources import (
    API_VERSION,
    DNS_LABEL,
    ApiModel,
    Count,
    ObjectMeta,
    ObservedGeneration,
    RuledModel,
)
from kompass_api.rules import KeyedBy, Shape, Transition, rule

MAX_SUITE_NAME: Final = 26
"""A run's name may have 40 characters: `-`, a minute of the clock and a number follow."""
MAX_RUNS: Final = 256
"""Runs that one suite makes at a time."""
MAX_BEST: Final = 50


class RunPer(StrEnum):
    """How models x benchmarks are cut into EvalRuns."""

    SUITE = "Suite"
    MODEL = "Model"
    BENCHMARK = "Benchmark"
    PAIR = "Pair"


class WhenChanged(StrEnum):
    """What becomes of unfinished runs of what the suite said before."""

    REPLACE = "Replace"
    FINISH = "Finish"


class ConcurrencyPolicy(StrEnum):
    """What happens when it is time and runs of the last time have not finished."""

    ALLOW = "Allow"
    FORBID = "Forbid"
    REPLACE = "Replace"


class TemplateExecution(Execution):
    """How the runs are carried out; a template may change in any way."""

    TRANSITIONS: ClassVar[tuple[Transition, ...]] = ()


class TemplateSpec(EvalRunSpec):
    """The spec of an EvalRun, for all models and benchmarks."""

    TRANSITIONS: ClassVar[tuple[Transition, ...]] = ()

    execution: Annotated[TemplateExecution, Field(description="How the runs are carried out.")] = (
        TemplateExecution()
    )


class RunTemplate(ApiModel):
    """What the runs are made from."""

    spec: Annotated[
        TemplateSpec,
        Field(description="Spec of an EvalRun with all models and benchmarks of the suite."),
    ]


class Schedule(ApiModel):
    """When to measure anew."""

    cron: Annotated[
        str,
        Field(
            description="Minute, hour, day of month, month and day of week, as in crontab.",
            max_length=128,
        ),
        Shape(
            r"^[^\s@]+( +[^\s@]+){4}$",
            "cron has five fields: minute, hour, day of month, month, day of week, such as "
            "30 2 * * MON-FRI",
        ),
    ]
    time_zone: Annotated[
        str,
        Field(description="Name in the time zone database, such as Asia/Shanghai.", max_length=64),
        Shape(
            r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
            "timeZone is a name of the time zone database, such as Asia/Shanghai",
        ),
    ] = "Etc/UTC"
    starting_deadline_seconds: Annotated[
        int | None,
        Field(
            description="How late runs may still begin, after the operator or the cluster was "
            "away. Left out: the last time that was missed is made up for, however late.",
            ge=10,
            le=31_536_000,
        ),
    ] = None
    concurrency_policy: Annotated[
        ConcurrencyPolicy,
        Field(
            description="Runs of the last time that have not finished: Allow runs beside them, "
            "Forbid leaves this time out, Replace deletes them."
        ),
    ] = ConcurrencyPolicy.FORBID


class EvalSuiteSpec(RuledModel):
    """Which runs there are to be."""

    template: Annotated[RunTemplate, Field(description="What the runs are made from.")]
    run_per: Annotated[
        RunPer,
        Field(
            description="An EvalRun for the whole Suite, for each Model, each Benchmark, or each "
            "Pair: what does not change is not measured again."
        ),
    ] = RunPer.MODEL
    schedule: Annotated[
        Schedule | None,
        Field(
            description="Measure by the clock. Left out: when this file, or a ModelEndpoint or "
            "Benchmark that it names, changes what is measured."
        ),
    ] = None
    suspend: Annotated[
        bool, Field(description="Make no more runs; those that there are go on.")
    ] = False
    when_changed: Annotated[
        WhenChanged,
        Field(
            description="Unfinished runs of what the suite said before: Replace deletes them, "
            "Finish lets them go on."
        ),
    ] = WhenChanged.REPLACE
    history_limit: Annotated[
        int,
        Field(
            description="Finished runs that are kept beside the newest ones; their results stay "
            "in storage in any case.",
            ge=0,
            le=100,
        ),
    ] = 10

    @rule(
        "self.runPer != 'Pair' || "
        f"size(self.template.spec.models) * size(self.template.spec.benchmarks) <= {MAX_RUNS}",
        f"runPer Pair makes more than {MAX_RUNS} runs: use Model or Benchmark, or two suites",
        field=".runPer",
    )
    def _not_too_many_runs(self) -> bool:
        spec = self.template.spec
        return (
            self.run_per is not RunPer.PAIR or len(spec.models) * len(spec.benchmarks) <= MAX_RUNS
        )


class SuiteRunCounts(ApiModel):
    """How far the runs are."""

    wanted: Annotated[Count, Field(description="Runs that the suite asks for now.")] = 0
    active: Annotated[Count, Field(description="Of these, not finished.")] = 0
    succeeded: Annotated[
        Count, Field(description="Of these, complete, with every gate passed.")
    ] = 0
    failed: Annotated[Count, Field(description="Of these, failed, or with a failed gate.")] = 0
    kept: Annotated[Count, Field(description="Earlier runs that still exist.")] = 0


class BestScore(ApiModel):
    """The best model at one row of the reports."""

    benchmark: Annotated[str, Field(description="Row of the reports.", max_length=253)]
    metric: Annotated[str, Field(description="Metric, such as accuracy.", max_length=63)]
    model: Annotated[str, Field(description="ModelEndpoint.", max_length=63)]
    value: Annotated[str, Field(description="Its score.", max_length=32)]
    run: Annotated[str, Field(description="EvalRun that measured it.", max_length=253)]
    of: Annotated[Count, Field(description="Models that were compared.")] = 0


class EvalSuiteStatus(ApiModel):
    """How far a suite is."""

    observed_generation: Annotated[
        ObservedGeneration, Field(description="Generation of the spec this status is about.")
    ] = 0
    conditions: Annotated[
        list[Condition],
        Field(description="Ready, Reconciling, Stalled and Suspended.", max_length=20),
        KeyedBy("type"),
    ] = []
    runs: Annotated[SuiteRunCounts, Field(description="How far the runs are.")] = SuiteRunCounts()
    progress: Annotated[
        str, Field(description="Runs finished of those wanted, such as 3/8.", max_length=32)
    ] = ""
    last_schedule_time: Annotated[
        str | None, Field(description="Time of the clock last acted on (UTC).", max_length=32)
    ] = None
    next_schedule_time: Annotated[
        str | None, Field(description="The time after that (UTC).", max_length=32)
    ] = None
    best_of: Annotated[
        list[BestScore],
        Field(description="The best model of each row, over the newest runs.", max_length=MAX_BEST),
    ] = []


class EvalSuite(RuledModel):
    """Models x benchmarks, measured when the file changes or by the clock; kept in Git."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["EvalSuite"] = "EvalSuite"
    metadata: ObjectMeta
    spec: EvalSuiteSpec
    status: EvalSuiteStatus | None = None

    @rule(
        f"size(self.metadata.name) <= {MAX_SUITE_NAME} && {DNS_LABEL.cel('self.metadata.name')}",
        f"metadata.name of an EvalSuite must be a DNS label of at most {MAX_SUITE_NAME} characters "
        f"(the names of its runs begin with it): {DNS_LABEL.hint}",
        field=".metadata.name",
    )
    def _name_leaves_room_for_runs(self) -> bool:
        return len(self.metadata.name) <= MAX_SUITE_NAME and DNS_LABEL.matches(self.metadata.name)
