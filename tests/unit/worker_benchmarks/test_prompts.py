"""What a base model is asked by every built-in benchmark, as golden text, and by a chat model.

The texts of those that name a configuration of OpenCompass are what its own templates, retrievers
and parser (0.5.4) make of the same rows.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.worker_benchmarks.rows import write_rows

from kompass_api.built_in import BUILT_IN
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.prompts import Role
from kompass_worker.benchmarks import builtin, with_texts
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.prompts import Question, asked_subject
from kompass_worker.prompts.requests import (
    ContinuationRequest,
    GenerationRequest,
    Request,
    ScoringRequest,
    TextRequest,
)

GOLDEN = Path(__file__).parent / "golden"

FURTHER = {
    "agieval-gen": ["gaokao-physics", "gaokao-mathcloze", "sat-math", "math"],
    "gaokao-bench-gen": ["2010-2022_Physics_MCQs", "2010-2022_English_Reading_Comp"],
}
"""Subjects that are asked in another way than the first one."""

CASES = [
    pytest.param(name, subject, id=f"{name}-{subject}" if subject else name)
    for name in sorted(BUILT_IN)
    for subject in ("", *FURTHER.get(name, []))
]


@pytest.mark.parametrize(("name", "subject"), CASES)
def test_a_base_model_reads_the_prompt_of_before(name: str, subject: str, tmp_path: Path) -> None:
    asked = question_of(name, subject, tmp_path)
    shown = text_of(asked.request(asked.available, endpoint("Base")))
    file = f"{name}-{subject}.txt" if subject else f"{name}.txt"
    assert shown == (GOLDEN / file).read_text("utf-8")


def test_every_golden_text_is_of_a_benchmark() -> None:
    files = {f"{case.id}.txt" for case in CASES}
    assert {path.name for path in GOLDEN.iterdir()} == files


@pytest.mark.parametrize("name", [name for name in sorted(BUILT_IN) if BUILT_IN[name].writes])
def test_a_chat_model_is_asked_last_and_reads_every_example(name: str, tmp_path: Path) -> None:
    asked = question_of(name, "", tmp_path)
    request = asked.request(asked.available, endpoint("Chat"))
    assert isinstance(request, GenerationRequest)
    assert not isinstance(request.prompt, str)
    assert request.prompt[-1].role == "user"
    worked = [turn for turn in asked.spec.prompt.rounds[:-1] if turn.role is Role.BOT]
    answers = sum(said.role == "assistant" for said in request.prompt)
    assert answers == asked.available + len(worked)


def question_of(name: str, subject: str, folder: Path) -> Question:
    """The first question of a subject of made-up rows; of the first one, if it has no name."""
    whole = builtin(name)
    held = next(held for held in named(whole).subjects if held.name == subject or not subject)
    spec = whole.model_copy(update={"subjects": [held], "subjects_of": None, "groups": []})
    write_rows(folder, name, spec, held)
    return asked_subject(
        name, spec, with_texts(spec, held, folder), folder, max_new_tokens=16
    ).questions[0]


def endpoint(model_type: str) -> ModelEndpointSpec:
    """A model of this type."""
    return ModelEndpointSpec.model_validate(
        {"source": {"uri": "hf://toys/model"}, "modelType": model_type}
    )


def text_of(request: Request) -> str:
    """Everything a model reads, each text in a frame that shows where it begins and ends."""
    match request:
        case GenerationRequest():
            assert isinstance(request.prompt, str)
            return framed("prompt", request.prompt)
        case ScoringRequest():
            return "".join(framed(f"label {held.label}", held.text) for held in request.candidates)
        case ContinuationRequest():
            return "".join(
                framed(f"label {held.label}", f"{held.context}⟦{held.continuation}⟧")
                for held in request.candidates
            )
        case TextRequest():
            return framed("text", request.text)
        case _:
            raise AssertionError(request)


def framed(title: str, text: str) -> str:
    """The text below its title, white space at its ends to be seen."""
    return f"--- {title}\n«{text}»\n"
