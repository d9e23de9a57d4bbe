"""Right manifests of every kind, and wrong ones with what must be said about them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

Manifest = dict[str, Any]

REMOVED: Final = object()
"""As a value: the field is taken out."""

COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"
DIGEST: Final = "sha256:" + "0" * 64

RIGHT: Final[Mapping[str, Manifest]] = {
    "EvalRun": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": "demo"},
        "spec": {
            "models": [{"name": "llama"}],
            "benchmarks": [{"name": "ceval-gen", "source": {"uri": "s3://data/ceval"}}],
            # The table is also tried beside an operator: it starts nothing.
            "execution": {"suspend": True},
        },
    },
    "EvalSuite": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalSuite",
        "metadata": {"name": "suite"},
        "spec": {
            "suspend": True,
            "template": {
                "spec": {
                    "models": [{"name": "llama"}],
                    "benchmarks": [{"name": "ceval-gen", "source": {"uri": "s3://data/ceval"}}],
                }
            },
        },
    },
    "ModelEndpoint": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": "llama"},
        "spec": {"source": {"uri": "hf://meta/llama"}},
    },
    "Benchmark": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "Benchmark",
        "metadata": {"name": "trivia"},
        "spec": {
            "data": {
                "source": {"uri": "hf://datasets/acme/trivia"},
                "inputColumns": ["question"],
                "outputColumn": "answer",
            },
            "prompt": {
                "rounds": [
                    {"role": "HUMAN", "prompt": "{question}"},
                    {"role": "BOT", "prompt": "{answer}"},
                ]
            },
            "method": "Generation",
            "extraction": [{"name": "first_capital"}],
        },
    },
    "EvalPolicy": {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalPolicy",
        "metadata": {"name": "research"},
        # For a namespace that no test has: the table is also tried beside an operator.
        "spec": {"namespaces": ["nowhere"], "limits": {"maxShards": 8}},
    },
}


@dataclass(frozen=True)
class Wrong:
    """A manifest that must be refused: the changes that spoil a right one, and the answer."""

    kind: str
    changes: Mapping[str, object]
    field: str
    """Path that the API server names."""
    fix: str
    """Words that say what to do; those of a rule of ours, or the API server's own."""

    @property
    def manifest(self) -> Manifest:
        """The spoilt manifest."""
        return changed(RIGHT[self.kind], self.changes)


def changed(manifest: Mapping[str, Any], changes: Mapping[str, object]) -> Manifest:
    """A copy with values set at dotted paths; a number is a place in a list."""
    result = copy.deepcopy(dict(manifest))
    for path, value in changes.items():
        *parents, last = (int(part) if part.isdigit() else part for part in path.split("/"))
        node: Any = result
        for part in parents:
            node = node[part] if isinstance(part, int) else node.setdefault(part, {})
        if value is REMOVED:
            del node[last]
        else:
            node[last] = copy.deepcopy(value)
    return result


LABEL: Final = "use lower-case letters, digits and '-'"
URI: Final = "uri must be hf://owner/name, hf://datasets/owner/name, s3://bucket/prefix"
