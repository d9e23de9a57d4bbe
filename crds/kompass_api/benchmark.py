"""Benchmark: what is asked and how it is scored, as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from kompass_api.conditions import Condition
from kompass_api.resources import API_VERSION, ApiModel, ObjectMeta
from kompass_api.sources import Source

Column = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""A field of a row; `{column}` in a prompt stands for its value."""

SubjectName = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
]


class DataFormat(StrEnum):
    """Shape of a data file."""

    CSV = "CSV"
    JSONL = "JSONL"


class Method(StrEnum):
    """How an answer is got from a model."""

    GENERATION = "Generation"
    PERPLEXITY = "Perplexity"

    @property
    def mode(self) -> str:
        """The word in the `mode` column of a table, as OpenCompass writes it."""
        return "gen" if self is Method.GENERATION else "ppl"


class Role(StrEnum):
    """Who speaks in a round of a prompt (OpenCompass' names)."""

    SYSTEM = "SYSTEM"
    HUMAN = "HUMAN"
    BOT = "BOT"


class Extraction(StrEnum):
    """How the answer is read out of what a model wrote; each name is a fixed, versioned rule."""

    NONE = "none"
    FIRST_CAPITAL = "first_capital"


class Metric(StrEnum):
    """What is counted."""

    ACCURACY = "accuracy"


class Dimension(StrEnum):
    """Ability that a benchmark speaks of."""

    LANGUAGE = "Language"
    KNOWLEDGE = "Knowledge"
    REASONING = "Reasoning"
    EXAMINATION = "Examination"
    UNDERSTANDING = "Understanding"


class Data(ApiModel):
    """The rows of a benchmark."""

    source: Annotated[
        Source | None,
        Field(description="Folder of the files. An EvalRun may name another one."),
    ] = None
    format: Annotated[DataFormat, Field(description="Shape of the files.")] = DataFormat.CSV
    path: Annotated[
        str,
        Field(
            description="File of a subject and split below the source; {split} and {subject} "
            "are filled in.",
            pattern=r"^[A-Za-z0-9_.{}-]+(/[A-Za-z0-9_.{}-]+)*$",
            max_length=256,
        ),
    ] = "{split}/{subject}_{split}.csv"
    test_split: Annotated[
        str, Field(description="Split that is asked.", pattern=r"^[A-Za-z0-9_-]+$", max_length=63)
    ] = "val"
    example_split: Annotated[
        str,
        Field(
            description="Split the examples come from.", pattern=r"^[A-Za-z0-9_-]+$", max_length=63
        ),
    ] = "dev"
    input_columns: Annotated[
        list[Column], Field(description="Fields a prompt may use.", min_length=1, max_length=64)
    ]
    output_column: Annotated[Column, Field(description="Field with the reference answer.")]


class Subject(ApiModel):
    """A part of a benchmark with a file and a row of the table of its own."""

    name: Annotated[SubjectName, Field(description="Name, as in file names.")]
    title: Annotated[
        str,
        Field(description="What {subject_title} in a prompt stands for.", max_length=256),
    ] = ""


class Group(ApiModel):
    """Subjects whose plain mean is a row of the table; absent when one of them is."""

    name: Annotated[str, Field(description="Row of the table.", min_length=1, max_length=128)]
    subjects: Annotated[
        list[SubjectName], Field(description="Its subjects.", min_length=1, max_length=512)
    ]


class Round(ApiModel):
    """One turn of a dialogue."""

    role: Annotated[Role, Field(description="Who speaks.")]
    prompt: Annotated[
        str,
        Field(
            description="What is said; {column} stands for a field of the row, {subject_title} "
            "for the subject's title.",
            max_length=32_768,
        ),
    ]


class Prompt(ApiModel):
    """The question as a dialogue, with examples of the same form before it."""

    rounds: Annotated[
        list[Round], Field(description="The turns, the answer last.", min_length=1, max_length=64)
    ]
    labels: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=4096)]],
        Field(
            description="Perplexity: the answers to choose from; each takes the output "
            "column's place in turn.",
            max_length=64,
        ),
    ] = []


class Examples(ApiModel):
    """Few-shot examples: rows of the example split, in this order, before every question."""

    ids: Annotated[
        list[Annotated[int, Field(ge=0, le=1_000_000)]],
        Field(description="Row numbers, from 0. Empty: none.", max_length=128),
    ] = []


class Generation(ApiModel):
    """Limits of a generated answer."""

    max_new_tokens: Annotated[
        int | None,
        Field(
            description="Tokens to generate. Left out: the model's own setting.", ge=1, le=131_072
        ),
    ] = None
    stop: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Field(description="Text that ends an answer; it is cut off.", max_length=16),
    ] = []


class BenchmarkSpec(ApiModel):
    """What is asked, how, and what counts as right."""

    description: Annotated[str, Field(description="For a person.", max_length=1024)] = ""
    dimension: Annotated[Dimension, Field(description="Ability it speaks of.")] = (
        Dimension.EXAMINATION
    )
    row_name: Annotated[
        str,
        Field(
            description="Name of a subject's row in the table; {subject} is filled in.",
            pattern=r"^[A-Za-z0-9_.{}-]+$",
            max_length=128,
        ),
    ] = "{subject}"
    data: Annotated[Data, Field(description="The rows.")]
    subjects: Annotated[
        list[Subject],
        Field(
            description="Its subjects, in the table's order. A subject_mapping.json beside the "
            "data (subject -> [English title, Chinese title, category]) takes their place.",
            max_length=512,
        ),
    ] = []
    groups: Annotated[
        list[Group],
        Field(
            description="Rows with the mean of several subjects. A subject_mapping.json brings "
            "its categories instead.",
            max_length=64,
        ),
    ] = []
    prompt: Annotated[Prompt, Field(description="How a row becomes a prompt.")]
    examples: Annotated[Examples, Field(description="Few-shot examples.")] = Examples()
    method: Annotated[Method, Field(description="How an answer is got.")]
    generation: Annotated[Generation, Field(description="Limits of a generated answer.")] = (
        Generation()
    )
    extraction: Annotated[
        Extraction, Field(description="How the answer is read out of generated text.")
    ] = Extraction.NONE
    metric: Annotated[Metric, Field(description="What is counted.")] = Metric.ACCURACY

    @model_validator(mode="after")
    def _labels_belong_to_perplexity(self) -> BenchmarkSpec:
        if (self.method is Method.PERPLEXITY) != (len(self.prompt.labels) >= 2):  # noqa: PLR2004
            raise ValueError(
                "method Perplexity chooses between two or more prompt.labels; "
                "method Generation takes none"
            )
        return self


class BenchmarkStatus(ApiModel):
    """What is known of a benchmark."""

    observed_generation: Annotated[
        int, Field(description="Generation of the spec this status is about.", ge=0)
    ] = 0
    conditions: Annotated[
        list[Condition],
        Field(
            description="What was seen of the benchmark.",
            max_length=20,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
            },
        ),
    ] = []


class Benchmark(ApiModel):
    """The Benchmark resource."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["Benchmark"] = "Benchmark"
    metadata: ObjectMeta
    spec: BenchmarkSpec
    status: BenchmarkStatus | None = None


BUILT_IN: Mapping[str, Method] = {
    "ceval-gen": Method.GENERATION,
    "ceval-ppl": Method.PERPLEXITY,
}
"""Benchmarks that every worker brings; a test compares this with the worker's files."""
