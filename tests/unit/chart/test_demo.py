"""What `make demo` shows of a run."""

from __future__ import annotations

from typing import Any

import pytest

from demo_progress import failure_lines, has_succeeded, is_finished, pods_line, progress_line
from kompass_api.conditions import Condition, ConditionStatus, ConditionType
from kompass_api.status import EvalRunStatus, Failure


def condition(about: ConditionType, message: str = "", *, holds: bool = True) -> Condition:
    return Condition(
        type=about,
        status=ConditionStatus.TRUE if holds else ConditionStatus.FALSE,
        reason="Because",
        message=message,
        last_transition_time="2026-01-01T00:00:00Z",
    )


PLANNING = condition(ConditionType.PROGRESSING, "the plan Job reads data")
ACCEPTED = condition(ConditionType.ACCEPTED, "ModelEndpoint m does not exist yet", holds=False)


@pytest.mark.parametrize(
    ("status", "line"),
    [
        pytest.param(EvalRunStatus(), "waiting for the operator", id="not-seen-yet"),
        pytest.param(
            EvalRunStatus(phase="Pending", conditions=[ACCEPTED]),
            "Pending: ModelEndpoint m does not exist yet",
            id="waits",
        ),
        pytest.param(
            EvalRunStatus(phase="Planning", conditions=[ACCEPTED, PLANNING]),
            "Planning: the plan Job reads data",
            id="planning",
        ),
        pytest.param(
            EvalRunStatus(phase="Running", progress="1/4"), "Running, shards 1/4", id="shards"
        ),
    ],
)
def test_progress_line(status: EvalRunStatus, line: str) -> None:
    assert progress_line(status) == line


def pod(phase: str, waiting: str = "") -> dict[str, Any]:
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {"status": {"phase": phase, "containerStatuses": [{"state": state}]}}


@pytest.mark.parametrize(
    ("pods", "line"),
    [
        pytest.param([], "", id="none"),
        pytest.param([{"status": {"phase": "Pending"}}], "1 pod Pending", id="unscheduled"),
        pytest.param(
            [pod("Pending", "ContainerCreating")], "1 pod ContainerCreating", id="pulls-its-image"
        ),
        pytest.param(
            [pod("Running"), pod("Pending", "ImagePullBackOff"), pod("Running")],
            "1 pod ImagePullBackOff, 2 pods Running",
            id="several",
        ),
        pytest.param([pod("Succeeded"), pod("Failed")], "", id="ended"),
    ],
)
def test_pods_line(pods: list[dict[str, Any]], line: str) -> None:
    assert pods_line(pods) == line


@pytest.mark.parametrize(
    ("conditions", "ended", "well"),
    [
        pytest.param([], False, False, id="new"),
        pytest.param([condition(ConditionType.FINISHED, holds=False)], False, False, id="runs"),
        pytest.param(
            [condition(ConditionType.FINISHED), condition(ConditionType.SUCCEEDED)],
            True,
            True,
            id="good-end",
        ),
        pytest.param(
            [condition(ConditionType.FINISHED), condition(ConditionType.SUCCEEDED, holds=False)],
            True,
            False,
            id="bad-end",
        ),
    ],
)
def test_end(conditions: list[Condition], ended: bool, well: bool) -> None:
    status = EvalRunStatus(conditions=conditions)
    assert (is_finished(status), has_succeeded(status)) == (ended, well)


def test_a_failed_run_says_why_and_where() -> None:
    failure = Failure(
        stage="plan", failure="BucketMissing", message="no bucket kompass", pod="quickstart-plan-x"
    )
    status = EvalRunStatus(
        conditions=[condition(ConditionType.FAILED, "the plan Job failed")], failures=[failure]
    )
    assert failure_lines(status) == [
        "the plan Job failed",
        "plan pod quickstart-plan-x (BucketMissing): no bucket kompass",
    ]
