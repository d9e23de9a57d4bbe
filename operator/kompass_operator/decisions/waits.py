"""Why pods do not start, and when that is no longer worth waiting for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_operator.conditions import Ending
from kompass_operator.decisions.picture import Picture
from kompass_operator.decisions.readings import is_starting, may_lack_a_pod, podless_since
from kompass_operator.observed import JobFacts, Observed, PodFacts
from kompass_operator.settings import Settings

_IMAGE_REASONS: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
_NO_SUCH_IMAGE: Final = (
    "not found",
    "notfound",
    "unauthorized",
    "denied",
    "manifest unknown",
    "name unknown",
    "invalidimagename",
    "errimageneverpull",
    "not present with pull policy",
    "couldn't parse image",
)
_NO_VOLUME: Final = re.compile(r'persistentvolumeclaim "[^"]*" not found')
_NODES: Final = re.compile(r"^0/(\d+) nodes are available")
_UNFIT: Final = re.compile(r"(\d+) node\(s\) didn't match Pod's node affinity/selector")
_CONFIG_REASON: Final = "CreateContainerConfigError"


@dataclass(frozen=True)
class Wait:
    """A pod that does not start: why, and what happens when it lasts."""

    reason: Reason
    message: str
    fails: Reason | None = None
    fails_at: datetime | None = None
    model: str | None = None
    """The model whose shard it is."""
    stalls: bool = False
    """Waiting alone does not mend it: a person has to."""

    def ending(self, now: datetime) -> Ending | None:
        """Why the run fails, once the time is over."""
        if self.fails is None or self.fails_at is None or now < self.fails_at:
            return None
        return Ending(self.fails, self.message)


def waits(
    run: EvalRun, picture: Picture, seen: Observed, now: datetime, settings: Settings
) -> list[Wait]:
    """Every reason that keeps a pod from starting, the gravest first."""
    found = [_limited(run, job, wait) for job, wait in _waits(picture, seen, now, settings)]
    return sorted(found, key=_gravity)


def _gravity(wait: Wait) -> tuple[bool, bool, str, str]:
    return (not wait.stalls, wait.fails is None, wait.reason, wait.message)


def next_failure(found: list[Wait]) -> datetime | None:
    """When the first of the waits fails the run."""
    return min((wait.fails_at for wait in found if wait.fails_at is not None), default=None)


def _waits(
    picture: Picture, seen: Observed, now: datetime, settings: Settings
) -> Iterator[tuple[JobFacts, Wait]]:
    for job in picture.open:
        if _has_no_pod(job, now, settings):
            yield job, _podless_wait(job, picture, seen)
        reading = seen.readings.get(job.name)
        if reading is None or not is_starting(job):
            continue
        pending = [pod for pod in reading.pods if pod.phase == "Pending"]
        for pod in pending[-1:]:
            wait = _wait(job, pod, picture, settings)
            if wait is not None:
                yield job, replace(wait, model=picture.model_of(job))


def _limited(run: EvalRun, job: JobFacts, wait: Wait) -> Wait:
    """The wait with the run's own limit, where that is over sooner."""
    seconds = run.spec.execution.pending_deadline_seconds
    if seconds is None:
        return wait
    until = (job.started or job.created) + timedelta(seconds=seconds)
    if wait.fails_at is not None and wait.fails_at <= until:
        return wait
    return replace(wait, fails=Reason.PENDING_DEADLINE_EXCEEDED, fails_at=until)


def _wait(job: JobFacts, pod: PodFacts, picture: Picture, settings: Settings) -> Wait | None:
    where = picture.place_of(job)
    if pod.unschedulable:
        return _node_wait(where, pod)
    since = pod.scheduled or pod.created or job.created
    if pod.container_reason in _IMAGE_REASONS:
        return _image_wait(where, pod, since, settings)
    if pod.container_reason == _CONFIG_REASON:
        return _config_wait(where, pod, since + timedelta(seconds=settings.pod_grace_seconds))
    return None


def _node_wait(where: str, pod: PodFacts) -> Wait:
    message = f"{where} finds no node: {pod.unschedulable}"
    if not is_for_ever(pod.unschedulable):
        return Wait(Reason.UNSCHEDULABLE, message)
    hint = "; no node will do as things are: mend spec.placement or the volume, or add a node"
    return Wait(Reason.UNSCHEDULABLE_SPEC, message + hint, stalls=True)


def is_for_ever(said: str) -> bool:
    """Whether the scheduler's words mean that no node that exists will ever do."""
    if _NO_VOLUME.search(said):
        return True
    every = _NODES.search(said)
    unfit = sum(int(count) for count in _UNFIT.findall(said))
    return every is not None and int(every[1]) > 0 and unfit >= int(every[1])


def podless_at(picture: Picture, settings: Settings) -> datetime | None:
    """When a Job without a pod becomes worth telling of."""
    times = [podless_since(job, settings) for job in picture.open if may_lack_a_pod(job)]
    return min(times, default=None)


def _has_no_pod(job: JobFacts, now: datetime, settings: Settings) -> bool:
    return may_lack_a_pod(job) and now >= podless_since(job, settings)


def _podless_wait(job: JobFacts, picture: Picture, seen: Observed) -> Wait:
    reading = seen.readings.get(job.name)
    where = picture.place_of(job)
    if reading is not None and reading.refusal:
        is_quota = "exceeded quota" in reading.refusal
        reason = Reason.QUOTA_EXCEEDED if is_quota else Reason.WAITING
        return Wait(reason, f"{where} may not have a pod: {reading.refusal}")
    return Wait(
        Reason.WAITING,
        f"{where} has no pod yet: a ResourceQuota or an admission policy may refuse it; "
        f"`kubectl describe job {job.name}` says so in its events",
    )


def _image_wait(where: str, pod: PodFacts, since: datetime, settings: Settings) -> Wait:
    said = f"{pod.container_reason} {pod.container_message}".lower()
    # kubelet alternates between the error and "Back-off pulling image: ErrImagePull: <the error>".
    cause = pod.container_message.rpartition("ErrImagePull: ")[2] or pod.container_reason
    message = f"{where}: the image cannot be pulled: {cause}"
    is_missing = any(word in said for word in _NO_SUCH_IMAGE)
    seconds = settings.pod_grace_seconds if is_missing else settings.image_grace_seconds
    until = since + timedelta(seconds=seconds)
    hint = (
        "; check spec.image and spec.imagePullSecrets of the ModelEndpoint, or the operator's "
        "worker image"
        if is_missing
        else "; tried again"
    )
    return Wait(
        Reason.IMAGE_PULL_BACK_OFF,
        f"{message}{hint}; the run fails at {_clock(until)} unless it appears",
        Reason.IMAGE_UNAVAILABLE,
        until,
        stalls=is_missing,
    )


def _config_wait(where: str, pod: PodFacts, until: datetime) -> Wait:
    about_secret = "secret" in pod.container_message.lower()
    reason = Reason.SECRET_MISSING if about_secret else Reason.WAITING
    return Wait(
        reason,
        f"{where} cannot start: {pod.container_message}; create it in the run's namespace; "
        f"the run fails at {_clock(until)} unless it appears",
        Reason.SECRET_MISSING if about_secret else Reason.INTERNAL_ERROR,
        until,
        stalls=True,
    )


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S UTC")
