"""Kueue, seen from outside: what its Workloads say of a run's Jobs. Nothing of it is written."""

from kompass_operator.queueing.facts import Word, WorkloadFacts, workload_facts
from kompass_operator.queueing.view import Place, WorkloadView
from kompass_operator.queueing.vocabulary import Standing, standing_of

__all__ = [
    "Place",
    "Standing",
    "Word",
    "WorkloadFacts",
    "WorkloadView",
    "standing_of",
    "workload_facts",
]
