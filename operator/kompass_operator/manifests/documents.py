"""The ConfigMap that holds a run document. Pure."""

from __future__ import annotations

from kompass_api.evalrun import EvalRun
from kompass_api.rundocument import RUN_DOCUMENT_KEY, RunDocument
from kompass_operator.cluster import Manifest
from kompass_operator.manifests.owners import owner_reference
from kompass_operator.names import document_name, labels


def config_map(run: EvalRun, document: RunDocument) -> Manifest:
    """The immutable ConfigMap of a run."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": document_name(run.metadata, document.attempt),
            "namespace": run.metadata.namespace,
            "labels": labels(run.metadata),
            "ownerReferences": [owner_reference(run.metadata)],
        },
        "immutable": True,
        "data": {RUN_DOCUMENT_KEY: document.encoded()},
    }
