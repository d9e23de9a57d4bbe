"""What an EvalRun's status says; scores are strings, for Kubernetes objects hold no floats."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.gates import MAX_GATES, GateOutcome
from kompass_api.indexes import Indexes
from kompass_api.resources import ApiModel, Count, ObservedGeneration
from kompass_api.rules import KeyedBy


class ShardCounts(ApiModel):
    """How far the shards are."""

    total: Annotated[Count, Field(description="Shards in the plan.")] = 0
    queued: Annotated[Count, Field(description="Not started, or held by a queue.")] = 0
    running: Annotated[Count, Field(description="With an active Job.")] = 0
    succeeded: Annotated[Count, Field(description="Finished with a manifest.")] = 0
    failed: Annotated[Count, Field(description="Given up.")] = 0
    completed_indexes: Annotated[
        Indexes | None, Field(description="Shards with a manifest, such as 0-2,5.")
    ] = None
    failed_indexes: Annotated[Indexes | None, Field(description="Shards that were given up.")] = (
        None
    )
    started_indexes: Annotated[
        Indexes | None, Field(description="Shards whose Job was created; one that is gone is told.")
    ] = None
    replaced_indexes: Annotated[
        Indexes | None, Field(description="Shards whose Job was deleted by somebody and made anew.")
    ] = None


class ItemCounts(ApiModel):
    """What became of the planned items."""

    planned: Annotated[Count, Field(description="Items in the plan.")] = 0
    done: Annotated[
        Count,
        Field(description="Items with an answer, as far as the shards' pods tell while they run."),
    ] = 0
    items_per_minute: Annotated[
        Count | None, Field(description="How fast the running shards answer.")
    ] = None
    eta_seconds: Annotated[
        Count | None, Field(description="Seconds until the last answer, at this rate.")
    ] = None
    answered: Annotated[Count, Field(description="Items with exactly one answer.")] = 0
    missing: Annotated[
        Count, Field(description="Items without an answer, once a summary has counted them.")
    ] = 0
    unscored: Annotated[
        Count, Field(description="Answers that could not be judged; they leave the mean.")
    ] = 0


class HeadlineScore(ApiModel):
    """One number of the report."""

    benchmark: Annotated[str, Field(description="Row of the report's table.", max_length=253)]
    model: Annotated[str, Field(description="ModelEndpoint.", max_length=63)]
    metric: Annotated[str, Field(description="Metric, such as accuracy.", max_length=63)]
    mode: Annotated[str, Field(description="gen, ppl, ll or unknown.", max_length=16)]
    version: Annotated[
        str,
        Field(
            description="OpenCompass' six-digit version; compare numbers of the same one.",
            max_length=16,
        ),
    ] = "-"
    value: Annotated[str, Field(description="The score, in percent, two decimals.", max_length=32)]
    stderr: Annotated[
        str | None, Field(description="Its standard error; absent below two items.", max_length=32)
    ] = None
    n: Annotated[Count, Field(description="Items that count.")]
    unscored: Annotated[Count, Field(description="Items that could not be judged.")] = 0
    lower_is_better: Annotated[
        bool | None, Field(description="True where a lower value is the better one.")
    ] = None


class ReusedRun(ApiModel):
    """The run whose finished results were taken."""

    name: Annotated[str, Field(description="EvalRun that measured them.", max_length=253)]
    uid: Annotated[str, Field(description="Its UID.", max_length=64)]


class Results(ApiModel):
    """Where the report is, and its first numbers."""

    uri: Annotated[str, Field(description="Folder of the report.", max_length=1024)]
    digest: Annotated[str, Field(description="SHA-256 of report.json.", max_length=71)]
    partial: Annotated[
        bool, Field(description="Whether planned items are missing from the report.")
    ] = False
    missing: Annotated[
        list[Annotated[str, Field(max_length=256)]],
        Field(description="The first items without an answer.", max_length=5),
    ] = []
    headline: Annotated[
        list[HeadlineScore],
        Field(description="Groups first, then benchmarks.", max_length=20),
    ] = []
    reused_from: Annotated[
        ReusedRun | None,
        Field(description="Run that measured them, where this one found them finished."),
    ] = None


class PastAttempt(ApiModel):
    """What came of an earlier attempt of the run."""

    attempt: Annotated[Count, Field(description="Which one, from 1.")]
    rerun_token: Annotated[
        str | None, Field(description="spec.rerunToken it was made for.", max_length=64)
    ] = None
    outcome: Annotated[str, Field(description="Succeeded or Failed.", max_length=32)]
    reason: Annotated[str, Field(description="Why, in one word.", max_length=64)] = ""
    score: Annotated[str, Field(description="First number of its report.", max_length=64)] = ""
    results_uri: Annotated[str, Field(description="Folder of its report.", max_length=1024)] = ""
    start_time: Annotated[
        str | None, Field(description="When it was accepted (UTC).", max_length=32)
    ] = None
    completion_time: Annotated[
        str | None, Field(description="When it finished (UTC).", max_length=32)
    ] = None


class Failure(ApiModel):
    """One pod or Job that did not end well."""

    stage: Annotated[str, Field(description="plan, shard or summarize.", max_length=16)]
    shard: Annotated[Count | None, Field(description="Shard index.")] = None
    attempt: Annotated[
        Count, Field(description="Which attempt it was, from 1; 0 where no pod ran.")
    ] = 0
    failure: Annotated[str, Field(alias="class", description="Kind of failure.", max_length=64)]
    exit_code: Annotated[
        Annotated[int, Field(ge=-2_147_483_648, le=2_147_483_647)] | None,
        Field(description="Exit status of the container."),
    ] = None
    message: Annotated[str, Field(description="What, where, what to do.", max_length=512)] = ""
    pod: Annotated[str, Field(description="Pod name.", max_length=253)] = ""
    node: Annotated[str, Field(description="Node it ran on.", max_length=253)] = ""
    log: Annotated[
        str, Field(description="Command that shows its log or events.", max_length=640)
    ] = ""
    time: Annotated[str, Field(description="When it ended (UTC).", max_length=32)] = ""


class Gap(ApiModel):
    """Items that the proof of completeness did not find, and the shards that answer them again."""

    round: Annotated[Count, Field(description="How often a gap was found.")]
    shards: Annotated[Indexes, Field(description="Shards that are dispatched again for it.")]


class GivenUp(ApiModel):
    """Why a run was given up, while its partial report is made."""

    reason: Annotated[str, Field(description="Reason that Failed will have.", max_length=64)]
    message: Annotated[str, Field(description="Message that Failed will have.", max_length=1024)]
    time: Annotated[str, Field(description="When it was given up (UTC).", max_length=32)]


class ToldNotification(ApiModel):
    """What came of a notification."""

    name: Annotated[str, Field(description="Name in spec.notifications.", max_length=63)]
    sent: Annotated[bool, Field(description="Whether the service took it.")]
    message: Annotated[str, Field(description="Why not.", max_length=256)] = ""


class PlannedModel(ApiModel):
    """A model's part of the plan; shard indices follow the models' order."""

    name: Annotated[str, Field(description="ModelEndpoint.", max_length=63)]
    shards: Annotated[Count, Field(description="Number of shards.")]


class EvalRunStatus(ApiModel):
    """How far a run is and what came of it."""

    observed_generation: Annotated[
        ObservedGeneration, Field(description="Generation of the spec this status is about.")
    ] = 0
    phase: Annotated[
        str, Field(description="For the eye; programs read the conditions.", max_length=32)
    ] = ""
    conditions: Annotated[
        list[Condition],
        Field(
            description="Finished=True ends every run; Succeeded says how.",
            max_length=20,
        ),
        KeyedBy("type"),
    ] = []
    run_hash: Annotated[
        str | None,
        Field(description="SHA-256 over everything the run measures.", max_length=71),
    ] = None
    attempt: Annotated[
        Annotated[int, Field(ge=1, le=2_147_483_647)],
        Field(description="1, and one more each time spec.rerunToken changes after the end."),
    ] = 1
    rerun_token: Annotated[
        str | None, Field(description="spec.rerunToken that this attempt is for.", max_length=64)
    ] = None
    history: Annotated[
        list[PastAttempt], Field(description="Earlier attempts, newest first.", max_length=5)
    ] = []
    start_time: Annotated[
        str | None, Field(description="When it was accepted (UTC).", max_length=32)
    ] = None
    completion_time: Annotated[
        str | None, Field(description="When it finished, well or not (UTC).", max_length=32)
    ] = None
    last_progress_time: Annotated[
        str | None,
        Field(
            description="When items were last seen to move (UTC, within a minute).", max_length=32
        ),
    ] = None
    plan_digest: Annotated[
        str | None, Field(description="SHA-256 of plan.json.", max_length=71)
    ] = None
    models: Annotated[
        list[PlannedModel],
        Field(description="Shards of each model, in shard order.", max_length=16),
    ] = []
    shards: Annotated[ShardCounts, Field(description="How far the shards are.")] = ShardCounts()
    progress: Annotated[
        str, Field(description="Shards finished of all, such as 3/8.", max_length=32)
    ] = ""
    items: Annotated[ItemCounts, Field(description="What became of the items.")] = ItemCounts()
    score: Annotated[str, Field(description="First number of the report.", max_length=64)] = ""
    results: Annotated[Results | None, Field(description="The report, once it exists.")] = None
    gap: Annotated[Gap | None, Field(description="The last gap that was dispatched again.")] = None
    given_up: Annotated[
        GivenUp | None, Field(description="Why the run ends, while a partial report is made.")
    ] = None
    notifications: Annotated[
        list[ToldNotification],
        Field(description="Who was told of the end.", max_length=8),
        KeyedBy("name"),
    ] = []
    gates: Annotated[
        list[GateOutcome], Field(description="What came of spec.gates.", max_length=MAX_GATES)
    ] = []
    failures: Annotated[
        list[Failure], Field(description="The ten newest, newest first.", max_length=10)
    ] = []
    first_failure: Annotated[
        Failure | None, Field(description="The first one of all; it is never dropped.")
    ] = None
