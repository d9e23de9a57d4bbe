"""Gates: what a run's scores must be, absolute or against a baseline run by a paired test."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from kompass_api.quantities import Decimal
from kompass_api.resources import ApiModel, DnsLabel, RuledModel
from kompass_api.rules import Shape, rule

MAX_GATES: Final = 16


class GateMode(StrEnum):
    """What a failed gate does to the run's Ready condition."""

    GATE = "Gate"
    """Ready is False and Stalled True: what waits for the run is held."""
    RECORD = "Record"
    """Only GatesPassed tells."""


class GateOperator(StrEnum):
    """How a score is held against a value."""

    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"


class Baseline(RuledModel):
    """A finished run that this one may not be worse than, item by item."""

    run: Annotated[
        DnsLabel | None, Field(description="EvalRun of the namespace; waited for until it ends.")
    ] = None
    uri: Annotated[
        Annotated[
            str,
            Field(max_length=1024),
            Shape(
                r"^(s3://[^\s]+|file:///[^\s]+)$",
                "uri must be a report's folder, as status.results.uri of a run says it",
            ),
        ]
        | None,
        Field(description="Folder of a report, in the run's own storage, instead of a run."),
    ] = None
    model: Annotated[
        DnsLabel | None,
        Field(description="Model of the baseline. Left out: the gate's, or its only one."),
    ] = None
    significance: Annotated[
        Annotated[
            str,
            Field(max_length=8),
            Shape(r"^0[.][0-9]*[1-9][0-9]*$", "significance is between 0 and 1, such as 0.05"),
        ],
        Field(
            description="A lower score fails the gate if chance gives such a difference less "
            "often than this (two-sided paired test)."
        ),
    ] = "0.05"

    @rule(
        "has(self.run) != has(self.uri)",
        "baseline takes run or uri, one of them",
    )
    def _one_baseline(self) -> bool:
        return (self.run is None) != (self.uri is None)


class Gate(RuledModel):
    """What one number of the report must be."""

    name: Annotated[DnsLabel, Field(description="Name of the gate, for messages.")]
    benchmark: Annotated[
        str,
        Field(
            description="Row of the report: a benchmark, a subject's row or a group.",
            min_length=1,
            max_length=253,
        ),
    ]
    metric: Annotated[
        str | None,
        Field(description="Metric of the row. Left out: its first.", min_length=1, max_length=63),
    ] = None
    model: Annotated[
        DnsLabel | None, Field(description="Model of the run. Left out: every one has to pass.")
    ] = None
    operator: Annotated[GateOperator, Field(description="How the score is held against value.")] = (
        GateOperator.AT_LEAST
    )
    value: Annotated[
        Decimal | None,
        Field(description="What the score is held against, as the report shows it: in percent."),
    ] = None
    baseline: Annotated[
        Baseline | None,
        Field(description="A run that this one may not be worse than, instead of a value."),
    ] = None

    @rule(
        "has(self.value) != has(self.baseline)",
        "a gate takes value or baseline, one of them",
    )
    def _value_or_baseline(self) -> bool:
        return (self.value is None) != (self.baseline is None)


class ResolvedGate(ApiModel):
    """A gate, with the folder of its baseline's report."""

    gate: Gate
    baseline_uri: str | None = None


class GateOutcome(ApiModel):
    """Whether a gate passed, and by which numbers."""

    name: Annotated[str, Field(description="The gate.", max_length=63)]
    passed: Annotated[bool, Field(description="Whether it passed.")]
    value: Annotated[str, Field(description="The score that decided.", max_length=32)] = ""
    threshold: Annotated[
        str, Field(description="What it was held against, such as >= 60.", max_length=64)
    ] = ""
    message: Annotated[str, Field(description="What was found, in words.", max_length=256)] = ""
