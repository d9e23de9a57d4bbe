"""Benchmark: what is asked and how it is scored, as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.resources import (
    API_VERSION,
    DNS_LABEL,
    ApiModel,
    ObjectMeta,
    ObservedGeneration,
    RuledModel,
)
from kompass_api.rules import KeyedBy, Shape, rule
from kompass_api.sources import Source, names_data

Column = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Shape(
        r"^[A-Za-z_][A-Za-z0-9_]*$",
        "a column's name has letters, digits and '_' and does not begin with a digit",
    ),
]
"""A field of a row; `{column}` in a prompt stands for its value."""

SubjectName = Annotated[
    str,
    Field(min_length=1, max_length=96),
    Shape(
        r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        "a subject's name has letters, digits, '_', '.' and '-' and begins with a letter or digit",
    ),
]

SplitName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    Shape(r"^[A-Za-z0-9_-]+$", "a split's name has letters, digits, '_' and '-', such as val"),
]

_MIN_LABELS: Final = 2
_SUBJECT: Final = "{subject}"


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


class Data(RuledModel):
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
            min_length=1,
            max_length=256,
        ),
        Shape(
            r"^([A-Za-z0-9_.-]|\{split\}|\{subject\})+(/([A-Za-z0-9_.-]|\{split\}|\{subject\})+)*$",
            "path must be a file below the source, such as {split}/{subject}.jsonl; only {split} "
            "and {subject} are filled in",
        ),
    ] = "{split}/{subject}_{split}.csv"
    test_split: Annotated[SplitName, Field(description="Split that is asked.")] = "val"
    example_split: Annotated[SplitName, Field(description="Split the examples come from.")] = "dev"
    input_columns: Annotated[
        list[Column], Field(description="Fields a prompt may use.", min_length=1, max_length=64)
    ]
    output_column: Annotated[Column, Field(description="Field with the reference answer.")]

    @rule(
        "!self.path.split('/').exists(part, part == '..')",
        "path must not contain '..': write it below data.source",
        field=".path",
    )
    def _path_stays_below_the_source(self) -> bool:
        return ".." not in self.path.split("/")

    @rule(
        "!has(self.source) || !self.source.uri.startsWith('hf://') || "
        "self.source.uri.startsWith('hf://datasets/')",
        "source.uri names a model: a data set on the hub is hf://datasets/owner/name",
        field=".source.uri",
    )
    def _source_is_data(self) -> bool:
        return self.source is None or names_data(self.source)


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
            max_length=16_384,
        ),
    ]


class Prompt(ApiModel):
    """The question as a dialogue, with examples of the same form before it."""

    rounds: Annotated[
        list[Round], Field(description="The turns, the answer last.", min_length=1, max_length=32)
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


class BenchmarkSpec(RuledModel):
    """What is asked, how, and what counts as right."""

    description: Annotated[str, Field(description="For a person.", max_length=1024)] = ""
    dimension: Annotated[Dimension, Field(description="Ability it speaks of.")] = (
        Dimension.EXAMINATION
    )
    row_name: Annotated[
        str,
        Field(
            description="Name of a subject's row in the table; {subject} is filled in.",
            min_length=1,
            max_length=128,
        ),
        Shape(
            r"^([A-Za-z0-9_.-]|\{subject\})+$",
            "rowName has letters, digits, '_', '.', '-' and {subject}, such as my-set-{subject}",
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
        KeyedBy("name"),
    ] = []
    groups: Annotated[
        list[Group],
        Field(
            description="Rows with the mean of several subjects. A subject_mapping.json brings "
            "its categories instead.",
            max_length=64,
        ),
        KeyedBy("name"),
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

    @rule(
        f"(self.method == 'Perplexity') == (size(self.prompt.labels) >= {_MIN_LABELS}) && "
        "(self.method == 'Perplexity' || size(self.prompt.labels) == 0)",
        "prompt.labels belongs to method Perplexity, which chooses between two or more: set at "
        "least two labels, or use method Generation and remove them",
        field=".prompt.labels",
    )
    def _labels_belong_to_perplexity(self) -> bool:
        labels = len(self.prompt.labels)
        return labels >= _MIN_LABELS if self.method is Method.PERPLEXITY else labels == 0

    @rule(
        "self.method != 'Perplexity' || self.extraction == 'none'",
        "extraction belongs to method Generation: a label needs none, so remove it",
        field=".extraction",
    )
    def _extraction_belongs_to_generation(self) -> bool:
        return self.method is Method.GENERATION or self.extraction is Extraction.NONE

    @rule(
        "self.method != 'Perplexity' || "
        "(!has(self.generation.maxNewTokens) && size(self.generation.stop) == 0)",
        "generation belongs to method Generation: remove generation.maxNewTokens and "
        "generation.stop",
        field=".generation",
    )
    def _limits_belong_to_generation(self) -> bool:
        return self.method is Method.GENERATION or self.generation == Generation()

    @rule(
        "self.method != 'Perplexity' || "
        "self.prompt.rounds.exists(r, r.prompt.contains('{' + self.data.outputColumn + '}'))",
        "prompt.rounds has no place for a label: write data.outputColumn in braces where the "
        "answer stands",
        field=".prompt.rounds",
    )
    def _labels_have_a_place(self) -> bool:
        return self.method is Method.GENERATION or self._says_the_answer()

    @rule(
        "size(self.examples.ids) == 0 || "
        "self.prompt.rounds.exists(r, r.prompt.contains('{' + self.data.outputColumn + '}'))",
        "examples.ids needs examples that show their answer: write data.outputColumn in braces "
        "into the last of prompt.rounds, or remove examples",
        field=".examples.ids",
    )
    def _examples_show_their_answer(self) -> bool:
        return not self.examples.ids or self._says_the_answer()

    @rule(
        "size(self.subjects) < 2 || self.data.path.contains('{subject}')",
        "data.path must contain {subject}: every subject has a file of its own",
        field=".data.path",
    )
    def _every_subject_has_a_file(self) -> bool:
        return len(self.subjects) <= 1 or _SUBJECT in self.data.path

    @rule(
        "size(self.subjects) < 2 || self.rowName.contains('{subject}')",
        "rowName must contain {subject}: every subject has a row of its own",
        field=".rowName",
    )
    def _every_subject_has_a_row(self) -> bool:
        return len(self.subjects) <= 1 or _SUBJECT in self.row_name

    def _says_the_answer(self) -> bool:
        place = f"{{{self.data.output_column}}}"
        return any(place in turn.prompt for turn in self.prompt.rounds)


class BenchmarkStatus(ApiModel):
    """What is known of a benchmark."""

    observed_generation: Annotated[
        ObservedGeneration, Field(description="Generation of the spec this status is about.")
    ] = 0
    conditions: Annotated[
        list[Condition],
        Field(
            description="What was seen of the benchmark.",
            max_length=20,
        ),
        KeyedBy("type"),
    ] = []


class Benchmark(RuledModel):
    """What is asked and how it is scored: data, prompt, examples, method, extraction, metric."""

    api_version: Literal["kompass.dev/v1alpha1"] = API_VERSION
    kind: Literal["Benchmark"] = "Benchmark"
    metadata: ObjectMeta
    spec: BenchmarkSpec
    status: BenchmarkStatus | None = None

    @rule(
        f"size(self.metadata.name) <= 63 && {DNS_LABEL.cel('self.metadata.name')}",
        f"metadata.name must be a DNS label of at most 63 characters: {DNS_LABEL.hint}",
        field=".metadata.name",
    )
    def _name_is_a_label(self) -> bool:
        return DNS_LABEL.matches(self.metadata.name)


BUILT_IN: Mapping[str, Method] = {
    "ceval-gen": Method.GENERATION,
    "ceval-ppl": Method.PERPLEXITY,
}
"""Benchmarks that every worker brings; a test compares this with the worker's files."""
