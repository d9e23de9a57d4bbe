"""What a Workload means, in Kompass' words. Pure.

Kueue has two vocabularies for a Workload that has no quota: the two reasons `Pending` and
`Inadmissible` with the cause in the message, and, behind a feature gate, a reason for each cause.
Reasons are open: one that is not known here is a wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kompass_api.conditions import Reason
from kompass_operator.queueing.facts import Word, WorkloadFacts

_BY_REASON: Final[Mapping[str, Reason]] = {
    "NoMatchingFlavor": Reason.NO_MATCHING_FLAVOR,
    "ExceedsMaxQuota": Reason.EXCEEDS_MAX_QUOTA,
    "Misconfigured": Reason.QUEUE_NOT_FOUND,
}
_HOPE: Final = ("insufficient unused quota", "Pending the preemption")
_TOO_MUCH: Final = ("> maximum capacity", "insufficient quota")
_NO_FLAVOR: Final = (
    "untolerated taint",
    "doesn't match node affinity",
    "unavailable in ClusterQueue",
    "not found",
)
_STOPPED: Final = "stopped"
_HINTS: Final[Mapping[Reason, str]] = {
    Reason.QUEUE_NOT_FOUND: "make the LocalQueue in the run's namespace (or the ClusterQueue "
    "behind it), or apply the run anew with another spec.execution.queue.name",
    Reason.EXCEEDS_MAX_QUOTA: "the queue can never give that much: raise its quota, or ask for "
    "less in the ModelEndpoint",
    Reason.NO_MATCHING_FLAVOR: "no flavor of the queue fits: compare gpu, nodeSelector and "
    "tolerations of the ModelEndpoint with its ResourceFlavors",
}


@dataclass(frozen=True)
class Standing:
    """Where a Job stands with its queue."""

    reason: Reason
    message: str = ""
    admitted: bool = False
    evicted: bool = False

    @property
    def needs_a_person(self) -> bool:
        """Whether waiting alone does not help."""
        return self.reason in {*_HINTS, Reason.WORKLOAD_MISSING}

    @property
    def gravity(self) -> int:
        """The gravest standing is the one to tell of."""
        order = (Reason.WORKLOAD_DEACTIVATED, *_HINTS, Reason.WORKLOAD_MISSING)
        later = (Reason.PREEMPTED, Reason.EVICTED)
        every = (*order, *later)
        return every.index(self.reason) if self.reason in every else len(every)


def standing_of(workload: WorkloadFacts) -> Standing:
    """What a Workload says of its Job."""
    if not workload.active:
        return Standing(Reason.WORKLOAD_DEACTIVATED, _why_parked(workload), evicted=True)
    if workload.evicted is not None and workload.evicted.is_true:
        return _evicted(workload, workload.evicted)
    if workload.reserved is None:
        return Standing(Reason.WAITING_FOR_QUOTA, "Kueue has not looked at it yet")
    if workload.reserved.is_true:
        return _reserved(workload)
    return _without_quota(workload.reserved)


def _evicted(workload: WorkloadFacts, word: Word) -> Standing:
    """An evicted Workload; once it waits again, also what it waits for."""
    reason = Reason.PREEMPTED if word.reason == "Preempted" else Reason.EVICTED
    said = f"{word.reason}: {word.message}"
    waits = workload.reserved
    if waits is None or waits.is_true or waits.message == word.message:
        return Standing(reason, said, evicted=True)
    now = _without_quota(waits)
    if now.needs_a_person:
        return Standing(now.reason, f"{now.message}; it was evicted before ({said})", evicted=True)
    return Standing(reason, f"{said}; now: {waits.message}", evicted=True)


def _reserved(workload: WorkloadFacts) -> Standing:
    unchecked = workload.admitted is not None and not workload.admitted.is_true
    if unchecked or workload.admitted is None:
        said = workload.admitted.message if workload.admitted is not None else ""
        message = f"quota is reserved, and admission checks are not done: {said}".rstrip(": ")
        return Standing(Reason.WAITING_FOR_QUOTA, message)
    said = workload.reserved.message if workload.reserved is not None else ""
    return Standing(Reason.QUOTA_RESERVED, said, admitted=True)


def _without_quota(word: Word) -> Standing:
    reason = _cause(word)
    hint = _HINTS.get(reason)
    return Standing(reason, f"{word.message}: {hint}" if hint else word.message)


def _cause(word: Word) -> Reason:
    said = word.message
    if word.reason in _BY_REASON:
        return _BY_REASON[word.reason]
    if word.reason == "Inadmissible":
        return Reason.WAITING_FOR_QUOTA if _STOPPED in said else Reason.QUEUE_NOT_FOUND
    if word.reason != "Pending" or any(words in said for words in _HOPE):
        return Reason.WAITING_FOR_QUOTA
    if any(words in said for words in _TOO_MUCH):
        return Reason.EXCEEDS_MAX_QUOTA
    if any(words in said for words in _NO_FLAVOR):
        return Reason.NO_MATCHING_FLAVOR
    return Reason.WAITING_FOR_QUOTA


def _why_parked(workload: WorkloadFacts) -> str:
    word = workload.evicted or workload.reserved
    return word.message if word is not None and word.message else "The workload is deactivated"
