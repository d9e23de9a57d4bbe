"""From the watched objects to the policies for a namespace; what cannot be read forbids. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from kompass_api.conditions import Reason
from kompass_api.evalpolicy import EvalPolicy
from kompass_api.resolution import Problem
from kompass_operator.policies.sight import PolicySight
from kompass_operator.unreadable import complaint
from kompass_operator.views import Json


def sight_of(
    bodies: Iterable[Json], namespace: str, labels: Mapping[str, str] | None
) -> PolicySight:
    """The policies for a namespace; `labels` is None where the namespace is not known yet."""
    read, unreadable = _read(bodies)
    if labels is None and any(policy.spec.namespace_selector is not None for policy in read):
        return PolicySight(unreadable=(_unknown(namespace), *unreadable))
    chosen = [policy for policy in read if policy.spec.selects(namespace, labels or {})]
    chosen.sort(key=lambda policy: policy.metadata.name)
    return PolicySight(policies=tuple(chosen), unreadable=tuple(unreadable))


def _read(bodies: Iterable[Json]) -> tuple[list[EvalPolicy], list[Problem]]:
    read: list[EvalPolicy] = []
    unreadable: list[Problem] = []
    for body in bodies:
        try:
            read.append(EvalPolicy.model_validate(body))
        except ValidationError as error:
            name = body["metadata"]["name"]
            message = (
                f"EvalPolicy {name} cannot be read ({complaint(error)}), so nothing is allowed: "
                "are CRDs and operator of the same release?"
            )
            unreadable.append(Problem(Reason.POLICY_DENIED, message, may_pass=True))
    return read, unreadable


def _unknown(namespace: str) -> Problem:
    return Problem(
        Reason.WAITING_FOR_REFERENCES,
        f"the labels of namespace {namespace!r}, by which EvalPolicies select, are not known yet",
        may_pass=True,
    )
