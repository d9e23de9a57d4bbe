"""What the words of a status mean, for docs/reference.md; a test keeps the lists complete. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kompass_api.conditions import ConditionType, Reason
from kompass_api.outcomes import ExitCode, FailureClass

CONDITIONS: Final[Mapping[ConditionType, str]] = {
    ConditionType.ACCEPTED: "The run can work: what it names exists, and its document is frozen.",
    ConditionType.ADMITTED: "Queue and quota let at least one Job run. True without a queue.",
    ConditionType.PROGRESSING: "Something moves: a plan, shards or a summary.",
    ConditionType.SUSPENDED: "`spec.execution.suspend` holds the run.",
    ConditionType.SHARDS_SUCCEEDED: "Every shard has its manifest. Unknown while shards run.",
    ConditionType.RESULTS_AVAILABLE: "The report exists; `status.results.uri` says where.",
    ConditionType.GATES_PASSED: "Whether the scores are what `spec.gates` asks; only of runs that "
    "have gates.",
    ConditionType.SUCCEEDED: "How the run ended. Unknown until it did.",
    ConditionType.COMPLETE: "The run ended well.",
    ConditionType.FAILED: "The run ended, and not well; reason and message say why.",
    ConditionType.FINISHED: "The run ended, either way. The one to wait for.",
    ConditionType.READY: "As Complete, for tools that read kstatus (Flux, Argo CD, kpt); False "
    "too where a gate failed and `spec.gateMode` is Gate.",
    ConditionType.RECONCILING: "The operator is not done with the run (kstatus).",
    ConditionType.STALLED: "The run ended badly, a gate failed, or a person is needed (kstatus).",
}

REASONS: Final[Mapping[Reason, str]] = {
    Reason.ACCEPTED: "The run can work.",
    Reason.WAITING_FOR_REFERENCES: "Something it names does not exist yet. Waits five minutes.",
    Reason.INVALID_SPEC: "The run asks for what cannot be; the message names the field.",
    Reason.ENDPOINT_NOT_FOUND: "No such ModelEndpoint. Apply it, or mend `spec.models`.",
    Reason.BENCHMARK_NOT_FOUND: "Neither a Benchmark object nor built in. Mend the name.",
    Reason.SUBJECT_NOT_FOUND: "The benchmark has no such subject. Mend `subjects`.",
    Reason.SECRET_MISSING: "A Secret, or a key of it, does not exist. Create it.",
    Reason.STORAGE_MISSING: "Neither the run nor the operator names a storage.",
    Reason.NAME_COLLISION: "An object of that name belongs to somebody else. Rename the run.",
    Reason.POLICY_DENIED: "An EvalPolicy forbids it; the message names policy and rule. A run that "
    "has begun finishes its shards and waits for the policy to allow it again.",
    Reason.NETWORK_UNENFORCED: "`spec.security.network` asks for less than Online, and the "
    "operator may write no NetworkPolicies. Set `networkPolicies.enabled` in the chart.",
    Reason.PENDING: "Nothing has begun.",
    Reason.PLANNING: "The plan Job runs.",
    Reason.SHARDS_RUNNING: "Shards run.",
    Reason.SUMMARIZING: "The summarize Job runs.",
    Reason.WAITING: "Jobs exist, and no pod of them runs yet.",
    Reason.NO_PROGRESS: "Shards run and have answered nothing for half an hour. See their logs.",
    Reason.UNSCHEDULABLE: "No node has room for a pod now. The run waits.",
    Reason.UNSCHEDULABLE_SPEC: "No node will ever do for a pod as things are: a selector that "
    "matches none, or a volume that does not exist. The run waits for a person.",
    Reason.IMAGE_PULL_BACK_OFF: "A node cannot pull the image. Tried again.",
    Reason.QUOTA_EXCEEDED: "The namespace's ResourceQuota is used up. Tried again.",
    Reason.NODE_UNREACHABLE: "A pod should be gone and is still there: its node does not answer. "
    "`spec.execution.onNodeLost` says what becomes of it.",
    Reason.NO_QUEUE: "No queue holds the Jobs.",
    Reason.QUOTA_RESERVED: "The queue has set quota aside.",
    Reason.WAITING_FOR_QUOTA: "The queue has no quota to give now. The run waits.",
    Reason.QUEUE_NOT_FOUND: "The queue, or what it needs, does not exist. Make it; the run waits.",
    Reason.EXCEEDS_MAX_QUOTA: "A Job asks for more than the queue can ever give. Raise the quota, "
    "or ask for less in a new run.",
    Reason.NO_MATCHING_FLAVOR: "No ResourceFlavor of the queue fits the pods. Mend one of the two; "
    "the run waits.",
    Reason.WORKLOAD_MISSING: "Kueue has not taken notice of a Job: its priority class may not "
    "exist, or Kueue may be down. The run waits.",
    Reason.PREEMPTED: "The queue took the quota back for more urgent work. Goes on from the last "
    "committed part once there is quota.",
    Reason.EVICTED: "The queue stopped the Jobs; the message says why. Goes on once it admits "
    "them again.",
    Reason.WORKLOAD_DEACTIVATED: "The queue has given a Job up for good. Ends the run.",
    Reason.WEBHOOK_UNAVAILABLE: "An admission webhook of the cluster does not answer. Tried again.",
    Reason.WAITING_FOR_GPUS: "The GPUs that an EvalPolicy gives the namespace are in use. The run "
    "waits for its turn.",
    Reason.USER_SUSPENDED: "`spec.execution.suspend` is true.",
    Reason.QUEUED: "A queue controller holds the Jobs.",
    Reason.ENDPOINT_NOT_READY: "A served model cannot be asked now; its ModelEndpoint says why. "
    "Waits.",
    Reason.RESUMED: "The run goes on after a suspension.",
    Reason.NOT_SUSPENDED: "Nothing holds the run.",
    Reason.ALL_SHARDS_SUCCEEDED: "Every shard has its manifest.",
    Reason.REPORT_PUBLISHED: "The report is written.",
    Reason.RESULTS_REUSED: "A finished run of the namespace measured the same; its report counts, "
    "and no shard was started. `spec.reuse: Never` measures in any case.",
    Reason.PARTIAL_REPORT_PUBLISHED: "The run was given up; a report of what was answered is "
    "written, and says what is missing.",
    Reason.GATES_PASSED: "Every gate of `spec.gates` passed.",
    Reason.GATES_FAILED: "A gate of `spec.gates` failed; `status.gates` has the numbers.",
    Reason.BASELINE_NOT_FOUND: "The baseline of a gate does not exist, or ended without a report.",
    Reason.BASELINE_UNFINISHED: "The baseline of a gate is still evaluated. The run waits for it.",
    Reason.RUNS_ACTIVE: "Runs of the suite are under way.",
    Reason.RUNS_SUCCEEDED: "Every run that the suite asks for is complete, with its gates passed.",
    Reason.RUNS_FAILED: "A run of the suite failed or is stalled; the message names it.",
    Reason.SCHEDULED: "The suite measures by the clock; the message says when next.",
    Reason.SUMMARIZER_PENDING: "The report waits for its shards.",
    Reason.EVALUATION_SUCCEEDED: "Every planned item was answered once, and the report is written.",
    Reason.PLAN_FAILED: "The plan Job failed; `status.failures` has its message.",
    Reason.SHARDS_FAILED: "A shard used up its attempts; `status.failures` has the messages.",
    Reason.SUMMARIZER_FAILED: "The summarize Job failed. The shards' results are kept.",
    Reason.INCOMPLETE_RESULTS: "Planned items have no answer; the message names some.",
    Reason.MISSING_SAMPLES: "The proof of completeness found a gap; its shards answer it again.",
    Reason.DEADLINE_EXCEEDED: "`execution.deadlineSeconds` is over.",
    Reason.PENDING_DEADLINE_EXCEEDED: "A pod waited longer than "
    "`execution.pendingDeadlineSeconds`, or 15 minutes for its image.",
    Reason.SHARD_TIMEOUT: "A shard took longer than `execution.shardDeadlineSeconds`, every time.",
    Reason.JOB_DELETED: "Somebody deleted a shard's Job twice.",
    Reason.RESTARTS_EXHAUSTED: "A shard was interrupted more often than "
    "`retry.maxInfraRestartsPerShard`.",
    Reason.IMAGE_UNAVAILABLE: "The image could not be pulled for five minutes. Mend its name or "
    "`imagePullSecrets`.",
    Reason.INVALID_DATA: "A data file is not what the benchmark says; file and row are named.",
    Reason.PROMPT_TOO_LONG: "A prompt does not fit into the model even without examples.",
    Reason.MODEL_LOAD_FAILED: "The weights do not load.",
    Reason.MODEL_ACCESS_DENIED: "The hub, storage or server refuses the model, or has none of "
    "that name. Check name and key.",
    Reason.MODEL_DOES_NOT_FIT: "The GPU has too little memory for the model and one prompt.",
    Reason.HUB_UNAVAILABLE: "The hub did not answer, every time.",
    Reason.ENDPOINT_UNAVAILABLE: "The model's server is away, broken or too busy, and was for "
    "every attempt.",
    Reason.DEVICE_UNAVAILABLE: "The endpoint asks for CUDA, and the pod sees no GPU.",
    Reason.DEVICE_ERROR: "GPUs of several nodes are broken; the messages name the nodes.",
    Reason.EPHEMERAL_STORAGE: "A pod was evicted for the disk it used, every time.",
    Reason.OUT_OF_MEMORY: "A container was killed twice for its memory; the message has the limit.",
    Reason.STORAGE_DENIED: "Storage refuses the credentials.",
    Reason.STORAGE_UNAVAILABLE: "Storage does not answer.",
    Reason.INTERNAL_ERROR: "A bug. Please report the message.",
}

EXIT_CODES: Final[Mapping[ExitCode, str]] = {
    ExitCode.OK: "Done.",
    ExitCode.USAGE: "The run asks for what cannot be. Fails at once.",
    ExitCode.DATA: "A data file is wrong, or a prompt too long. Fails at once.",
    ExitCode.INPUT_MISSING: "A file, folder, bucket or repository is not there. Fails at once.",
    ExitCode.UNAVAILABLE: "A model endpoint does not answer. Tried again.",
    ExitCode.SOFTWARE: "A bug. Tried again, and counts as an attempt.",
    ExitCode.DEVICE: "The GPU is broken. The shard goes on on another node; costs no attempt.",
    ExitCode.STORAGE: "Storage did not answer for long. Tried again.",
    ExitCode.TEMPORARY: "The hub did not answer, or something else that passes. Tried again.",
    ExitCode.PERMISSION: "Storage or hub refuses the credentials. Fails at once.",
    ExitCode.CONFIG: "The weights do not load, or the device is not there. Fails at once.",
    ExitCode.STOPPED: "Told to stop, after a checkpoint. Goes on later; costs no attempt.",
}

FAILURE_CLASSES: Final[Mapping[FailureClass, str]] = {
    FailureClass.INVALID_REQUEST: "The run asks for what cannot be.",
    FailureClass.UNKNOWN_BENCHMARK: "No benchmark of that name; the nearest names are given.",
    FailureClass.UNKNOWN_SUBJECT: "No subject of that name; the nearest names are given.",
    FailureClass.INVALID_DATA: "A data file is not what the benchmark says.",
    FailureClass.DATA_MISSING: "A data file or folder is not there.",
    FailureClass.PROMPT_TOO_LONG: "A prompt does not fit into the model.",
    FailureClass.MODEL_MISSING: "There is no model at the source.",
    FailureClass.MODEL_LOAD_FAILED: "The weights do not load.",
    FailureClass.MODEL_ACCESS_DENIED: "The hub, storage or server refuses the model.",
    FailureClass.ENDPOINT_UNAVAILABLE: "A model's server is away, broken or too busy.",
    FailureClass.DEVICE_UNAVAILABLE: "The device that the endpoint asks for is not there.",
    FailureClass.DEVICE_OUT_OF_MEMORY: "The GPU has too little memory, even for one prompt.",
    FailureClass.DEVICE_ERROR: "The GPU reported a fault of its own.",
    FailureClass.OUT_OF_MEMORY: "The container reached its memory limit.",
    FailureClass.EPHEMERAL_STORAGE: "The pod was evicted for the disk it used.",
    FailureClass.STORAGE_DENIED: "Storage refuses the credentials.",
    FailureClass.BUCKET_MISSING: "The bucket does not exist.",
    FailureClass.STORAGE_UNAVAILABLE: "Storage did not answer.",
    FailureClass.HUB_UNAVAILABLE: "The hub did not answer.",
    FailureClass.INCOMPLETE_RESULTS: "Planned items have no answer.",
    FailureClass.IMAGE_UNAVAILABLE: "The image could not be pulled.",
    FailureClass.SECRET_MISSING: "A Secret, or a key of it, is not there.",
    FailureClass.SHARD_TIMEOUT: "The shard's time was over.",
    FailureClass.JOB_DELETED: "Somebody deleted the Job.",
    FailureClass.RESTARTS_EXHAUSTED: "The shard was interrupted too often.",
    FailureClass.INTERRUPTED: "The pod was evicted, deleted or its node lost.",
    FailureClass.INTERNAL: "A bug.",
}
