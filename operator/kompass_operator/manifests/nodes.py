"""Keeping a pod away from nodes whose device is broken. Pure."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from kompass_operator.cluster import Manifest

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def away_from(nodes: Sequence[str], pod: Manifest) -> Manifest:
    """The pod, never on these nodes; whatever else it asks of a node stays."""
    if not nodes:
        return pod
    kept = copy.deepcopy(pod)
    affinity = kept.setdefault("affinity", {}).setdefault("nodeAffinity", {})
    # One of the terms has to hold, so that each of them has to name the nodes.
    terms = affinity.setdefault(_REQUIRED, {}).setdefault("nodeSelectorTerms", [{}])
    for term in terms:
        fields = term.setdefault("matchFields", [])
        fields += [
            {"key": "metadata.name", "operator": "NotIn", "values": [node]} for node in nodes
        ]
    return kept
