"""Dashboard and alerts ask for metrics that exist, in words that Prometheus and Grafana take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from kompass_operator.freshness import Freshness
from kompass_operator.metrics import Metrics
from kompass_operator.standing import Standing
from kompass_operator.views import RunKey
from kompass_worker.measures import REGISTRY

Object = dict[str, Any]
# What Prometheus itself adds to a histogram or counter, and process metrics of both images.
SUFFIXES = ("_total", "_bucket", "_sum", "_count", "")


class Nothing:
    """Watches and a queue that hold nothing."""

    def runs(self) -> list[tuple[RunKey, Object]]:
        return []

    def sizes(self) -> Mapping[str, int]:
        return {"ready": 0}

    def orphans(self) -> int:
        return 0

    def oldest_wait(self) -> float:
        return 0.0


def exposed() -> set[str]:
    """Every name that an operator or worker exposes."""
    metrics = Metrics(lambda: datetime.now(UTC))
    metrics.add(Standing(Nothing(), Nothing(), Freshness(lambda: 0.0)))
    families = [*metrics.registry.collect(), *REGISTRY.collect()]
    return {f"{family.name}{suffix}" for family in families for suffix in SUFFIXES}


def dashboard(root: Path) -> Object:
    found: Object = json.loads((root / "helm/kompass/files/dashboard.json").read_text())
    return found


def alerts(root: Path) -> list[Object]:
    groups = yaml.safe_load((root / "helm/kompass/files/alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def without_variables(expression: str) -> str:
    return re.sub(r"\$__(rate_interval|interval|range)", "5m", expression)


def names_in(expression: str) -> Iterator[str]:
    """Metric names of an expression, which has to parse."""
    promql_parser.parse(without_variables(expression))
    yield from re.findall(r"\b(?:kompass|process)_[a-z_]+\b", expression)


def expressions(root: Path) -> list[str]:
    panels = dashboard(root)["panels"]
    shown = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [*shown, *(alert["expr"] for alert in alerts(root))]


def test_every_expression_asks_for_what_is_exposed(root: Path) -> None:
    asked = {name for expression in expressions(root) for name in names_in(expression)}
    assert asked
    assert asked - exposed() == set()


def test_a_misspelt_expression_is_found() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        list(names_in("sum by (state (kompass_runs)"))
    assert set(names_in("sum(kompass_walks)")) - exposed() == {"kompass_walks"}


def test_every_metric_of_ours_is_shown_or_watched(root: Path) -> None:
    asked = {name for expression in expressions(root) for name in names_in(expression)}
    metrics = Metrics(lambda: datetime.now(UTC))
    metrics.add(Standing(Nothing(), Nothing(), Freshness(lambda: 0.0)))
    ours = [
        family.name
        for family in (*metrics.registry.collect(), *REGISTRY.collect())
        if family.name.startswith("kompass_")
    ]
    unseen = [name for name in ours if not any(f"{name}{suffix}" in asked for suffix in SUFFIXES)]
    assert unseen == []


def test_panels_are_apart_and_within_the_page(root: Path) -> None:
    board = dashboard(root)
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (column, line)
            for column in range(place["x"], place["x"] + place["w"])
            for line in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def test_dashboard_can_be_imported_anywhere(root: Path) -> None:
    board = dashboard(root)
    assert board["uid"] == "kompass"
    assert "id" not in board
    assert isinstance(board["schemaVersion"], int)
    sources = [
        held["datasource"]["uid"]
        for panel in board["panels"]
        for held in (*([panel] if "datasource" in panel else []), *panel.get("targets", []))
    ]
    assert set(sources) == {"${datasource}"}
    assert [one["name"] for one in board["templating"]["list"]] == ["datasource"]


def test_every_alert_says_how_bad_it_is_and_what_to_do(root: Path) -> None:
    for alert in alerts(root):
        assert alert["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(alert["annotations"]) == {"summary", "description"}


def test_every_alert_and_metric_is_explained_in_the_documentation(root: Path) -> None:
    page = (root / "docs/observability.md").read_text()
    assert [alert["alert"] for alert in alerts(root) if alert["alert"] not in page] == []
    metrics = Metrics(lambda: datetime.now(UTC))
    metrics.add(Standing(Nothing(), Nothing(), Freshness(lambda: 0.0)))
    names = {family.name for family in (*metrics.registry.collect(), *REGISTRY.collect())}
    ours = {name for name in names if name.startswith("kompass_")}
    assert sorted(name for name in ours if f"`{name}" not in page) == []


def test_counters_that_alerts_watch_begin_at_zero(root: Path) -> None:
    # `increase` does not see a series that begins at 1.
    metrics = Metrics(lambda: datetime.now(UTC))
    held = {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in metrics.registry.collect()
        for sample in family.samples
    }
    for kind in ("StorageUnavailable", "StorageDenied", "BucketMissing"):
        labels = (("class", kind), ("stage", "shard"))
        assert ("kompass_failed_attempts_total", labels) in held
    incomplete = (("outcome", "failed"), ("reason", "IncompleteResults"))
    assert ("kompass_runs_finished_total", incomplete) in held
    assert ("kompass_reconcile_total", (("result", "bug"),)) in held
