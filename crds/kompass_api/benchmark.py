"""Benchmark: what is asked and how it is scored, as data."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.data import Data, SubjectName
from kompass_api.methods import Conversation, Generation, LikelihoodSettings, Method
from kompass_api.prompts import Examples, Prompt, Role
from kompass_api.resources import (
    API_VERSION,
    DNS_LABEL,
    ApiModel,
    DnsLabel,
    ObjectMeta,
    ObservedGeneration,
    RuledModel,
)
from kompass_api.rules import KeyedBy, Shape, rule
from kompass_api.scoring import ExtractionStep, GroupMean, Metric, PublishedScore, Scoring

_MIN_LABELS: Final = 2
_SUBJECT: Final = "{subject}"
_CHOOSES: Final = "self.method in ['Perplexity', 'LogLikelihood', 'ConditionalLogProbability']"


class Dimension(StrEnum):
    """Ability that a benchmark speaks of."""

    LANGUAGE = "Language"
    KNOWLEDGE = "Knowledge"
    REASONING = "Reasoning"
    EXAMINATION = "Examination"
    UNDERSTANDING = "Understanding"
    MATHEMATICS = "Mathematics"
    SAFETY = "Safety"


class Subject(ApiModel):
    """A part of a benchmark with a file and a row of the table of its own."""

    name: Annotated[SubjectName, Field(description="Name, as in file names.")]
    title: Annotated[
        str,
        Field(description="What {subject_title} in a prompt stands for.", max_length=256),
    ] = ""
    values: Annotated[
        dict[
            Annotated[str, Field(max_length=63)],
            Annotated[str, Field(max_length=16_384)],
        ],
        Field(
            description="Texts of this subject: {key} in a prompt stands for them.", max_length=16
        ),
    ] = {}
    scoring: Annotated[
        Scoring | None, Field(description="How this subject is scored, if in its own way.")
    ] = None


class Group(ApiModel):
    """Subjects whose mean is a row of the table; absent when one of them is."""

    name: Annotated[str, Field(description="Row of the table.", min_length=1, max_length=128)]
    subjects: Annotated[
        list[SubjectName], Field(description="Its subjects.", min_length=1, max_length=512)
    ]
    mean: Annotated[GroupMean, Field(description="How its number comes from theirs.")] = (
        GroupMean.NAIVE_AVERAGE
    )
    weights: Annotated[
        list[Annotated[int, Field(ge=0, le=1_000_000_000)]],
        Field(description="WeightedAverage: one for each subject, in order.", max_length=512),
    ] = []
    metric: Annotated[
        str, Field(description="Metric of the subjects. Empty: their first.", max_length=63)
    ] = ""


class OpenCompassOrigin(ApiModel):
    """The configuration of OpenCompass that a benchmark equals."""

    config: Annotated[
        str, Field(description="Name of its file, without .py.", min_length=1, max_length=128)
    ]
    ice_template: Annotated[
        bool,
        Field(
            description="Its prompt stands in ice_template alone although it has no examples, or "
            "although it is a text. This changes its version hash and nothing else."
        ),
    ] = False
    place_for_examples: Annotated[
        bool,
        Field(
            description="Its dialogue has a place for examples although there are none (begin "
            "with the examples' token): a model without meta template then gets a line break "
            "before it."
        ),
    ] = False
    label_key: Annotated[
        str,
        Field(
            description="Its prompt is the only entry of a map of labels, under this key. This "
            "changes its version hash and nothing else.",
            max_length=63,
        ),
    ] = ""
    inferencer: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=63)],
            Annotated[str, Field(max_length=4096)],
        ],
        Field(
            description="Further arguments of its inferencer, each as JSON, such as max_seq_len: "
            '"2048"; `type` is its class. They change its version hash and nothing else.',
            max_length=16,
        ),
    ] = {}
    pred_role: Annotated[
        Role | None,
        Field(
            description="Role of the metaTemplate between whose begin and end the prediction is "
            "read, under profile opencompass@0.2.4; later versions ignore it."
        ),
    ] = None


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
    subjects_of: Annotated[
        DnsLabel | None,
        Field(description="Built-in benchmark whose subjects and groups these are as well."),
    ] = None
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
    conversation: Annotated[
        Conversation | None, Field(description="Method Conversation: its turns.")
    ] = None
    likelihood: Annotated[
        LikelihoodSettings, Field(description="How likelihoods become numbers.")
    ] = LikelihoodSettings()
    extraction: Annotated[
        list[ExtractionStep],
        Field(
            description="How the answer is read out of generated text: rules, one after the "
            "other. Empty: the text as it is.",
            max_length=8,
        ),
    ] = []
    metric: Annotated[Metric, Field(description="What is counted.")] = Metric()
    published: Annotated[
        list[PublishedScore],
        Field(description="Numbers that others have published.", max_length=64),
    ] = []
    open_compass: Annotated[
        OpenCompassOrigin | None,
        Field(description="The configuration of OpenCompass that this equals, if one."),
    ] = None

    @rule(
        f"({_CHOOSES}) == (size(self.prompt.labels) >= {_MIN_LABELS} || "
        f"has(self.prompt.labelsColumn) || size(self.prompt.labelTemplates) >= {_MIN_LABELS}) && "
        f"({_CHOOSES} || (size(self.prompt.labels) == 0 && "
        "size(self.prompt.labelTemplates) == 0))",
        "prompt.labels belongs to the methods that choose between two or more (Perplexity, "
        "LogLikelihood, ConditionalLogProbability): set at least two labels, or use another "
        "method and remove them",
        field=".prompt.labels",
    )
    def _labels_belong_to_a_choice(self) -> bool:
        prompt = self.prompt
        enough = max(len(prompt.labels), len(prompt.label_templates)) >= _MIN_LABELS
        if self.method.chooses:
            return enough or prompt.labels_column is not None
        return not (prompt.labels or prompt.label_templates or prompt.labels_column)

    @rule(
        "[size(self.prompt.labels) > 0, has(self.prompt.labelsColumn), "
        "size(self.prompt.labelTemplates) > 0].filter(given, given).size() <= 1",
        "prompt takes one of labels, labelsColumn and labelTemplates: remove the others",
        field=".prompt",
    )
    def _labels_are_said_once(self) -> bool:
        prompt = self.prompt
        given = (prompt.labels, prompt.labels_column, prompt.label_templates)
        return sum(map(bool, given)) <= 1

    @rule(
        "(size(self.prompt.text) > 0 || size(self.prompt.rounds) > 0) != "
        "(size(self.prompt.labelTemplates) > 0 || self.method == 'Conversation')",
        "prompt needs a text or rounds (with labelTemplates these hold it, with method "
        "Conversation the data does): write one of them",
        field=".prompt",
    )
    def _the_prompt_stands_in_one_place(self) -> bool:
        written = bool(self.prompt.text or self.prompt.rounds)
        elsewhere = bool(self.prompt.label_templates) or self.method is Method.CONVERSATION
        return written != elsewhere

    @rule(
        "size(self.prompt.text) == 0 || size(self.prompt.rounds) == 0",
        "prompt takes a text or rounds, not both: remove one",
        field=".prompt",
    )
    def _text_or_rounds(self) -> bool:
        return not (self.prompt.text and self.prompt.rounds)

    @rule(
        "self.method in ['Generation', 'Conversation'] || size(self.extraction) == 0",
        "extraction belongs to methods that generate text: a label needs none, so remove it",
        field=".extraction",
    )
    def _extraction_belongs_to_generation(self) -> bool:
        return self.method.writes or not self.extraction

    @rule(
        "self.method in ['Generation', 'Conversation'] || "
        "(!has(self.generation.maxNewTokens) && size(self.generation.stop) == 0)",
        "generation belongs to methods that generate text: remove generation.maxNewTokens and "
        "generation.stop",
        field=".generation",
    )
    def _limits_belong_to_generation(self) -> bool:
        return self.method.writes or self.generation == Generation()

    @rule(
        "(self.method == 'Conversation') == has(self.conversation)",
        "conversation belongs to method Conversation, which needs it: set it, or use another "
        "method",
        field=".conversation",
    )
    def _conversation_belongs_to_its_method(self) -> bool:
        return (self.method is Method.CONVERSATION) == (self.conversation is not None)

    @rule(
        f"!({_CHOOSES}) || self.method == 'ConditionalLogProbability' || "
        "size(self.prompt.labelTemplates) > 0 || "
        "self.prompt.text.contains('{' + self.data.outputColumn + '}') || "
        "self.prompt.rounds.exists(r, r.prompt.contains('{' + self.data.outputColumn + '}'))",
        "prompt has no place for a label: write data.outputColumn in braces where the answer "
        "stands",
        field=".prompt",
    )
    def _labels_have_a_place(self) -> bool:
        return (
            not self.method.chooses
            or self.method is Method.CONDITIONAL_LOG_PROBABILITY
            or bool(self.prompt.label_templates)
            or self._says_the_answer()
        )

    @rule(
        "(size(self.examples.ids) == 0 && self.examples.count == 0) || "
        "has(self.prompt.example) || size(self.prompt.labelTemplates) > 0 || "
        "self.prompt.text.contains('{' + self.data.outputColumn + '}') || "
        "self.prompt.rounds.exists(r, r.prompt.contains('{' + self.data.outputColumn + '}'))",
        "examples need to show their answer: write data.outputColumn in braces into the last of "
        "prompt.rounds, give examples a form of their own in prompt.example, or remove examples",
        field=".examples",
    )
    def _examples_show_their_answer(self) -> bool:
        return (
            self.examples.is_empty
            or self.prompt.example is not None
            or bool(self.prompt.label_templates)
            or self._says_the_answer()
        )

    @rule(
        "self.groups.all(g, (g.mean == 'weighted_average') == (size(g.weights) > 0) && "
        "(size(g.weights) == 0 || size(g.weights) == size(g.subjects)))",
        "groups[].weights belongs to mean weighted_average, which needs one for each subject, in "
        "order",
        field=".groups",
    )
    def _weights_fit_their_groups(self) -> bool:
        return all(
            (held.mean is GroupMean.WEIGHTED_AVERAGE) == bool(held.weights)
            and len(held.weights) in {0, len(held.subjects)}
            for held in self.groups
        )

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
        turns = (self.prompt.text, *(turn.prompt for turn in self.prompt.rounds))
        return any(place in text for text in turns)


def extraction_of(spec: BenchmarkSpec, subject: Subject) -> list[ExtractionStep]:
    """The chain that reads a subject's answers."""
    return subject.scoring.extraction if subject.scoring else spec.extraction


def metric_of(spec: BenchmarkSpec, subject: Subject) -> Metric:
    """What is counted of a subject."""
    return subject.scoring.metric if subject.scoring else spec.metric


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
