"""The same rules as ValidatingAdmissionPolicies: the API server refuses at `kubectl apply`. Pure.

`make generate` writes them into the chart. The operator judges in any case: they know one object at
a time, so what only a run with all that it names can show (GPUs of a run, data of built-in
benchmarks, shards that the plan counts, GPUs of a namespace) is the operator's alone.
"""

from __future__ import annotations

import re
from typing import Any, Final

from kompass_api.definitions import KINDS, Kind
from kompass_api.resources import API_VERSION, GROUP, VERSION
from kompass_api.rules import cel_text
from kompass_operator.policies.rules import RULES, Rule

Manifest = dict[str, Any]

_SELECTED: Final = (
    "!has(params.spec.namespaces) && !has(params.spec.namespaceSelector) || "
    "has(params.spec.namespaces) && request.namespace in params.spec.namespaces || "
    "has(params.spec.namespaceSelector) && "
    "params.spec.namespaceSelector.matchLabels.all(key, key in variables.labels && "
    "variables.labels[key] == params.spec.namespaceSelector.matchLabels[key]) && "
    "params.spec.namespaceSelector.matchExpressions.all(e, "
    "e.operator == 'Exists' ? e.key in variables.labels : "
    "e.operator == 'DoesNotExist' ? !(e.key in variables.labels) : "
    "(e.key in variables.labels && variables.labels[e.key] in e.values) == (e.operator == 'In'))"
)
_LABELS: Final = "namespaceObject.metadata.labels"
"""Every namespace has one: kubernetes.io/metadata.name."""


def admission_objects(name: str) -> list[Manifest]:
    """A policy and its binding for every kind with rules; their names begin with `name`."""
    judged = [kind for kind in KINDS if any(rule.kind == kind.name for rule in RULES)]
    return [
        manifest
        for kind in judged
        for manifest in (_policy(f"{name}-{kind.plural}", kind), _binding(f"{name}-{kind.plural}"))
    ]


def _policy(name: str, kind: Kind) -> Manifest:
    resources = {
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "operations": ["CREATE", "UPDATE"],
        "resources": [kind.plural],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": API_VERSION, "kind": "EvalPolicy"},
            "matchConstraints": {"resourceRules": [resources]},
            "variables": [
                {"name": "labels", "expression": _LABELS},
                {"name": "selected", "expression": _SELECTED},
            ],
            "validations": [_validation(rule) for rule in RULES if rule.kind == kind.name],
        },
    }


def _binding(policy: str) -> Manifest:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": policy},
        "spec": {
            "policyName": policy,
            "validationActions": ["Deny"],
            # Every EvalPolicy is asked, and each says itself for which namespaces it is.
            "paramRef": {"selector": {}, "parameterNotFoundAction": "Allow"},
        },
    }


def _validation(rule: Rule) -> Manifest:
    permits = re.sub(r"\blimit\b", rule.limit.cel_limit, rule.limit.cel_permits)
    shown = re.sub(r"\blimit\b", rule.limit.cel_limit, rule.limit.cel_shown)
    before = re.sub(r"\bobject\b", "oldObject", rule.cel_values)
    found = f"{rule.cel_values}.filter(value, !({permits})).map(value, string(value)).join(', ')"
    opening = cel_text(f", rule {rule.name}: {rule.field} ")
    return {
        # An update is judged by what it changes: a run must stay able to be suspended.
        "expression": f"!variables.selected || !({rule.limit.cel_is_set}) || "
        f"oldObject != null && {before} == {rule.cel_values} || "
        f"{rule.cel_values}.all(value, {permits})",
        "message": f"an EvalPolicy forbids it, rule {rule.name}",
        "messageExpression": f"'EvalPolicy ' + params.metadata.name + {opening} + {found} + "
        f"'; allowed is ' + {shown}",
    }
