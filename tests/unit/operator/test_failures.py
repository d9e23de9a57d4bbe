"""From a pod's end to the run's: every class has a reason, and the list stays short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kompass_api.conditions import Reason
from kompass_api.outcomes import FailureClass
from kompass_api.status import Failure
from kompass_operator.failures import KEPT, merged, reason_of, timestamp
from kompass_operator.names import Stage

START = datetime(2026, 1, 2, tzinfo=UTC)
OF_ITS_STAGE = {FailureClass.INTERRUPTED, FailureClass.INTERNAL}


def a_failure(number: int, pod: str | None = None) -> Failure:
    return Failure(
        stage="shard",
        shard=number,
        failure="Internal",
        pod=f"pod-{number}" if pod is None else pod,
        time=timestamp(START + timedelta(seconds=number)),
    )


@pytest.mark.parametrize("kind", sorted(set(FailureClass) - OF_ITS_STAGE))
def test_class_says_why_the_run_failed_whatever_the_stage(kind: FailureClass) -> None:
    assert len({reason_of(stage, kind.value) for stage in Stage}) == 1


@pytest.mark.parametrize("kind", sorted(OF_ITS_STAGE))
def test_where_the_class_says_little_the_stage_is_the_reason(kind: FailureClass) -> None:
    assert [reason_of(stage, kind.value) for stage in Stage] == [
        Reason.PLAN_FAILED,
        Reason.SHARDS_FAILED,
        Reason.SUMMARIZER_FAILED,
        Reason.SUMMARIZER_FAILED,
        Reason.INTERNAL_ERROR,
    ]


def test_newest_ten_are_kept_newest_first() -> None:
    held = merged([], [a_failure(number) for number in range(15)])
    assert [failure.shard for failure in held] == list(range(14, 4, -1))
    assert len(held) == KEPT


def test_pod_is_told_once() -> None:
    once = merged([], [a_failure(1)])
    assert merged(once, [a_failure(1)]) == once


def test_what_was_told_stays_when_its_pod_is_gone() -> None:
    once = merged([], [a_failure(1)])
    assert merged(once, []) == once
    assert merged(once, [a_failure(2)])[1:] == once
