"""Right and wrong EvalSuite manifests, with what must be said about the wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import LABEL, REMOVED, Wrong

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "suite-name-too-long": Wrong(
        "EvalSuite", {"metadata/name": "a" * 27}, "metadata.name", "at most 26 characters"
    ),
    "suite-of-too-many-pairs": Wrong(
        "EvalSuite",
        {
            "spec/runPer": "Pair",
            "spec/template/spec/models": [{"name": f"m{i}"} for i in range(16)],
            "spec/template/spec/benchmarks": [{"name": f"b{i}"} for i in range(17)],
        },
        "spec.runPer",
        "runPer Pair makes more than 256 runs: use Model or Benchmark, or two suites",
    ),
    "suite-with-a-model-in-capitals": Wrong(
        "EvalSuite",
        {"spec/template/spec/models/0/name": "Llama"},
        "spec.template.spec.models[0].name",
        f"found Llama; {LABEL}",
    ),
    "cron-with-four-fields": Wrong(
        "EvalSuite",
        {"spec/schedule": {"cron": "30 2 * *"}},
        "spec.schedule.cron",
        "cron has five fields",
    ),
    "cron-with-a-word": Wrong(
        "EvalSuite", {"spec/schedule": {"cron": "@daily"}}, "spec.schedule.cron", "five fields"
    ),
    "time-zone-with-an-offset": Wrong(
        "EvalSuite",
        {"spec/schedule": {"cron": "0 0 * * *", "timeZone": "+08:00"}},
        "spec.schedule.timeZone",
        "a name of the time zone database, such as Asia/Shanghai",
    ),
}
"""Broken rules of ours: the API server and pydantic use the same words."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "suite-without-a-template": Wrong(
        "EvalSuite", {"spec/template": REMOVED}, "spec.template", "Required value"
    ),
    "suite-with-a-history-of-thousands": Wrong(
        "EvalSuite",
        {"spec/historyLimit": 1000},
        "spec.historyLimit",
        "should be less than or equal to 100",
    ),
    "suite-runs-per-wish": Wrong(
        "EvalSuite", {"spec/runPer": "Wish"}, "spec.runPer", 'Unsupported value: "Wish"'
    ),
}
"""What types and bounds refuse: the API server says so in its own words."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "suite-by-the-clock": (
        "EvalSuite",
        {
            "spec/schedule": {
                "cron": "30 2 * * MON-FRI",
                "timeZone": "America/Argentina/Buenos_Aires",
                "startingDeadlineSeconds": 600,
                "concurrencyPolicy": "Replace",
            }
        },
    ),
    "suite-for-each-pair": ("EvalSuite", {"spec/runPer": "Pair"}),
}
"""What must be accepted."""
