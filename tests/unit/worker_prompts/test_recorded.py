"""Prompts of made-up benchmarks, as OpenCompass 0.5.4's own templates and parsers made them.

The cases were drawn at random: every form of prompt, meta template and mode, values with
placeholders in them, examples dropped. OpenCompass' classes rendered the configuration that the
benchmark stands for (the one that its version hash is made of).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from unit.worker_prompts.forms import endpoint_of, question_of, said

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_worker.prompts.requests import GenerationRequest, Request, ScoringRequest

RECORDED: Final[list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("opencompass_prompts.json").read_text("utf-8")
)


@pytest.mark.parametrize("held", [pytest.param(held, id=held["name"]) for held in RECORDED])
def test_a_prompt_is_opencompasss_to_the_byte(held: dict[str, Any]) -> None:
    question = question_of(
        BenchmarkSpec.model_validate(held["spec"]),
        held["asked"],
        pool=held["pool"],
        subject=Subject.model_validate(held["subject"]),
    )
    model_type = "Chat" if held["chat"] else "Base"
    endpoint = endpoint_of(modelType=model_type, metaTemplate=held["metaTemplate"])
    assert plainly(question.request(held["examples"], endpoint)) == held["prompt"]


def plainly(request: Request) -> object:
    """What a model is given, as JSON has it."""
    if isinstance(request, ScoringRequest):
        return {one.label: one.text for one in request.candidates}
    assert isinstance(request, GenerationRequest)
    prompt = request.prompt
    return prompt if isinstance(prompt, str) else [list(one) for one in said(prompt)]
