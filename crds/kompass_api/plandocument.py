"""plan.json: every item that must be answered, and the shard that answers it.

Written once per run, put-if-absent. Same run document and data, same plan, byte for byte.
"""

from __future__ import annotations

import operator
from typing import Annotated, Literal

from pydantic import Field

from kompass_api.methods import Method
from kompass_api.resources import ApiModel
from kompass_api.scoring import GroupMean, GroupMember


class PlannedItem(ApiModel):
    """One question for one model."""

    id: str
    """`<benchmark>/<subject>/<row>`: unique within a model's items."""
    benchmark: str
    subject: str
    row: int
    """Row of the test split, from 0."""
    prompt_hash: str
    """SHA-256 over everything the model is given for this item."""
    tokens: int
    """Tokens the model reads: of the prompt, or of all labels' prompts together."""
    examples: int
    """Few-shot examples that fit."""
    example_rows: Annotated[list[int], Field(exclude_if=operator.not_)] = []
    """Rows of the example split that these are, where they were looked for among all (BM25, TopK):
    a shard then need not look again."""
    examples_dropped: int = 0
    truncated: bool = False


class PlannedSubject(ApiModel):
    """A row of the table: where its data came from and what its number will be called."""

    benchmark: str
    subject: str
    row_name: str
    method: Method
    metric: str
    oc_version: str
    """OpenCompass' six-digit version: what its hash covers, and no more."""
    content_hash: str
    """SHA-256 over data, prompt, extraction, metric and limits: what the number depends on."""
    data_digest: str
    items: int
    left_out: int = 0
    """Rows that the benchmark's data.where does not ask."""
    corrected: int = 0
    """Answers of own data that were read for what they mean, such as `(a)` for A."""


class PlannedGroup(ApiModel):
    """A mean over rows of the table, each with its benchmark said."""

    name: str
    benchmark: str
    """Empty where the run itself says what is in it."""
    members: list[GroupMember]
    mean: GroupMean
    metric: str
    """Name of its metric in the table; empty: that of the mean."""


class PlannedShard(ApiModel):
    """What one Job answers."""

    index: int
    model: str
    tokens: int
    items: list[PlannedItem]


class Plan(ApiModel):
    """The run's truth."""

    version: Literal["kompass.dev/plan/v1"] = "kompass.dev/plan/v1"
    run_digest: str
    """Digest of the run document."""
    subjects: list[PlannedSubject]
    groups: list[PlannedGroup]
    shards: Annotated[list[PlannedShard], Field(min_length=1)]
    """Index i stands at place i; shards of one model are neighbours, models in the run's order."""
