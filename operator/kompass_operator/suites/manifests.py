"""The EvalRun that a suite makes. Pure."""

from __future__ import annotations

from typing import Final

from kompass_api.evalsuite import EvalSuite
from kompass_api.resources import API_VERSION, GROUP
from kompass_operator.cluster import Manifest
from kompass_operator.names import MANAGER
from kompass_operator.suites.matrix import WantedRun

SUITE_LABEL: Final = f"{GROUP}/suite"


def evalrun(suite: EvalSuite, wanted: WantedRun) -> Manifest:
    """The run; it goes with its suite, its results stay."""
    spec = wanted.spec.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude_defaults=True
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "EvalRun",
        "metadata": {
            "name": wanted.name,
            "namespace": suite.metadata.namespace,
            "labels": {
                "app.kubernetes.io/part-of": "kompass",
                "app.kubernetes.io/managed-by": MANAGER,
                SUITE_LABEL: suite.metadata.name,
            },
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": "EvalSuite",
                    "name": suite.metadata.name,
                    "uid": suite.metadata.uid,
                    "controller": True,
                    # True would need the right to update evalsuites/finalizers.
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": spec,
    }
