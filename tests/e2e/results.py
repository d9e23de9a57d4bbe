"""What a finished run left in storage, in forms that tests can compare."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from e2e.kube import Kube, Object, condition, until
from e2e.objects import BUCKET, Objects


@dataclass(frozen=True)
class Outcome:
    """A finished run: its object and its report."""

    run: Object
    report: dict[str, Any]
    samples: list[dict[str, Any]]
    plan: dict[str, Any]
    answered: list[str]
    """`<shard's model>/<item>` of every stored row, in no order."""

    @property
    def answers(self) -> dict[str, tuple[object, ...]]:
        """What was answered, and how it was judged, by model and item."""
        return {
            f"{one['model']}/{one['item']}": (one["prediction"], one["extracted"], one["score"])
            for one in self.samples
        }

    @property
    def scores(self) -> dict[str, tuple[object, ...]]:
        """The table: value, n and unscored by row, mode and model."""
        return {
            f"{one['rowName']}/{one['mode']}/{one['model']}": (
                one["value"],
                one["n"],
                one["unscored"],
            )
            for one in self.report["scores"]
        }


def finished(kube: Kube, name: str, *, seconds: float) -> Object:
    """The run, once it is over; fails with its status when that takes too long."""
    until(
        lambda: condition(kube.get("evalrun", name), "Finished")["status"] == "True",
        seconds=seconds,
        what=f"Finished=True of {name}",
        every=1,
    )
    return kube.get("evalrun", name)


def succeeded(kube: Kube, objects: Objects, name: str, *, seconds: float = 600) -> Outcome:
    """The outcome of a run that must end well, with every item answered exactly once."""
    run = finished(kube, name, seconds=seconds)
    assert condition(run, "Succeeded")["status"] == "True", json.dumps(run["status"], indent=1)
    outcome = _read(objects, run)
    _assert_exactly_once(outcome)
    return outcome


def _read(objects: Objects, run: Object) -> Outcome:
    folder = run["status"]["results"]["uri"].removeprefix(f"s3://{BUCKET}/").rstrip("/")
    root = folder.removesuffix("/report")
    plan = json.loads(objects.get(f"{root}/plan.json"))
    return Outcome(
        run=run,
        report=json.loads(objects.get(f"{root}/report/report.json")),
        samples=objects.lines(f"{root}/report/samples.jsonl.zst"),
        plan=plan,
        answered=list(_stored(objects, root, plan)),
    )


def _stored(objects: Objects, root: str, plan: dict[str, Any]) -> list[str]:
    rows = []
    for shard in plan["shards"]:
        parts = [
            key
            for key in objects.keys(f"{root}/shards/infer/{shard['index']:05d}/")
            if "/part-" in key
        ]
        rows += [f"{shard['model']}/{row['item']}" for key in parts for row in objects.lines(key)]
    return rows


def _assert_exactly_once(outcome: Outcome) -> None:
    planned = sorted(
        f"{shard['model']}/{item['id']}"
        for shard in outcome.plan["shards"]
        for item in shard["items"]
    )
    assert sorted(outcome.answered) == planned
    assert sorted(outcome.answers) == planned
    completeness = outcome.report["completeness"]
    assert completeness["planned"] == completeness["answered"] == len(planned)
    assert completeness["duplicates"] == completeness["unexpected"] == 0
    assert outcome.run["status"]["items"]["answered"] == len(planned)
