"""The CustomResourceDefinitions of Kompass, made from the resources' models. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from kompass_api.benchmark import Benchmark
from kompass_api.conditions import ConditionType
from kompass_api.endpointconditions import EndpointCondition
from kompass_api.evalpolicy import EvalPolicy
from kompass_api.evalrun import EvalRun
from kompass_api.evalsuite import EvalSuite
from kompass_api.modelendpoint import ModelEndpoint
from kompass_api.resources import GROUP, VERSION
from kompass_api.schema import custom_resource

CATEGORY: Final = "evals"
"""`kubectl get evals` lists every kind."""


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`; a wide one shows with `-o wide`."""

    name: str
    path: str
    description: str
    kind: str = "string"
    wide: bool = False

    def rendered(self) -> dict[str, Any]:
        """The column as a CRD has it."""
        column = {
            "name": self.name,
            "type": self.kind,
            "description": self.description,
            "jsonPath": self.path,
        }
        return column | {"priority": 1} if self.wide else column


@dataclass(frozen=True)
class Kind:
    """A kind of resource and how kubectl shows it."""

    model: type[BaseModel]
    plural: str
    short: str
    columns: tuple[Column, ...]
    namespaced: bool = True

    @property
    def has_status(self) -> bool:
        """Whether the operator says something about an object of this kind."""
        return "status" in self.model.model_fields

    @property
    def name(self) -> str:
        """Name of the kind, such as EvalRun."""
        return self.model.__name__

    @property
    def crd_name(self) -> str:
        """Name of the CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


def _condition(kind: ConditionType | EndpointCondition, part: str) -> str:
    # By type: the order of conditions means nothing.
    return f'.status.conditions[?(@.type=="{kind}")].{part}'


_AGE: Final = Column("Age", ".metadata.creationTimestamp", "When it was created.", "date")

KINDS: Final = (
    Kind(
        EvalRun,
        "evalruns",
        "er",
        (
            Column("Phase", ".status.phase", "What it is doing, for the eye."),
            Column("Progress", ".status.progress", "Shards finished of all."),
            Column("Items", ".status.items.done", "Items with an answer.", "integer"),
            Column(
                "ETA",
                ".status.items.etaSeconds",
                "Seconds until the last answer.",
                "integer",
                wide=True,
            ),
            Column("Score", ".status.score", "First number of the report."),
            Column(
                "Succeeded",
                _condition(ConditionType.SUCCEEDED, "status"),
                "Unknown until the run is finished, then True or False.",
            ),
            Column(
                "Reason",
                _condition(ConditionType.SUCCEEDED, "reason"),
                "Why it succeeded, failed or is not finished.",
            ),
            Column("Results", ".status.results.uri", "Folder of the report.", wide=True),
            Column("Started", ".status.startTime", "When it was accepted.", "date", wide=True),
            _AGE,
        ),
    ),
    Kind(
        ModelEndpoint,
        "modelendpoints",
        "mep",
        (
            Column("Type", ".spec.modelType", "Chat or Base."),
            Column("Backend", ".spec.backend", "What runs it."),
            Column("Source", ".spec.source.uri", "Where its weights lie."),
            Column(
                "Ready",
                _condition(EndpointCondition.READY, "status"),
                "Whether shards are started.",
            ),
            Column(
                "Reason",
                _condition(EndpointCondition.READY, "reason"),
                "Why it is ready or not.",
            ),
            Column("Runs", ".status.activeRuns", "Unfinished runs that ask it.", "integer"),
            Column("Device", ".spec.device", "Where it computes.", wide=True),
            Column("Served", ".spec.serving.model", "Its name at the server.", wide=True),
            Column("URL", ".status.url", "Its server.", wide=True),
            Column("Revision", ".spec.source.revision", "Revision on the hub.", wide=True),
            Column("Dtype", ".spec.dtype", "Number format of the weights.", wide=True),
            _AGE,
        ),
    ),
    Kind(
        EvalSuite,
        "evalsuites",
        "es",
        (
            Column("Ready", _condition(ConditionType.READY, "status"), "Every run is complete."),
            Column("Reason", _condition(ConditionType.READY, "reason"), "Why, or why not."),
            Column("Progress", ".status.progress", "Runs finished of those wanted."),
            Column("Failed", ".status.runs.failed", "Runs that failed.", "integer"),
            Column("Next", ".status.nextScheduleTime", "When it measures next.", wide=True),
            Column("Kept", ".status.runs.kept", "Earlier runs.", "integer", wide=True),
            _AGE,
        ),
    ),
    Kind(
        Benchmark,
        "benchmarks",
        "bm",
        (
            Column("Method", ".spec.method", "How an answer is got."),
            Column("Metric", ".spec.metric.name", "What is counted."),
            Column("Source", ".spec.data.source.uri", "Where its rows lie."),
            Column("Description", ".spec.description", "For a person.", wide=True),
            _AGE,
        ),
    ),
    Kind(
        EvalPolicy,
        "evalpolicies",
        "ep",
        (
            Column("Network", ".spec.network", "How far pods may reach."),
            Column("RemoteCode", ".spec.trustRemoteCode", "Whether models' own code may run."),
            Column("Shards", ".spec.limits.maxShards", "Shards of a run.", "integer"),
            Column("GPUs/Run", ".spec.limits.maxGpusPerRun", "GPUs of a run.", "integer"),
            Column(
                "GPUs/Namespace",
                ".spec.limits.maxGpusPerNamespace",
                "GPUs of a namespace.",
                "integer",
            ),
            _AGE,
        ),
        namespaced=False,
    ),
)


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind."""
    singular = kind.name.lower()
    names = {
        "kind": kind.name,
        "listKind": f"{kind.name}List",
        "plural": kind.plural,
        "singular": singular,
        "shortNames": [kind.short],
        "categories": [CATEGORY],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name, "labels": {"app.kubernetes.io/part-of": "kompass"}},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": names,
            "versions": [_version(kind)],
        },
    }


def _version(kind: Kind) -> dict[str, Any]:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        **({"subresources": {"status": {}}} if kind.has_status else {}),
        "additionalPrinterColumns": [column.rendered() for column in kind.columns],
        "schema": {"openAPIV3Schema": custom_resource(kind.model)},
    }
