"""The table of speeds: what each must reach, and what was measured last.

Usage: python bench/speeds.py
Reads bench/results/{operator_scale,local_run,wallclock,wallclock_cold}.json; writes speeds.md.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import psutil

RESULTS = Path(__file__).resolve().parent / "results"

SCALE = "operator_scale"

ROWS = (
    (
        "`apply` to first Job, p99, one run at a time",
        SCALE,
        "idle_apply_to_first_job_seconds.p99",
        "1 s",
    ),
    (
        "`apply` to first Job, p99, 50 runs at once",
        SCALE,
        "burst_apply_to_first_job_seconds.p99",
        "3 s",
    ),
    ("1,600 shards created", SCALE, "shards_created_seconds", "30 s"),
    ("Jobs a second of 200 runs x 8 shards / of a plain script", SCALE, "load_ratio", "0.9 x"),
    ("that plain script, Jobs a second", SCALE, "plain_jobs_per_second", ""),
    (
        "last Job's end to `Finished=True`, p99, one run at a time",
        SCALE,
        "idle_terminal_lag_seconds.p99",
        "3 s",
    ),
    (
        "last Job's end to `Finished=True`, p99, 200 runs at once",
        SCALE,
        "load_terminal_lag_seconds.p99",
        "3 s",
    ),
    ("operator requests per shard, whole life", SCALE, "requests_per_shard", "3"),
    ("status writes per run", SCALE, "status_writes_per_run", "2 + seconds/10"),
    ("what that allowed these runs", SCALE, "status_writes_allowed_per_run", ""),
    ("bytes of an EvalRun with 1,000 shards", SCALE, "evalrun_bytes_at_1000_shards", "12288"),
    ("memory beside 2,000 Jobs and 20,000 pods of others", SCALE, "rss_mib", "200 MiB"),
    ("its growth", SCALE, "slope_mib_per_hour", "1 MiB/h"),
    (
        "restart beside them to the first Job of a new run",
        SCALE,
        "restart_to_steady_seconds",
        "10 s",
    ),
    ("start-up of the operator until it watches, largest of 5", SCALE, "start_seconds.max", "3 s"),
    ("`make cluster-up` warm", "wallclock", "cluster_up_warm_seconds", "15 s"),
    ("`make demo` cold", "wallclock_cold", "demo_cold_seconds", "900 s"),
    ("`make demo` warm", "wallclock", "demo_warm_seconds", "180 s"),
    ("`kompass run` / plain transformers loop", "local_run", "ratio", "1.3 x"),
)


def table() -> str:
    """Markdown; `-` where nothing was measured."""
    lines = ["| what | must reach | measured |", "|---|---|---|"]
    for what, file, path, bound in ROWS:
        lines.append(f"| {what} | {bound or '-'} | {_figure(file, path)} |")
    cores, memory = os.cpu_count(), round(psutil.virtual_memory().total / 2**30)
    where = f"{cores} cores, {memory} GiB, {platform.system()} {platform.machine()}, no GPU"
    return "\n".join(
        [*lines, "", f"Measured by `make bench` and `make bench-operator` on {where}.", ""]
    )


def _figure(file: str, path: str) -> str:
    source = RESULTS / f"{file}.json"
    if not source.exists():
        return "-"
    found = json.loads(source.read_text())
    for key in path.split("."):
        if key not in found:
            return "-"
        found = found[key]
    return str(found)


def main() -> None:
    """Write the table and show it."""
    text = table()
    (RESULTS / "speeds.md").write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
