"""Toy rows and benchmarks whose prompts were measured on OpenCompass, and ways to ask them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.evalrun import Profile
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_worker.datasets import Row
from kompass_worker.fewshot import Shots
from kompass_worker.prompts.questions import Question
from kompass_worker.prompts.requests import (
    ChoiceRequest,
    GenerationRequest,
    Prompt,
    ScoringRequest,
)
from kompass_worker.prompts.sheets import Sheet

ROUNDS = [
    {"role": "HUMAN", "prompt": "{question}答案: "},
    {"role": "BOT", "prompt": "{answer}"},
]
POOL = ({"question": "H0", "answer": "B"}, {"question": "H1", "answer": "A"})
ASKED = {"question": "HQ", "answer": "A"}
SUBJECT = Subject(name="toy", title="toys")
META = {
    "begin": "<s>",
    "rounds": [
        {"role": "HUMAN", "begin": "[U]", "end": "[/U]\n"},
        {"role": "BOT", "begin": "[B]", "end": "[/B]\n", "generate": True},
    ],
    "end": "</all>",
}


def spec_of(**changes: Any) -> BenchmarkSpec:
    """A benchmark with two examples, by generation."""
    content: dict[str, Any] = {
        "data": {"inputColumns": ["question"], "outputColumn": "answer"},
        "prompt": {"rounds": ROUNDS},
        "examples": {"ids": [0, 1]},
        "method": "Generation",
    }
    return BenchmarkSpec.model_validate({**content, **changes})


def ppl_of(**changes: Any) -> BenchmarkSpec:
    """The same by perplexity."""
    prompt = {"rounds": ROUNDS, "labels": ["A", "B"]}
    return spec_of(**{"prompt": prompt, "method": "Perplexity", **changes})


def endpoint_of(**changes: Any) -> ModelEndpointSpec:
    """A base model, if not told otherwise."""
    content = {"source": {"uri": "hf://toys/model"}, "modelType": "Base"}
    return ModelEndpointSpec.model_validate({**content, **changes})


BASE = endpoint_of()
WITH_META = endpoint_of(metaTemplate=META)
CHAT = endpoint_of(modelType="Chat")


def row_of(fields: Mapping[str, object], index: int = 0) -> Row:
    """A row as the data has it."""
    values = tuple((column, str(value)) for column, value in fields.items())
    return Row(index, index + 2, values, str(fields.get("answer", "")), fields)


def question_of(
    spec: BenchmarkSpec,
    asked: Mapping[str, object] = ASKED,
    *,
    pool: Sequence[Mapping[str, object]] = POOL,
    profile: Profile = Profile.OPENCOMPASS_05,
    subject: Subject = SUBJECT,
) -> Question:
    """A question of the toys, with all rows of the pool as its examples where it has some."""
    rows = [row_of(fields, index) for index, fields in enumerate(pool)]
    count = 0 if spec.examples.is_empty else len(rows)
    return Question(
        id="toys/toy/0",
        source=row_of(asked),
        max_new_tokens=16,
        sheet=Sheet("toys", spec, subject, profile),
        shots=Shots(count, rows, lambda: [tuple(range(count))]),
    )


def said(prompt: Prompt) -> list[tuple[str, str]]:
    """The messages of a chat."""
    assert not isinstance(prompt, str)
    return [(message.role, message.content) for message in prompt]


def shown(question: Question, endpoint: ModelEndpointSpec, examples: int = 2) -> Any:
    """The prompt as text or pairs; of a choice the text of the first label."""
    request = question.request(examples, endpoint)
    if isinstance(request, ScoringRequest):
        return request.candidates[0].text
    assert isinstance(request, GenerationRequest | ChoiceRequest)
    return request.prompt if isinstance(request.prompt, str) else said(request.prompt)
