"""Which nodes a pod may or would rather run on: the part of Kubernetes' affinity that fits.

Pods to be near to or away from are not part of it: shards are spread over places instead. The
forms of keys and values are left to the API server: said here, at every place, they would make
half of the CRD.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.resources import ApiModel, RuledModel
from kompass_api.rules import rule

_WHOLE: Final = re.compile(r"-?[0-9]+")


class NodeRequirement(RuledModel):
    """A condition on a node's label."""

    key: Annotated[str, Field(description="Label of the node.", min_length=1, max_length=316)]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
        Field(description="How the label is compared."),
    ]
    values: Annotated[
        list[Annotated[str, Field(max_length=63)]],
        Field(description="What it is compared with.", max_length=16),
    ] = []

    @rule(
        "self.operator in ['In', 'NotIn'] ? size(self.values) > 0 : "
        "self.operator in ['Exists', 'DoesNotExist'] ? size(self.values) == 0 : "
        "size(self.values) == 1 && self.values[0].matches('^-?[0-9]+$')",
        "In and NotIn need values, Exists and DoesNotExist take none, Gt and Lt one whole number",
        field=".values",
    )
    def _values_fit_the_operator(self) -> bool:
        if self.operator in {"In", "NotIn"}:
            return bool(self.values)
        if self.operator in {"Exists", "DoesNotExist"}:
            return not self.values
        return len(self.values) == 1 and _WHOLE.fullmatch(self.values[0]) is not None


class NodeSelectorTerm(ApiModel):
    """Conditions that hold together."""

    match_expressions: Annotated[
        list[NodeRequirement], Field(description="All of them hold.", min_length=1, max_length=8)
    ]


class NodeSelector(ApiModel):
    """Alternatives, one of which must hold."""

    node_selector_terms: Annotated[
        list[NodeSelectorTerm], Field(description="One of them holds.", min_length=1, max_length=4)
    ]


class PreferredNodes(ApiModel):
    """Nodes that are better than others."""

    weight: Annotated[int, Field(description="How much it counts.", ge=1, le=100)]
    preference: Annotated[NodeSelectorTerm, Field(description="What such a node has.")]


class NodeAffinity(ApiModel):
    """Which nodes a pod may or would rather run on."""

    required_during_scheduling_ignored_during_execution: Annotated[
        NodeSelector | None, Field(description="Nodes that it may run on.")
    ] = None
    preferred_during_scheduling_ignored_during_execution: Annotated[
        list[PreferredNodes], Field(description="Nodes that it would rather run on.", max_length=8)
    ] = []


class Affinity(ApiModel):
    """Nodes that pods want, as in a pod."""

    node_affinity: Annotated[NodeAffinity | None, Field(description="Nodes.")] = None


class TopologySpreadConstraint(ApiModel):
    """How evenly the shards of a run are spread over places."""

    max_skew: Annotated[
        int, Field(description="Shards that one place may have more than another.", ge=1, le=64)
    ] = 1
    topology_key: Annotated[
        str,
        Field(
            description="Label of nodes that names a place, such as topology.kubernetes.io/zone.",
            min_length=1,
            max_length=316,
        ),
    ]
    when_unsatisfiable: Annotated[
        Literal["DoNotSchedule", "ScheduleAnyway"],
        Field(description="Whether a shard waits for an even place or takes any."),
    ] = "ScheduleAnyway"
