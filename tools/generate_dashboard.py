"""The Grafana dashboard of the chart, from a list of rows and expressions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 24
HEIGHT: Final = 7
SCHEMA_VERSION: Final = 39
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """A graph: what it shows, in which unit, by which expressions (legend to expression)."""

    title: str
    unit: str
    shown: dict[str, str]
    text: str = ""
    kind: str = "timeseries"
    stacked: bool = False


def _quantile(share: str, metric: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return (
        f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))"
    )


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


ROWS: Final[tuple[tuple[str, tuple[Panel, ...]], ...]] = (
    (
        "Runs",
        (
            Panel("Runs", "short", {"{{state}}": "sum by (state) (kompass_runs)"}, stacked=True),
            Panel(
                "Shards of unfinished runs",
                "short",
                {"{{state}}": "sum by (state) (kompass_shards)"},
                stacked=True,
            ),
            Panel(
                "Runs that do not get on",
                "short",
                {
                    "{{reason}}": "sum by (reason) (kompass_runs_waiting)",
                    "stalled": "sum(kompass_runs_stalled)",
                },
                "The run's condition Progressing has the same reason, and words for a person.",
            ),
            Panel(
                "Ended in the last hour",
                "short",
                {
                    "{{outcome}} {{reason}}": "sum by (outcome, reason) "
                    "(increase(kompass_runs_finished_total[1h])) > 0"
                },
            ),
            Panel(
                "Failed attempts in the last hour",
                "short",
                {
                    "{{stage}} {{class}}": "sum by (stage, class) "
                    "(increase(kompass_failed_attempts_total[1h])) > 0"
                },
                "Pods that did not end well, by class; most are tried again.",
            ),
            Panel(
                "How long runs take",
                "s",
                {
                    "median, {{outcome}}": "histogram_quantile(0.5, sum by (le, outcome) "
                    "(rate(kompass_run_duration_seconds_bucket[6h])))"
                },
            ),
        ),
    ),
    (
        "Shards at work",
        (
            Panel(
                "Items answered",
                "cpm",
                {
                    "{{reason}}": "60 * sum by (reason) "
                    "(rate(kompass_worker_items_total[$__rate_interval]))"
                },
                "A minute, over all shards; needs metrics.podMonitor.enabled.",
            ),
            Panel(
                "Tokens",
                "short",
                {
                    "{{direction}}": "sum by (direction) "
                    "(rate(kompass_worker_tokens_total[$__rate_interval]))"
                },
                "A second, over all shards: in is read, out is written.",
            ),
            Panel(
                "Where the time of shards goes",
                "percentunit",
                {
                    "{{stage}}": _rate("kompass_worker_stage_seconds_total", "stage")
                    + " / scalar(sum(rate(kompass_worker_stage_seconds_total[$__rate_interval])))"
                },
                stacked=True,
            ),
            Panel(
                "Rows in a batch",
                "short",
                {
                    "median": _quantile("0.5", "kompass_worker_batch_rows"),
                    "p95": _quantile("0.95", "kompass_worker_batch_rows"),
                },
                "What a model computes at once; served models make their own.",
            ),
            Panel(
                "Items in a part",
                "short",
                {
                    "median": _quantile("0.5", "kompass_worker_part_items"),
                    "p95": _quantile("0.95", "kompass_worker_part_items"),
                },
                "Answers that are committed together.",
            ),
        ),
    ),
    (
        "Operator",
        (
            Panel(
                "Apply to first Job",
                "s",
                {
                    "median": _quantile("0.5", "kompass_apply_to_first_job_seconds"),
                    "p99": _quantile("0.99", "kompass_apply_to_first_job_seconds"),
                },
            ),
            Panel(
                "Last Job to final status",
                "s",
                {
                    "median": _quantile("0.5", "kompass_terminal_detection_lag_seconds"),
                    "p99": _quantile("0.99", "kompass_terminal_detection_lag_seconds"),
                },
            ),
            Panel(
                "Passes",
                "ops",
                {"{{result}}": _rate("kompass_reconcile_total", "result")},
            ),
            Panel(
                "Time of a pass, and of waiting for one",
                "s",
                {
                    "pass p99": _quantile("0.99", "kompass_reconcile_duration_seconds"),
                    "wait p99": _quantile("0.99", "kompass_workqueue_queue_duration_seconds"),
                    "oldest": "max(kompass_workqueue_oldest_wait_seconds)",
                },
            ),
            Panel(
                "Queue",
                "short",
                {
                    "{{state}}": "sum by (state) (kompass_workqueue_depth)",
                    "added a second": "sum(rate(kompass_workqueue_adds_total[$__rate_interval]))",
                    "retried a second": "sum(rate(kompass_workqueue_retries_total"
                    "[$__rate_interval]))",
                },
            ),
            Panel(
                "Requests to the API server",
                "reqps",
                {"{{verb}} {{resource}}": _rate("kompass_api_requests_total", "verb, resource")},
            ),
            Panel(
                "Requests that failed",
                "reqps",
                {
                    "{{verb}} {{resource}} {{code}}": "sum by (verb, resource, code) "
                    '(rate(kompass_api_requests_total{code!~"2.."}[$__rate_interval]))'
                },
                "404 and 409 belong to normal work.",
            ),
            Panel(
                "Time of requests, p99",
                "s",
                {"{{verb}}": _quantile("0.99", "kompass_api_request_duration_seconds", "verb")},
            ),
            Panel(
                "Statuses and Jobs written",
                "ops",
                {
                    "statuses": "sum(rate(kompass_status_writes_total[$__rate_interval]))",
                    "Jobs, {{stage}}": _rate("kompass_jobs_created_total", "stage"),
                },
            ),
            Panel(
                "Age of the watches",
                "s",
                {"{{resource}}": "max by (resource) (kompass_watch_last_event_age_seconds)"},
                "Since an object was told of, or the watch was opened; up to 130 s is normal.",
            ),
            Panel(
                "Objects held",
                "short",
                {
                    "{{kind}}": "sum by (kind) (kompass_index_objects)",
                    "orphan Jobs": "sum(kompass_orphan_jobs)",
                },
            ),
            Panel(
                "Event loop late by, p99",
                "s",
                {"p99": _quantile("0.99", "kompass_event_loop_lag_seconds")},
            ),
            Panel(
                "Memory",
                "bytes",
                {
                    "{{pod}}": "process_resident_memory_bytes "
                    "and on (instance, job) kompass_build_info"
                },
            ),
            Panel(
                "Processor",
                "percentunit",
                {
                    "{{pod}}": "rate(process_cpu_seconds_total[$__rate_interval]) "
                    "and on (instance, job) kompass_build_info"
                },
            ),
        ),
    ),
)


def dashboard() -> str:
    """The dashboard as JSON."""
    found = {
        "uid": "kompass",
        "title": "Kompass",
        "tags": ["kompass"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                    "refresh": 1,
                }
            ]
        },
        "panels": list(_panels()),
    }
    return json.dumps(found, indent=1) + "\n"


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in ROWS:
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
        }
        number, top = number + 1, top + 1
        width = WIDTH // 4 if len(panels) == 4 else WIDTH // 3  # noqa: PLR2004
        across = WIDTH // width
        for place, panel in enumerate(panels):
            position = {
                "x": place % across * width,
                "y": top + place // across * HEIGHT,
                "w": width,
                "h": HEIGHT,
            }
            yield {"id": number, "gridPos": position, **_panel(panel)}
            number += 1
        top += -(-len(panels) // across) * HEIGHT


def _panel(panel: Panel) -> dict[str, Any]:
    drawn: dict[str, Any] = {"fillOpacity": 10, "lineWidth": 1, "showPoints": "never"}
    if panel.stacked:
        drawn |= {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 40}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, "custom": drawn},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "range": True,
            }
            for number, (legend, expression) in enumerate(panel.shown.items())
        ],
    }
