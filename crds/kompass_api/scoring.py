"""How an answer is read and what it is worth: extraction, metric, means of groups."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kompass_api.quantities import Decimal
from kompass_api.resources import ApiModel
from kompass_api.rules import KeyedBy, Shape


class GroupMean(StrEnum):
    """How a group's number comes from its rows'."""

    NAIVE_AVERAGE = "naive_average"
    WEIGHTED_AVERAGE = "weighted_average"
    HARMONIC_MEAN = "harmonic_mean"
    """As OpenCompass has it: where one is 0 or less, all are raised to at least 1."""
    PLAIN_HARMONIC_MEAN = "plain_harmonic_mean"
    """Without that: 0 where one is 0 or less."""
    SUM = "sum"
    STANDARD_DEVIATION = "standard_deviation"


RuleName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Shape(
        r"^[a-z][a-z0-9_-]*(@[a-z0-9][a-z0-9.]*)?$",
        "a rule's name has small letters, digits, '_' and '-', and may end with '@' and a version, "
        "such as first_option@0.5",
    ),
]
"""Name of an extraction or a metric in the worker's registry."""

Arguments = Annotated[
    dict[
        Annotated[str, Field(max_length=63)],
        Annotated[str, Field(max_length=4096)],
    ],
    Field(description="Settings of the rule, by name; see its documentation.", max_length=16),
]


class ExtractionStep(ApiModel):
    """One rule of the chain that reads the answer out of what a model wrote."""

    name: Annotated[RuleName, Field(description="Rule, such as first_option@0.5.")]
    arguments: Arguments = {}


class Metric(ApiModel):
    """What is counted."""

    name: Annotated[RuleName, Field(description="Metric, such as accuracy.")] = "accuracy"
    arguments: Arguments = {}


class Scoring(ApiModel):
    """How a subject is scored where that differs from the benchmark's own way."""

    extraction: Annotated[
        list[ExtractionStep], Field(description="Instead of the benchmark's.", max_length=8)
    ] = []
    metric: Annotated[Metric, Field(description="Instead of the benchmark's.")] = Metric()


class GroupMember(ApiModel):
    """A row of the table, as part of a mean."""

    row: Annotated[str, Field(description="Name of the row.", min_length=1, max_length=128)]
    benchmark: Annotated[
        str,
        Field(
            description="Its benchmark in the run. Empty: the one that has such a row.",
            max_length=63,
        ),
    ] = ""
    metric: Annotated[str, Field(description="Its metric. Empty: the first.", max_length=63)] = ""
    weight: Annotated[
        int, Field(description="Its weight in a weighted_average.", ge=0, le=1_000_000_000)
    ] = 1
    multiply: Annotated[
        Decimal, Field(description="Its number times this, before the mean is taken.")
    ] = "1"
    add: Annotated[Decimal, Field(description="Plus this, after the multiplication.")] = "0"


class RowGroup(ApiModel):
    """Rows of several benchmarks whose mean is a row; one of an earlier group may be among them."""

    name: Annotated[str, Field(description="Row of the table.", min_length=1, max_length=128)]
    members: Annotated[
        list[GroupMember], Field(description="Its rows.", min_length=1, max_length=256)
    ]
    mean: Annotated[GroupMean, Field(description="How its number comes from theirs.")] = (
        GroupMean.NAIVE_AVERAGE
    )
    metric: Annotated[
        str, Field(description="Name of its metric. Empty: that of the mean.", max_length=63)
    ] = ""


class Table(ApiModel):
    """Which rows a report's table has, and the means over several benchmarks."""

    rows: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128)]],
        Field(
            description="Rows in the order wanted. Empty: all, in the run's order.", max_length=1024
        ),
    ] = []
    groups: Annotated[
        list[RowGroup],
        Field(description="Rows with the mean of others.", max_length=64),
        KeyedBy("name"),
    ] = []


class PublishedScore(ApiModel):
    """A number that others have published, to compare with."""

    model: Annotated[str, Field(description="Model.", min_length=1, max_length=128)]
    row: Annotated[str, Field(description="Row of the table.", min_length=1, max_length=128)]
    metric: Annotated[str, Field(description="Metric.", max_length=63)] = "accuracy"
    value: Annotated[Decimal, Field(description="The number.")]
    source: Annotated[str, Field(description="Where it was published.", max_length=256)]
