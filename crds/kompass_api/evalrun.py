"""EvalRun: models x benchmarks, once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from kompass_api.data import SubjectName
from kompass_api.gates import MAX_GATES, Gate, GateMode
from kompass_api.notifications import MAX_NOTIFICATIONS, Notification
from kompass_api.placement import Placement
from kompass_api.podoverlay import PodMarks
from kompass_api.resources import (
    API_VERSION,
    DNS_LABEL,
    ApiModel,
    DnsLabel,
    DnsName,
    ObjectMeta,
    RuledModel,
)
from kompass_api.rules import KeyedBy, Shape, Transition, immutable, rule
from kompass_api.scoring import Table
from kompass_api.security import Security
from kompass_api.sources import Source, Storage, names_data
from kompass_api.status import EvalRunStatus

MAX_RUN_NAME: Final = 40
"""Children add up to 22 characters to a run's name, and a Job's name may have 63."""


class Profile(StrEnum):
    """Whose rules a score follows, quirk by quirk."""

    OPENCOMPASS_05 = "opencompass@0.5"
    """OpenCompass 0.5, as it is."""
    OPENCOMPASS_024 = "opencompass@0.2.4"
    """OpenCompass 0.2.4, as it was: no line break after a chat's user messages, `predRole` cuts."""
    KOMPASS_1 = "kompass@1"
    """What OpenCompass means, without its accidents; its numbers are not OpenCompass's."""


class Reuse(StrEnum):
    """Whether results of an earlier run that measured the same are taken."""

    ALWAYS = "Always"
    NEVER = "Never"


class ModelRef(ApiModel):
    """A model to evaluate."""

    name: Annotated[DnsLabel, Field(description="ModelEndpoint in the run's namespace.")]


class BenchmarkRef(RuledModel):
    """A benchmark to evaluate on."""

    name: Annotated[
        DnsLabel,
        Field(description="Benchmark object in the run's namespace, else a built-in one."),
    ]
    subjects: Annotated[
        list[SubjectName], Field(description="Only these subjects. Empty: all.", max_length=512)
    ] = []
    limit: Annotated[
        int | None,
        Field(description="Only the first so many rows of each subject.", ge=1, le=10_000_000),
    ] = None
    source: Annotated[
        Source | None, Field(description="Folder with the data, instead of the benchmark's own.")
    ] = None
    max_new_tokens: Annotated[
        int | None,
        Field(description="Tokens to generate, instead of the benchmark's own.", ge=1, le=131_072),
    ] = None

    @rule(
        "!has(self.source) || !self.source.uri.startsWith('hf://') || "
        "self.source.uri.startsWith('hf://datasets/')",
        "source.uri names a model: a data set on the hub is hf://datasets/owner/name",
        field=".source.uri",
    )
    def _source_is_data(self) -> bool:
        return self.source is None or names_data(self.source)


class Sharding(RuledModel):
    """How a model's items are cut into Jobs; at most one of the two."""

    shards_per_model: Annotated[
        int | None, Field(description="Shards for each model.", ge=1, le=512)
    ] = None
    max_items_per_shard: Annotated[
        int | None, Field(description="Items a shard may have.", ge=1, le=10_000_000)
    ] = None

    @rule(
        "!has(self.shardsPerModel) || !has(self.maxItemsPerShard)",
        "sharding takes shardsPerModel or maxItemsPerShard, not both: remove one",
    )
    def _one_way_to_shard(self) -> bool:
        return self.shards_per_model is None or self.max_items_per_shard is None


class Queue(ApiModel):
    """Kueue's labels for the Jobs."""

    name: Annotated[DnsLabel, Field(description="LocalQueue.")]
    priority_class: Annotated[DnsName | None, Field(description="WorkloadPriorityClass.")] = None


class OnNodeLost(StrEnum):
    """What becomes of a shard whose node no longer answers."""

    WAIT = "Wait"
    """Until the node is back, or somebody removes the pod."""
    REPLACE = "Replace"
    """Another Job takes over from the last committed part."""


class Execution(RuledModel):
    """How the run is carried out; may change while it runs, except a queue once it is set."""

    TRANSITIONS: ClassVar[tuple[Transition, ...]] = (
        Transition(
            "!has(self.deadlineSeconds) || (has(oldSelf.deadlineSeconds) && "
            "self.deadlineSeconds >= oldSelf.deadlineSeconds)",
            "deadlineSeconds may only grow: set a larger value, or remove it to have no deadline",
            ".deadlineSeconds",
        ),
        Transition(
            "!has(oldSelf.queue) || (has(self.queue) && self.queue == oldSelf.queue)",
            "queue cannot change once it is set: put it back, or make a new EvalRun",
            ".queue",
        ),
    )

    parallelism: Annotated[int, Field(description="Shards that run at a time.", ge=1, le=512)] = 4
    suspend: Annotated[
        bool, Field(description="Stop the shards after a checkpoint; false goes on from there.")
    ] = False
    deadline_seconds: Annotated[
        int | None,
        Field(description="Time the whole run may take. May only grow.", ge=60, le=31_536_000),
    ] = None
    shard_deadline_seconds: Annotated[
        int | None,
        Field(
            description="Time one Job of a shard may take; then it is stopped after a checkpoint "
            "and goes on as its next attempt.",
            ge=60,
            le=31_536_000,
        ),
    ] = None
    pending_deadline_seconds: Annotated[
        int | None,
        Field(
            description="Time a pod may wait for a node, image or quota before the run fails. "
            "Left out: for ever, but 15 minutes for a registry that does not answer.",
            ge=60,
            le=31_536_000,
        ),
    ] = None
    queue: Annotated[
        Queue | None, Field(description="Queue for the Jobs (Kueue). Cannot change once set.")
    ] = None
    on_node_lost: Annotated[
        OnNodeLost,
        Field(
            description="When a pod is still there five minutes after its node should have ended "
            "it: Replace goes on elsewhere from the last committed part, Wait leaves it to you."
        ),
    ] = OnNodeLost.REPLACE
    placement: Annotated[
        Placement,
        Field(
            description="Where the plan and summarize Jobs may run; shards run where their "
            "ModelEndpoint says."
        ),
    ] = Placement()
    pod: Annotated[PodMarks, Field(description="What every pod of the run has besides.")] = (
        PodMarks()
    )


class OnExhausted(StrEnum):
    """What becomes of a run that is given up."""

    FAIL_RUN = "FailRun"
    """It fails; what its shards answered stays in the storage."""
    REPORT_PARTIAL = "ReportPartial"
    """It fails too, with a report of what was answered that says what is missing."""


class Retry(ApiModel):
    """What is tried again, and what happens when that is used up."""

    max_attempts_per_shard: Annotated[
        int,
        Field(
            description="Attempts of a shard that may fail by their own fault, such as a bug, too "
            "little memory, or shardDeadlineSeconds.",
            ge=1,
            le=10,
        ),
    ] = 3
    max_infra_restarts_per_shard: Annotated[
        int,
        Field(
            description="Restarts of a shard for what is not its fault: drain, eviction, a lost "
            "node, a broken GPU, or storage, hub or model server away.",
            ge=0,
            le=100,
        ),
    ] = 10
    max_failed_shards: Annotated[
        int,
        Field(
            description="Shards that may be given up before the others are stopped. Two that fail "
            "for the same reason that no retry mends stop the others at once.",
            ge=0,
            le=8192,
        ),
    ] = 0
    on_exhausted: Annotated[
        OnExhausted, Field(description="What becomes of a run that is given up.")
    ] = OnExhausted.FAIL_RUN


class Cleanup(ApiModel):
    """What is removed after the end."""

    ttl_seconds_after_finished: Annotated[
        int | None,
        Field(
            description="Delete the Jobs and pods so long after the end. Left out: with the run. "
            "The run and its results stay.",
            ge=0,
            le=31_536_000,
        ),
    ] = None


def _frozen(field: str, *, optional: bool = False) -> Transition:
    message = f"spec.{field} cannot change: put it back, or make a new EvalRun with another name"
    return immutable(field, message, optional=optional)


class EvalRunSpec(RuledModel):
    """What to measure, which never changes, and how to carry it out, which may."""

    TRANSITIONS: ClassVar[tuple[Transition, ...]] = (
        _frozen("models"),
        _frozen("benchmarks"),
        _frozen("profile"),
        _frozen("seed"),
        _frozen("sharding"),
        _frozen("table"),
        _frozen("security"),
        _frozen("gates"),
        _frozen("storage", optional=True),
    )

    models: Annotated[
        list[ModelRef],
        Field(
            description="Models to evaluate.",
            min_length=1,
            max_length=16,
        ),
        KeyedBy("name"),
    ]
    benchmarks: Annotated[
        list[BenchmarkRef],
        Field(
            description="Benchmarks to evaluate on.",
            min_length=1,
            max_length=64,
        ),
        KeyedBy("name"),
    ]
    profile: Annotated[Profile, Field(description="Whose rules the scores follow.")] = (
        Profile.OPENCOMPASS_05
    )
    seed: Annotated[
        int, Field(description="Seed of everything random.", ge=0, le=2_147_483_647)
    ] = 0
    sharding: Annotated[
        Sharding, Field(description="How items are cut into Jobs. Empty: a shard a model.")
    ] = Sharding()
    table: Annotated[
        Table, Field(description="Rows of the report's table. Empty: all of them.")
    ] = Table()
    storage: Annotated[
        Storage | None,
        Field(description="Where results go. Left out: the operator's default storage."),
    ] = None
    gates: Annotated[
        list[Gate],
        Field(description="What the scores must be; GatesPassed tells.", max_length=MAX_GATES),
        KeyedBy("name"),
    ] = []
    gate_mode: Annotated[
        GateMode,
        Field(
            description="Gate holds what waits for the run: a failed gate makes Ready False and "
            "Stalled True. Record leaves Ready to the run alone."
        ),
    ] = GateMode.GATE
    reuse: Annotated[
        Reuse,
        Field(
            description="Always takes the finished results of a run of this namespace that "
            "measured the same, and starts no shard; Never measures in any case."
        ),
    ] = Reuse.ALWAYS
    rerun_token: Annotated[
        Annotated[
            str,
            Field(min_length=1, max_length=64),
            Shape(
                r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                "rerunToken has letters, digits, '.', '_', ':' and '-', such as 2026-11-21",
            ),
        ]
        | None,
        Field(
            description="Another value measures a finished run anew, as its next attempt; a value "
            "that was measured before finds those results."
        ),
    ] = None
    execution: Annotated[Execution, Field(description="How it is carried out.")] = Execution()
    security: Annotated[
        Security, Field(description="What the run's pods may do; an EvalPolicy may allow less.")
    ] = Security()
    retry: Annotated[Retry, Field(description="What is tried again.")] = Retry()
    cleanup: Annotated[Cleanup, Field(description="What is removed after the end.")] = Cleanup()
    notifications: Annotated[
        list[Notification],
        Field(description="Who is told of the end, at least once.", max_length=MAX_NOTIFICATIONS),
        KeyedBy("name"),
    ] = []


class EvalRun(RuledModel):
    """Models evaluated on benchmarks, once; the status says how far it is and what came of it."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["EvalRun"] = "EvalRun"
    metadata: ObjectMeta
    spec: EvalRunSpec
    status: EvalRunStatus | None = None

    @rule(
        f"size(self.metadata.name) <= {MAX_RUN_NAME} && {DNS_LABEL.cel('self.metadata.name')}",
        f"metadata.name of an EvalRun must be a DNS label of at most {MAX_RUN_NAME} characters "
        f"(the names of its Jobs begin with it): {DNS_LABEL.hint}",
        field=".metadata.name",
    )
    def _name_leaves_room_for_children(self) -> bool:
        return len(self.metadata.name) <= MAX_RUN_NAME and DNS_LABEL.matches(self.metadata.name)
