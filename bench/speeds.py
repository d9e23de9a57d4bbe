"""The table of speeds: what each must reach, and what was measured last.

Usage: python bench/speeds.py
Reads bench/results/{operator,local_run,wallclock,wallclock_cold}.json and writes speeds.md there.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import psutil

RESULTS = Path(__file__).resolve().parent / "results"

ROWS = (
    (
        "`apply` to first Job created, p99 of 50",
        "operator",
        "apply_to_first_job_seconds.p99",
        2,
        "s",
    ),
    (
        "last Job's end to `Finished=True`, p99 of 50",
        "operator",
        "last_job_end_to_finished_seconds.p99",
        5,
        "s",
    ),
    ("operator requests per shard, whole life", "operator", "requests_per_shard", 4, ""),
    ("operator memory after 200 runs", "operator", "rss_mib_after", 200, "MiB"),
    ("`make cluster-up` warm", "wallclock", "cluster_up_warm_seconds", 15, "s"),
    ("`make demo` cold", "wallclock_cold", "demo_cold_seconds", 900, "s"),
    ("`make demo` warm", "wallclock", "demo_warm_seconds", 180, "s"),
    ("`kompass run` / plain transformers loop", "local_run", "ratio", 1.3, "x"),
)


def table() -> str:
    """Markdown; `-` where nothing was measured."""
    lines = ["| what | must reach | measured |", "|---|---|---|"]
    for what, file, path, bound, unit in ROWS:
        lines.append(f"| {what} | {bound} {unit} | {_figure(file, path)} {unit} |")
    cores, memory = os.cpu_count(), round(psutil.virtual_memory().total / 2**30)
    where = f"{cores} cores, {memory} GiB, {platform.system()} {platform.machine()}, no GPU"
    return "\n".join([*lines, "", f"Measured by `make bench` on {where}.", ""])


def _figure(file: str, path: str) -> str:
    source = RESULTS / f"{file}.json"
    if not source.exists():
        return "-"
    found = json.loads(source.read_text())
    for key in path.split("."):
        found = found[key]
    return str(found)


def main() -> None:
    """Write the table and show it."""
    text = table()
    (RESULTS / "speeds.md").write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
