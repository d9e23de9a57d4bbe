"""Whose pods have to be looked at: as few as possible, for each look is a request. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kompass_api.evalrun import EvalRun
from kompass_api.indexes import indexes_of
from kompass_api.outcomes import PlanOutcome, ReportOutcome
from kompass_api.status import Failure
from kompass_operator.decisions.picture import Picture
from kompass_operator.failures import failure_of, failure_of_job, is_failure
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts, JobState, Observed, PodFacts
from kompass_operator.settings import Settings

PODLESS_LOOKS: Final = 3
"""Times `pod_check_seconds` that a Job may be without a pod before it is told."""
LONGEST_PAUSE: Final = 60.0
"""Between two looks at pods that do not start."""


def due(
    picture: Picture, seen: Observed, now: datetime, settings: Settings
) -> tuple[list[JobFacts], datetime | None]:
    """Jobs whose pods to read now, and when the next look is due."""
    told = picture.ledger.ended
    ended = [job for job in picture.jobs if job.shard not in told and _has_news(job, seen)]
    if ended:
        return ended, None
    looks = [
        (at, job) for job in picture.open if (at := _next_look(job, seen, settings)) is not None
    ]
    if not looks:
        return [], None
    first, job = min(looks, key=lambda look: (look[0], look[1].name))
    at = max(first, _last_look(picture, seen) + timedelta(seconds=settings.pod_check_seconds))
    return ([job], None) if at <= now else ([], at)


def is_starting(job: JobFacts) -> bool:
    """Whether a Job has a pod that is not up."""
    return job.active > job.ready and not job.suspended


def may_lack_a_pod(job: JobFacts) -> bool:
    """Whether a Job that should have a pod has none, as far as its counts tell."""
    # After a failed pod, the Job controller itself waits before the next one.
    return not (job.active or job.failed or job.pod_ended or job.suspended or job.terminating)


def podless_since(job: JobFacts, settings: Settings) -> datetime:
    """When a Job without a pod becomes worth a look."""
    since = job.started or job.created
    return since + timedelta(seconds=PODLESS_LOOKS * settings.pod_check_seconds)


def failures_in(run: EvalRun, picture: Picture, seen: Observed) -> list[Failure]:
    """Every failure that the pods and Jobs tell of."""
    return [
        failure
        for job in picture.jobs
        if not job.deleting
        for failure in failures_of(run, job, picture, seen)
    ]


def failures_of(run: EvalRun, job: JobFacts, picture: Picture, seen: Observed) -> list[Failure]:
    """The failures of one Job, the last one last."""
    reading = seen.readings.get(job.name)
    failed = [pod for pod in (reading.pods if reading is not None else ()) if is_failure(pod)]
    first, namespace = job.struck + 1, run.metadata.namespace
    model = picture.model_of(job)
    told = [
        failure_of(job, pod, model, attempt=attempt, namespace=namespace)
        for attempt, pod in enumerate(failed, first)
    ]
    if job.state is JobState.FAILED and (job.reason == "DeadlineExceeded" or not told):
        told.append(failure_of_job(run, job, attempt=first + len(told)))
    return told


def succeeded_pods(job: JobFacts | None, seen: Observed) -> list[PodFacts]:
    """Pods of a complete Job that ended well, if they were looked at since."""
    if job is None or job.state is not JobState.COMPLETE:
        return []
    reading = seen.readings.get(job.name)
    if reading is None or reading.state is not JobState.COMPLETE:
        return []
    return [pod for pod in reading.pods if pod.exit_code == 0]


def plan_outcome(job: JobFacts | None, seen: Observed) -> PlanOutcome | None:
    """What the plan pod left."""
    said = (pod.said for pod in succeeded_pods(job, seen))
    return next((word.plan for word in said if word is not None and word.plan is not None), None)


def report_outcome(job: JobFacts | None, seen: Observed) -> ReportOutcome | None:
    """What the summarize pod left."""
    said = (pod.said for pod in succeeded_pods(job, seen))
    return next(
        (word.report for word in said if word is not None and word.report is not None), None
    )


def gap_of(job: JobFacts | None, seen: Observed) -> frozenset[int]:
    """Shards whose items a failed summary misses."""
    if job is None or job.deleting or job.state is not JobState.FAILED:
        return frozenset()
    reading = seen.readings.get(job.name)
    said = [pod.said for pod in (reading.pods if reading is not None else ())]
    return next(
        (indexes_of(word.gaps) for word in reversed(said) if word and word.gaps), frozenset()
    )


def awaits_outcome(job: JobFacts, seen: Observed) -> bool:
    """Whether a complete Job's pod says something that is not in the status yet."""
    if job.state is not JobState.COMPLETE or job.deleting or job.stage is Stage.SHARD:
        return False
    return job.stage is not Stage.PLAN or not seen.status.models


def _has_news(job: JobFacts, seen: Observed) -> bool:
    if job.deleting:
        return False
    reading = seen.readings.get(job.name)
    if job.state is JobState.FAILED or awaits_outcome(job, seen):
        return reading is None or reading.state is not job.state
    return job.failed > (reading.failed if reading is not None else 0)


def _next_look(job: JobFacts, seen: Observed, settings: Settings) -> datetime | None:
    if is_starting(job):
        return _look_at(job, seen, settings)
    if may_lack_a_pod(job) and job.started is not None:
        return max(_look_at(job, seen, settings), podless_since(job, settings))
    return _look_for_the_lost(job, seen, settings) if job.terminating else None


def _look_for_the_lost(job: JobFacts, seen: Observed, settings: Settings) -> datetime | None:
    """At once for which pods are to end, then once more when they should be gone for long."""
    reading = seen.readings.get(job.name)
    if reading is None:
        return job.started or job.created
    grace = timedelta(seconds=settings.node_lost_grace_seconds)
    ending = [pod.deleting + grace for pod in reading.pods if pod.deleting and pod.is_ending]
    ahead = [at for at in ending if at > reading.at]
    if ahead:
        return min(ahead)
    is_news = reading.version != job.version
    return reading.at + timedelta(seconds=LONGEST_PAUSE) if is_news else None


def _look_at(job: JobFacts, seen: Observed, settings: Settings) -> datetime:
    """When to look next: the pause grows with the time that a pod has been starting."""
    since = job.started or job.created
    reading = seen.readings.get(job.name)
    if reading is None:
        return since + timedelta(seconds=settings.pod_check_seconds)
    waited = (reading.at - since).total_seconds()
    pause = max(settings.pod_check_seconds, min(waited / 2, LONGEST_PAUSE))
    return reading.at + timedelta(seconds=pause)


def _last_look(picture: Picture, seen: Observed) -> datetime:
    names = [job.name for job in picture.open]
    looks = [seen.readings[name].at for name in names if name in seen.readings]
    return max(looks, default=min(job.created for job in picture.open) - timedelta(days=1))
