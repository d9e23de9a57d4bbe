"""The Benchmark of a data file and the EvalRun over everything, as `kompass translate` writes them.

Reads the data file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kompass_api.evalrun import MAX_RUN_NAME, Profile
from kompass_api.resources import API_VERSION
from kompass_worker.cli.opencompass.models import label
from kompass_worker.datasets.own_data import read_own_data
from kompass_worker.datasets.own_meta import OwnMeta


def own_benchmark(path: Path, said: OwnMeta, meta: Path | None) -> dict[str, Any]:
    """The Benchmark of a data file, whose rows are all checked; its source is the file's folder."""
    made, _ = read_own_data(path, said, meta)
    spec = made.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    spec["data"] = {"source": {"uri": path.parent.as_uri()}, **spec["data"]}
    metadata = {"name": made.name}
    return {"apiVersion": API_VERSION, "kind": "Benchmark", "metadata": metadata, "spec": spec}


def run_of(models: Sequence[str], benchmarks: Sequence[str], profile: Profile) -> dict[str, Any]:
    """The EvalRun that puts the benchmarks to the models, named after both."""
    first = benchmarks[0] if len(benchmarks) == 1 else f"{len(benchmarks)}-benchmarks"
    room = MAX_RUN_NAME - len(first) - 1
    name = f"{models[0][:room].rstrip('-')}-{first}" if room > 0 else first[:MAX_RUN_NAME]
    spec: dict[str, Any] = {
        "models": [{"name": label(model)} for model in models],
        "benchmarks": [{"name": benchmark} for benchmark in benchmarks],
        "profile": str(profile),
    }
    metadata = {"name": label(name)}
    return {"apiVersion": API_VERSION, "kind": "EvalRun", "metadata": metadata, "spec": spec}
