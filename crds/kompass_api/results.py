"""What shards leave behind and what the report holds."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer

from kompass_api.resources import ApiModel
from kompass_api.scoring import Table
from kompass_api.status import ItemCounts


def _spelled(value: float) -> float | str:
    """JSON has no number for these: "nan", "inf" or "-inf", which are read as what they are."""
    return value if math.isfinite(value) else str(value)


Nats = Annotated[float, PlainSerializer(_spelled, when_used="json")]
"""A log-likelihood; one that overflowed survives storage, so that it can be counted as unscored."""


class LabelScore(ApiModel):
    """How likely a model finds a label, or a text that stands alone.

    | method | total, in nats | divisor |
    |---|---|---|
    | Perplexity | -ln of the whole text's tokens but the first | likelihood.divideBy |
    | LogLikelihood | that of the continuation's tokens behind the context | likelihood.divideBy |
    | ConditionalLogProbability | -ln of the label's probability among the labels | 1 |
    | PerplexityOnly | as Perplexity | likelihood.divideBy |
    | BitsPerCharacter | -ln of all tokens but the first, each in one window | characters |
    | MinKPercent | -ln of the least likely tokens | how many they are |
    """

    label: str
    """Empty where there is nothing to choose."""
    nll: Nats
    """`total` by `divisor`: the smallest wins. Its probability is exp(-nll) where that is asked
    for; bits per character are nll / ln 2."""
    tokens: int
    """Tokens the model reads of the label: the whole text, context and first token included."""
    total: Nats | None = None
    """The sum before it is divided, so that another divisor needs no model."""
    divisor: int | None = None
    greedy: bool | None = None
    """LogLikelihood: whether the model would have written the continuation of itself."""


class Prediction(ApiModel):
    """One line of a part: what the model answered to one item."""

    item: str
    """The planned item's id."""
    prompt_hash: str
    prediction: str
    """Generated text, or the most likely label: the first of several samples, the last of several
    turns; empty where a text stands alone."""
    samples: list[str] = []
    """All samples, where more than one was asked for."""
    turns: list[str] = []
    """Conversation: the answer to each turn that was asked for, in the dialogue's order."""
    reasoning: str = ""
    """What the model thought aloud before the first sample or the last turn, where its server
    tells that apart from the answer."""
    scores: list[LabelScore] = []
    tokens_in: int
    """Tokens the model was given; of several samples once, of several turns together."""
    tokens_out: int
    """Tokens it wrote, over all samples and turns."""
    finish_reason: Literal["stop", "length", "scored", "content_filter"]
    """content_filter: a served model's provider withheld the answer, or refused to give one;
    length where any sample or turn was cut off by its limit."""


class Part(ApiModel):
    """An object with predictions of one attempt."""

    key: str
    attempt: int
    rows: int
    sha256: str
    """Of the object as stored (JSON lines, zstandard)."""


class Environment(ApiModel):
    """What a shard ran on."""

    model_digest: str
    """SHA-256 over the sorted list of weight and config files and their digests."""
    tokenizer_digest: str
    adapter_digest: str | None = None
    """Of the adapter's files, where the model has one."""
    device: str
    dtype: str
    packages: dict[str, str]
    """Versions of what can change a number: torch, transformers, kompass, ..."""
    image: str | None = None


class Timings(ApiModel):
    """Seconds a shard spent."""

    fetch_seconds: float
    load_seconds: float
    evaluate_seconds: float
    store_seconds: float


class Manifest(ApiModel):
    """A finished shard: written last, once, if absent. Done means that it exists."""

    version: Literal["kompass.dev/manifest/v1"] = "kompass.dev/manifest/v1"
    shard: int
    model: str
    plan_digest: str
    parts: list[Part]
    items: int
    """Distinct items answered."""
    duplicates: int
    """Answers beyond the first of an item (of overlapping attempts); the lowest attempt counts."""
    environment: Environment
    timings: Timings


class Sample(ApiModel):
    """One line of samples.jsonl.zst: an answer with its verdict."""

    model: str
    item: str
    benchmark: str
    subject: str
    row: int
    mode: str
    prompt_hash: str
    prediction: str
    samples: list[str] = []
    turns: list[str] = []
    extracted: str | None
    reference: str
    reasoning: str = ""
    score: float | None
    """The metric's first number of this answer, such as 1 right and 0 wrong; null where it could
    not be judged."""
    values: dict[str, float | None] = {}
    """By the metric's rows, where it has several."""
    unscored_reason: str | None = None
    scores: list[LabelScore] = []
    tokens_in: int
    tokens_out: int
    finish_reason: str
    examples: int
    examples_dropped: int
    truncated: bool


class Interval(ApiModel):
    """A confidence interval of the mean, in percent."""

    low: float
    high: float


class Score(ApiModel):
    """One number of the table, in percent."""

    model: str
    benchmark: str
    row_name: str
    kind: Literal["subject", "group"]
    oc_version: str
    """`-` for a group."""
    content_hash: str = ""
    metric: str
    mode: str
    value: float | None
    """Null where nothing could be judged."""
    stderr: float | None = None
    interval: Interval | None = None
    n: int
    unscored: int


class Completeness(ApiModel):
    """The proof that every planned item was answered exactly once."""

    planned: int
    answered: int
    duplicates: int
    missing: Annotated[list[str], Field(max_length=100)] = []
    """Ids of missing items, the first hundred."""
    unexpected: int = 0


class ModelLineage(ApiModel):
    """What a model's numbers rest on."""

    model: str
    source: str
    revision: str | None = None
    environment: Environment


class DataLineage(ApiModel):
    """What a row's numbers rest on."""

    benchmark: str
    subject: str
    oc_version: str
    content_hash: str
    data_digest: str
    left_out: int = 0
    """Rows that the benchmark's data.where does not ask."""
    corrected: int = 0
    """Answers that were read for what they mean, such as `(a)` for A."""


class Shortened(ApiModel):
    """What did not fit into a model's prompts."""

    model: str
    benchmark: str
    items: int
    """Items that lost anything."""
    examples_dropped: int
    """Few-shot examples, over all items."""
    truncated: int
    """Items whose prompt was cut even without examples."""


class Report(ApiModel):
    """report.json: the truth; CSV, TXT and Markdown are renderings of it."""

    version: Literal["kompass.dev/report/v1"] = "kompass.dev/report/v1"
    namespace: str
    run: str
    uid: str
    profile: str
    seed: int
    run_digest: str
    plan_digest: str
    completeness: Completeness
    scores: list[Score]
    models: list[ModelLineage]
    data: list[DataLineage]
    shortened: list[Shortened] = []
    """Models and benchmarks with prompts that did not fit."""
    table: Table = Table()
    """Which rows the renderings show, in which order."""


class FinishedRun(ApiModel):
    """An entry of the index of finished runs: written once by a run that has its report."""

    version: Literal["kompass.dev/finished/v1"] = "kompass.dev/finished/v1"
    name: str
    uid: str
    run_hash: str
    """What it measured, as its EvalRun and what that names say."""
    measured: str
    """What it measured, as its plan says: data, prompts and scoring, by their hashes."""
    folder: str
    """The run's folder, from the folder that the index lies in."""
    report_digest: str
    samples_digest: str
    items: ItemCounts
