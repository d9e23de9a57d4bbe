"""lm_eval.json: the scores in the form of lm-evaluation-harness' results, for tools that read it.

Pure. Its file speaks of one model, so a run of several has a file for each. Shares are fractions
there and percent here; an error bar keeps its number under `_stderr`. Beside what that format has,
`config` says what the numbers rest on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from kompass_api.plandocument import Plan
from kompass_api.results import DataLineage, ModelLineage, Report, Score
from kompass_worker.scoring.metrics.metric import Metric

_PERCENT: Final = 100.0
_FILTER: Final = "none"
_NAMES: Final[Mapping[str, str]] = {"accuracy": "acc"}
"""Metrics that have another name there."""

Rules = Mapping[tuple[str, str], Sequence[Metric]]
"""Benchmark and row -> what is counted, of a group what its members count."""

NO_RULES: Final[Rules] = MappingProxyType({})
"""Numbers of which nothing is known: in percent, and higher is better."""


def rules_of(plan: Plan, metrics: Mapping[tuple[str, str], Metric]) -> Rules:
    """What the rows of a plan count, by the metrics of its benchmarks' subjects."""
    found: dict[tuple[str, str], list[Metric]] = {
        (row.benchmark, row.row_name): [metrics[row.benchmark, row.subject]]
        for row in plan.subjects
    }
    for group in plan.groups:
        # A later group may have an earlier one among its members.
        found[group.benchmark, group.name] = [
            metric for held in group.members for metric in found.get((held.benchmark, held.row), ())
        ]
    return found


def lm_eval_files(report: Report, rules: Rules) -> dict[str, str]:
    """File name -> content: `lm_eval.json`, or with several models `lm_eval-<model>.json`."""
    if len(report.models) == 1:
        return {"lm_eval.json": lm_eval_json(report, report.models[0], rules)}
    return {
        f"lm_eval-{held.model}.json": lm_eval_json(report, held, rules) for held in report.models
    }


def lm_eval_json(report: Report, model: ModelLineage, rules: Rules) -> str:
    """One model's results; the same report gives the same bytes."""
    scores = [score for score in report.scores if score.model == model.model]
    tasks = _by_task(scores)
    groups = {name: held for name, held in tasks.items() if held[0].kind == "group"}
    data = {held.content_hash: held for held in report.data}
    content = {
        "results": {name: _results(name, held, rules) for name, held in tasks.items()},
        "groups": {name: _results(name, held, rules) for name, held in groups.items()},
        "group_subtasks": {name: [] for name in tasks},
        "configs": {
            name: _config(name, held[0], data.get(held[0].content_hash))
            for name, held in sorted(tasks.items())
            if name not in groups
        },
        "versions": {name: held[0].oc_version for name, held in sorted(tasks.items())},
        "higher_is_better": {
            name: {_metric(score): _is_up(score, rules) for score in held}
            for name, held in sorted(tasks.items())
        },
        "n-samples": {
            name: {"original": held[0].n + held[0].unscored, "effective": held[0].n}
            for name, held in tasks.items()
        },
        "config": _run_config(report, model),
        "model_source": "kompass",
        "model_name": model.model,
        "transformers_version": model.environment.packages.get("transformers"),
    }
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _by_task(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """Rows by a name of their own: two benchmarks may have the same rows."""
    owners = Counter(row for row, _ in {(score.row_name, score.benchmark) for score in scores})
    tasks: dict[str, list[Score]] = {}
    for score in scores:
        is_unique = owners[score.row_name] == 1
        name = score.row_name if is_unique else f"{score.benchmark}:{score.row_name}"
        tasks.setdefault(name, []).append(score)
    return tasks


def _results(name: str, scores: Iterable[Score], rules: Rules) -> dict[str, object]:
    found: dict[str, object] = {"name": name, "alias": name}
    for score in scores:
        found["sample_len"] = score.n
        if score.value is None:
            continue
        scale = _PERCENT if all(held.in_percent for held in _rules_of(score, rules)) else 1.0
        found[f"{_metric(score)},{_FILTER}"] = score.value / scale
        stderr = "N/A" if score.stderr is None else score.stderr / scale
        found[f"{_metric(score)}_stderr,{_FILTER}"] = stderr
    return found


def _metric(score: Score) -> str:
    return _NAMES.get(score.metric, score.metric)


def _is_up(score: Score, rules: Rules) -> bool:
    return all(held.higher_is_better for held in _rules_of(score, rules))


def _rules_of(score: Score, rules: Rules) -> Sequence[Metric]:
    return rules.get((score.benchmark, score.row_name), ())


def _config(name: str, score: Score, data: DataLineage | None) -> dict[str, object]:
    metadata = {"version": score.oc_version, "content_hash": score.content_hash}
    if data is not None:
        metadata["data_digest"] = data.data_digest
    kind = "generate_until" if score.mode == "gen" else "loglikelihood"
    return {
        "task": name,
        "task_alias": score.row_name,
        "dataset_path": score.benchmark,
        "dataset_name": data.subject if data else None,
        "output_type": kind,
        "metadata": metadata,
    }


def _run_config(report: Report, model: ModelLineage) -> dict[str, object]:
    ran_on = model.environment
    return {
        "model": model.model,
        "model_args": model.source,
        "model_dtype": ran_on.dtype,
        "model_revision": model.revision or "",
        "model_sha": ran_on.model_digest,
        "device": ran_on.device,
        "random_seed": report.seed,
        "kompass": {
            "run": f"{report.namespace}/{report.run}",
            "uid": report.uid,
            "profile": report.profile,
            "plan_digest": report.plan_digest,
            "tokenizer_digest": ran_on.tokenizer_digest,
            "packages": dict(sorted(ran_on.packages.items())),
        },
    }
