"""How a row becomes a prompt: texts, dialogues, labels, and the examples before a question."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kompass_api.data import Column
from kompass_api.resources import ApiModel, RuledModel
from kompass_api.rules import KeyedBy, rule
from kompass_api.sources import Source


class Role(StrEnum):
    """Who speaks in a round of a prompt (OpenCompass' names)."""

    SYSTEM = "SYSTEM"
    HUMAN = "HUMAN"
    BOT = "BOT"


class Retriever(StrEnum):
    """Which rows of the example split stand before a question."""

    FIX_K = "FixK"
    RANDOM = "Random"
    BM25 = "BM25"
    SLIDING_WINDOW = "SlidingWindow"
    TOP_K = "TopK"


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
    fallback_role: Annotated[
        Role | None,
        Field(description="Who says it to a model without this role."),
    ] = None


class Template(ApiModel):
    """A text, or a dialogue: one of text and rounds."""

    text: Annotated[
        str,
        Field(
            description="Plain text; {examples} stands for the examples, {column} for a field.",
            max_length=16_384,
        ),
    ] = ""
    begin: Annotated[
        list[Round],
        Field(description="Said once, before the examples.", max_length=8),
    ] = []
    rounds: Annotated[
        list[Round],
        Field(
            description="The turns. Leading SYSTEM turns count as begin, where that is empty and "
            "openCompass does not say that every turn stands where it stood there.",
            max_length=32,
        ),
    ] = []
    end: Annotated[list[Round], Field(description="Said once, at the end.", max_length=8)] = []


class LabelTemplate(Template):
    """What is scored for one label."""

    label: Annotated[
        str, Field(description="The answer it stands for.", min_length=1, max_length=4096)
    ]


class Prompt(Template):
    """The question, with examples before it: a text or a dialogue, the answer last."""

    labels: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=4096)]],
        Field(
            description="The answers to choose from; each takes the output column's place in turn.",
            max_length=64,
        ),
    ] = []
    labels_column: Annotated[
        Column | None,
        Field(
            description="Field with the answers to choose from, a list, where they are the "
            "row's own; each takes the output column's place in turn. A label is its place in "
            "the list, from 0."
        ),
    ] = None
    label_templates: Annotated[
        list[LabelTemplate],
        Field(description="Instead of labels: a text or dialogue for each label.", max_length=64),
        KeyedBy("label"),
    ] = []
    example: Annotated[
        Template | None,
        Field(description="Form of an example. Left out: the prompt's own form."),
    ] = None

    @property
    def label_names(self) -> list[str]:
        """The labels that are the same for all rows."""
        return self.labels or [held.label for held in self.label_templates]


class Examples(RuledModel):
    """Few-shot examples: rows of the example split before every question."""

    retriever: Annotated[Retriever, Field(description="How they are chosen.")] = Retriever.FIX_K
    ids: Annotated[
        list[Annotated[int, Field(ge=0, le=1_000_000)]],
        Field(description="FixK: row numbers, from 0, in this order. Empty: none.", max_length=128),
    ] = []
    count: Annotated[
        int, Field(description="Examples a question gets from the other retrievers.", ge=0, le=128)
    ] = 0
    seed: Annotated[int, Field(description="Random: its seed.", ge=0, le=2_147_483_647)] = 43
    embedding: Annotated[Source | None, Field(description="TopK: the embedding model.")] = None

    @property
    def is_empty(self) -> bool:
        """Whether a question stands alone."""
        return not (self.ids or self.count)

    @rule(
        "self.retriever == 'FixK' ? self.count == 0 : size(self.ids) == 0",
        "examples takes ids with retriever FixK and count with the others: remove the other one",
    )
    def _counts_or_ids(self) -> bool:
        return self.count == 0 if self.retriever is Retriever.FIX_K else not self.ids

    @rule(
        "self.retriever == 'FixK' || self.count > 0",
        "examples.retriever needs a count: set it, or remove the retriever",
        field=".count",
    )
    def _retriever_needs_a_count(self) -> bool:
        return self.retriever is Retriever.FIX_K or self.count > 0

    @rule(
        "(self.retriever == 'TopK') == has(self.embedding)",
        "examples.embedding belongs to retriever TopK, which needs it: the folder or hub name of "
        "an embedding model",
        field=".embedding",
    )
    def _embedding_belongs_to_top_k(self) -> bool:
        return (self.retriever is Retriever.TOP_K) == (self.embedding is not None)
