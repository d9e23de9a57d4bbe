"""Right and wrong EvalRun manifests, with what must be said about the wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import LABEL, REMOVED, Wrong

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "storage-keys-of-another-namespace": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"credentialsSecret": "other/keys"}}},
        "spec.storage.s3.credentialsSecret",
        f"found other/keys; {LABEL}",
    ),
    "run-name-too-long": Wrong(
        "EvalRun", {"metadata/name": "a" * 41}, "metadata.name", "at most 40 characters"
    ),
    "run-name-with-dots": Wrong(
        "EvalRun", {"metadata/name": "llama-3.1"}, "metadata.name", "must be a DNS label"
    ),
    "model-name-in-capitals": Wrong(
        "EvalRun", {"spec/models/0/name": "Llama"}, "spec.models[0].name", f"found Llama; {LABEL}"
    ),
    "benchmark-name-with-underscore": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/name": "ceval_gen"},
        "spec.benchmarks[0].name",
        f"found ceval_gen; {LABEL}",
    ),
    "subject-is-a-path": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/subjects": ["../law"]},
        "spec.benchmarks[0].subjects[0]",
        "a subject's name has letters, digits",
    ),
    "run-takes-a-model-for-data": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/source": {"uri": "hf://meta/llama"}},
        "spec.benchmarks[0].source.uri",
        "a data set on the hub is hf://datasets/owner/name",
    ),
    "two-ways-to-shard": Wrong(
        "EvalRun",
        {"spec/sharding": {"shardsPerModel": 2, "maxItemsPerShard": 100}},
        "spec.sharding",
        "takes shardsPerModel or maxItemsPerShard, not both: remove one",
    ),
    "storage-is-no-bucket": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "/mnt/results"}},
        "spec.storage.uri",
        "uri must be s3://bucket/prefix",
    ),
    "storage-bucket-in-capitals": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://Results/x"}},
        "spec.storage.uri",
        "a bucket's name has 3 to 63 lower-case letters",
    ),
    "storage-leaves-its-prefix": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results/a/../b"}},
        "spec.storage.uri",
        "must not contain '..'",
    ),
    "storage-endpoint-without-scheme": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"endpoint": "minio:9000"}}},
        "spec.storage.s3.endpoint",
        "endpoint must be a URL such as https://",
    ),
    "storage-endpoint-with-password": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"endpoint": "https://me:pw@minio:9000"}}},
        "spec.storage.s3.endpoint",
        "put them into a Secret and name it in credentialsSecret",
    ),
    "storage-region-in-capitals": Wrong(
        "EvalRun",
        {"spec/storage": {"uri": "s3://results", "s3": {"region": "EU Central"}}},
        "spec.storage.s3.region",
        "use lower-case letters, digits and '-', such as eu-central-1",
    ),
    "gate-with-two-thresholds": Wrong(
        "EvalRun",
        {
            "spec/gates": [
                {"name": "g", "benchmark": "b", "value": "1", "baseline": {"run": "prod"}}
            ]
        },
        "spec.gates[0]",
        "a gate takes value or baseline, one of them",
    ),
    "gate-with-two-baselines": Wrong(
        "EvalRun",
        {
            "spec/gates": [
                {"name": "g", "benchmark": "b", "baseline": {"run": "prod", "uri": "s3://runs/x"}}
            ]
        },
        "spec.gates[0].baseline",
        "baseline takes run or uri, one of them",
    ),
    "gate-value-in-words": Wrong(
        "EvalRun",
        {"spec/gates": [{"name": "g", "benchmark": "b", "value": "high"}]},
        "spec.gates[0].value",
        "a decimal number such as 0.7, in quotes",
    ),
    "gate-baseline-without-scheme": Wrong(
        "EvalRun",
        {"spec/gates": [{"name": "g", "benchmark": "b", "baseline": {"uri": "runs/x"}}]},
        "spec.gates[0].baseline.uri",
        "uri must be a report's folder, as status.results.uri of a run says it",
    ),
    "gate-significance-of-one": Wrong(
        "EvalRun",
        {
            "spec/gates": [
                {"name": "g", "benchmark": "b", "baseline": {"run": "p", "significance": "1"}}
            ]
        },
        "spec.gates[0].baseline.significance",
        "significance is between 0 and 1, such as 0.05",
    ),
    "rerun-token-with-spaces": Wrong(
        "EvalRun",
        {"spec/rerunToken": "once more"},
        "spec.rerunToken",
        "rerunToken has letters, digits, '.', '_', ':' and '-', such as 2026-11-21",
    ),
    "queue-name-with-slash": Wrong(
        "EvalRun",
        {"spec/execution/queue": {"name": "team/gpu"}},
        "spec.execution.queue.name",
        LABEL,
    ),
    "run-label-of-a-job": Wrong(
        "EvalRun",
        {"spec/execution/pod": {"labels": {"job-name": "x"}}},
        "spec.execution.pod.labels",
        "are reserved: use a prefix of your own",
    ),
}
"""Broken rules of ours: the API server and pydantic use the same words."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "gate-operator-in-words": Wrong(
        "EvalRun",
        {"spec/gates": [{"name": "g", "benchmark": "b", "operator": "gt", "value": "1"}]},
        "spec.gates[0].operator",
        'Unsupported value: "gt"',
    ),
    "no-models": Wrong("EvalRun", {"spec/models": REMOVED}, "spec.models", "Required value"),
    "empty-models": Wrong(
        "EvalRun", {"spec/models": []}, "spec.models", "should have at least 1 items"
    ),
    "seventeen-models": Wrong(
        "EvalRun",
        {"spec/models": [{"name": f"m{index}"} for index in range(17)]},
        "spec.models",
        "must have at most 16 items",
    ),
    "sixty-five-benchmarks": Wrong(
        "EvalRun",
        {"spec/benchmarks": [{"name": f"b{index}"} for index in range(65)]},
        "spec.benchmarks",
        "must have at most 64 items",
    ),
    "same-model-twice": Wrong(
        "EvalRun",
        {"spec/models": [{"name": "llama"}, {"name": "llama"}]},
        "spec.models[1]",
        'Duplicate value: {"name":"llama"}',
    ),
    "same-benchmark-twice": Wrong(
        "EvalRun",
        {"spec/benchmarks": [{"name": "a"}, {"name": "a"}]},
        "spec.benchmarks[1]",
        'Duplicate value: {"name":"a"}',
    ),
    "misspelt-field": Wrong(
        "EvalRun", {"spec/execution/parallel": 2}, "spec.execution.parallel", "unknown field"
    ),
    "no-parallelism": Wrong(
        "EvalRun",
        {"spec/execution/parallelism": 0},
        "spec.execution.parallelism",
        "should be greater than or equal to 1",
    ),
    "half-a-shard": Wrong(
        "EvalRun",
        {"spec/execution/parallelism": 1.5},
        "spec.execution.parallelism",
        "must be of type integer",
    ),
    "number-as-text": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/limit": "all"},
        "spec.benchmarks[0].limit",
        "must be of type integer",
    ),
    "limit-of-nothing": Wrong(
        "EvalRun",
        {"spec/benchmarks/0/limit": 0},
        "spec.benchmarks[0].limit",
        "should be greater than or equal to 1",
    ),
    "deadline-of-a-second": Wrong(
        "EvalRun",
        {"spec/execution/deadlineSeconds": 1},
        "spec.execution.deadlineSeconds",
        "should be greater than or equal to 60",
    ),
    "eleven-attempts": Wrong(
        "EvalRun",
        {"spec/retry": {"maxAttemptsPerShard": 11}},
        "spec.retry.maxAttemptsPerShard",
        "should be less than or equal to 10",
    ),
    "fewer-than-no-restarts": Wrong(
        "EvalRun",
        {"spec/retry": {"maxInfraRestartsPerShard": -1}},
        "spec.retry.maxInfraRestartsPerShard",
        "should be greater than or equal to 0",
    ),
    "more-failed-shards-than-there-can-be": Wrong(
        "EvalRun",
        {"spec/retry": {"maxFailedShards": 8193}},
        "spec.retry.maxFailedShards",
        "should be less than or equal to 8192",
    ),
    "unknown-end-of-a-run": Wrong(
        "EvalRun",
        {"spec/retry": {"onExhausted": "Ignore"}},
        "spec.retry.onExhausted",
        'supported values: "FailRun"',
    ),
    "pending-deadline-of-a-second": Wrong(
        "EvalRun",
        {"spec/execution": {"pendingDeadlineSeconds": 1}},
        "spec.execution.pendingDeadlineSeconds",
        "should be greater than or equal to 60",
    ),
    "too-many-shards": Wrong(
        "EvalRun",
        {"spec/sharding": {"shardsPerModel": 513}},
        "spec.sharding.shardsPerModel",
        "should be less than or equal to 512",
    ),
    "unknown-profile": Wrong(
        "EvalRun",
        {"spec/profile": "lm-eval"},
        "spec.profile",
        'supported values: "opencompass@0.5"',
    ),
    "name-too-long": Wrong(
        "EvalRun", {"spec/models/0/name": "a" * 64}, "spec.models[0].name", "more than 63 bytes"
    ),
}
"""What types and bounds refuse: the API server says so in its own words."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "run-as-short-as-can-be": ("EvalRun", {}),
    "run-with-gates": (
        "EvalRun",
        {
            "spec/gates": [
                {"name": "good", "benchmark": "ceval", "operator": ">=", "value": "61.5"},
                {"name": "as-prod", "benchmark": "ceval", "baseline": {"run": "prod"}},
            ],
            "spec/gateMode": "Record",
        },
    ),
    "run-name-of-forty-characters": ("EvalRun", {"metadata/name": "a" * 40}),
}
"""What must be accepted."""
