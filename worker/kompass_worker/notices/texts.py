"""A notice in words. Pure."""

from __future__ import annotations

from kompass_api.notifications import Notice, RunEnd
from kompass_api.status import HeadlineScore


def title(notice: Notice) -> str:
    """`team/demo succeeded: ceval 61.54`."""
    if notice.end is RunEnd.FAILED:
        return f"{notice.namespace}/{notice.run} failed: {notice.reason}"
    first = f": {_score(notice.headline[0])}" if notice.headline else ""
    return f"{notice.namespace}/{notice.run} succeeded{first}"


def lines(notice: Notice) -> list[str]:
    """The scores, or why there are none."""
    if notice.end is RunEnd.FAILED:
        return [notice.message]
    several = len({score.model for score in notice.headline}) > 1
    return [f"{_score(score)}{f' ({score.model})' if several else ''}" for score in notice.headline]


def plain(notice: Notice) -> str:
    """The whole notice as text."""
    report = [f"report: {notice.report}"] if notice.report else []
    return "\n".join([title(notice), *lines(notice), *report])


def _score(score: HeadlineScore) -> str:
    error = f" ±{score.stderr}" if score.stderr else ""
    return f"{score.benchmark} {score.metric} {score.value}{error}"
