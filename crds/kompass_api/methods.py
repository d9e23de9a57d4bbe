"""How an answer is got from a model, and the settings of each way."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from kompass_api.data import Column
from kompass_api.quantities import Decimal
from kompass_api.resources import ApiModel


class Method(StrEnum):
    """How an answer is got from a model."""

    GENERATION = "Generation"
    """The model writes."""
    PERPLEXITY = "Perplexity"
    """The whole text with each label in place; the label of the lowest perplexity."""
    LOG_LIKELIHOOD = "LogLikelihood"
    """The text of each label as a continuation of the prompt; the likeliest."""
    CONDITIONAL_LOG_PROBABILITY = "ConditionalLogProbability"
    """The probability of each label, a single token, as the next one."""
    PERPLEXITY_ONLY = "PerplexityOnly"
    """The perplexity of the text; there is nothing to choose."""
    BITS_PER_CHARACTER = "BitsPerCharacter"
    """The text's cross-entropy by sliding windows, per character."""
    MIN_K_PERCENT = "MinKPercent"
    """The mean log-probability of the text's least likely tokens (Shi et al. 2023)."""
    CONVERSATION = "Conversation"
    """Turns of a dialogue, one after the other."""

    @property
    def mode(self) -> str:
        """The word in the `mode` column of a table, as OpenCompass writes it."""
        return _MODES.get(self, "unknown")

    @property
    def writes(self) -> bool:
        """Whether the model generates text."""
        return self in {Method.GENERATION, Method.CONVERSATION}

    @property
    def chooses(self) -> bool:
        """Whether the answer is one of several given labels."""
        return self in {
            Method.PERPLEXITY,
            Method.LOG_LIKELIHOOD,
            Method.CONDITIONAL_LOG_PROBABILITY,
        }


_MODES: Final[Mapping[Method, str]] = {
    Method.GENERATION: "gen",
    Method.PERPLEXITY: "ppl",
    Method.PERPLEXITY_ONLY: "ppl",
    Method.LOG_LIKELIHOOD: "ll",
}


class Likelihood(StrEnum):
    """What the log-likelihood of a text's tokens is divided by."""

    ALL_TOKENS = "AllTokens"
    """Every token, the first included, which nothing predicts (OpenCompass' HuggingFace class)."""
    PREDICTED_TOKENS = "PredictedTokens"
    """The tokens that are predicted: one less."""
    BYTES = "Bytes"
    """The bytes of the label's text (acc_bytes of lm-evaluation-harness)."""
    CHARACTERS = "Characters"
    """The characters of the label's text (acc_norm of lm-evaluation-harness)."""
    NOTHING = "Nothing"
    """Nothing: the sum decides."""


class InferMode(StrEnum):
    """Which turns of a conversation the model answers, and what it sees of the ones before."""

    LAST = "last"
    EVERY = "every"
    EVERY_WITH_GROUND_TRUTH = "every_with_gt"


class Generation(ApiModel):
    """How an answer is generated."""

    max_new_tokens: Annotated[
        int | None,
        Field(
            description="Tokens to generate. Left out: the model's own setting.", ge=1, le=131_072
        ),
    ] = None
    min_new_tokens: Annotated[
        int, Field(description="Tokens below which an answer does not end.", ge=0, le=131_072)
    ] = 0
    stop: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Field(description="Text that ends an answer; it is cut off.", max_length=16),
    ] = []
    samples: Annotated[
        int, Field(description="Answers to each question, with seeds of their own.", ge=1, le=128)
    ] = 1
    temperature: Annotated[Decimal, Field(description="0: always the likeliest token.")] = "0"
    top_p: Annotated[Decimal, Field(description="Nucleus that is sampled from.")] = "1"
    top_k: Annotated[
        int,
        Field(description="Likeliest tokens that are sampled from; 0: all.", ge=0, le=1_000_000),
    ] = 0


class Conversation(ApiModel):
    """How a dialogue of several turns is put to the model."""

    column: Annotated[
        Column,
        Field(description="Field with the dialogue: a list of {role, content}."),
    ] = "dialogue"
    infer_mode: Annotated[InferMode, Field(description="Which turns the model answers.")] = (
        InferMode.LAST
    )


class LikelihoodSettings(ApiModel):
    """How the likelihood of a text becomes a number."""

    divide_by: Annotated[
        Likelihood, Field(description="What the sum over its tokens is divided by.")
    ] = Likelihood.ALL_TOKENS
    continuation: Annotated[
        Column | None,
        Field(
            description="LogLikelihood with labelTemplates: field with the text at the end of "
            "every label's text whose likelihood counts. Left out: what follows the examples, or "
            "the last turn of a dialogue."
        ),
    ] = None
    block_size: Annotated[
        int, Field(description="BitsPerCharacter: tokens of a window.", ge=2, le=1_000_000)
    ] = 1900
    stride: Annotated[
        int, Field(description="BitsPerCharacter: tokens a window moves.", ge=1, le=1_000_000)
    ] = 512
    min_k_percent: Annotated[
        int, Field(description="MinKPercent: share of the tokens.", ge=1, le=100)
    ] = 20
