"""What a model is asked: what it reads of it, and the hash that stands for it."""

from __future__ import annotations

import pytest

from kompass_api.methods import InferMode, Likelihood
from kompass_worker.prompts import prompt_hash
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Message,
    MinKPercent,
    PerplexityOnly,
    PlainRole,
    Prompt,
    Request,
    ScoringRequest,
    Split,
    TextRequest,
    is_read_whole,
    prompts_of,
)

ASKED = (Message("user", "u"),)
DIALOGUE = (*ASKED, Message("assistant", "a"))
EVERY = InferMode.EVERY


def continuing(answer: str | None = None, **settings: object) -> ContinuationRequest:
    candidates = (Continuation("A", "q", " a", answer),)
    return ContinuationRequest("i", candidates, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_", "read"),
    [
        pytest.param(GenerationRequest("i", "q", 8), ("q",), id="generation"),
        pytest.param(GenerationRequest("i", ASKED, 8), (ASKED,), id="chat"),
        pytest.param(ChoiceRequest("i", "q", ("A", "B")), ("q",), id="choice"),
        pytest.param(
            ScoringRequest("i", (Candidate("A", "qa"), Candidate("B", "qb"))),
            ("qa", "qb"),
            id="whole-texts",
        ),
        pytest.param(continuing(), ("q a",), id="continuation"),
        pytest.param(
            ContinuationRequest("i", (Continuation("A", ASKED, "a"),)),
            (DIALOGUE,),
            id="continuation-of-a-chat",
        ),
        pytest.param(TextRequest("i", "t", PerplexityOnly()), ("t",), id="text"),
        pytest.param(ConversationRequest("i", DIALOGUE, EVERY, 8), (DIALOGUE,), id="conversation"),
        pytest.param(
            ConversationRequest("i", DIALOGUE, EVERY, 8, plain=(PlainRole("user", "U:"),)),
            ("U:ua",),
            id="conversation-as-text",
        ),
    ],
)
def test_what_a_model_reads(request_: Request, read: tuple[Prompt, ...]) -> None:
    assert prompts_of(request_) == read


def test_only_windows_may_be_longer_than_the_model_takes() -> None:
    assert not is_read_whole(TextRequest("i", "t", BitsPerCharacter()))
    assert is_read_whole(TextRequest("i", "t", PerplexityOnly()))
    assert is_read_whole(GenerationRequest("i", "q", 8))


DIFFERENT: dict[str, Request] = {
    "generation": GenerationRequest("i", "q", 8),
    "longer": GenerationRequest("i", "q", 9),
    "at-least": GenerationRequest("i", "q", 8, min_new_tokens=2),
    "stopped": GenerationRequest("i", "q", 8, ("\n",)),
    "sampled": GenerationRequest("i", "q", 8, samples=2),
    "warm": GenerationRequest("i", "q", 8, temperature=0.5),
    "warm-with-another-seed": GenerationRequest("i", "q", 8, temperature=0.5, seed=1),
    "nucleus": GenerationRequest("i", "q", 8, temperature=0.5, top_p=0.9),
    "likeliest": GenerationRequest("i", "q", 8, temperature=0.5, top_k=5),
    "conversation": ConversationRequest("i", DIALOGUE, EVERY, 8),
    "conversation-last": ConversationRequest("i", DIALOGUE, InferMode.LAST, 8),
    "conversation-lines": ConversationRequest("i", DIALOGUE, EVERY, 8, plain=()),
    "conversation-roles": ConversationRequest("i", DIALOGUE, EVERY, 8, plain=(PlainRole("user"),)),
    "texts": ScoringRequest("i", (Candidate("A", "q a"),)),
    "texts-divided": ScoringRequest("i", (Candidate("A", "q a"),), Likelihood.NOTHING),
    "texts-of-another-answer": ScoringRequest("i", (Candidate("A", "q a", "a"),)),
    "continuation": continuing(),
    "continuation-split": continuing(split=Split.OPENCOMPASS),
    "continuation-divided": continuing(divide_by=Likelihood.BYTES),
    "continuation-of-another-answer": continuing("b"),
    "choice": ChoiceRequest("i", "q", ("A",)),
    "choices": ChoiceRequest("i", "q", ("A", "B")),
    "text": TextRequest("i", "q", PerplexityOnly()),
    "text-divided": TextRequest("i", "q", PerplexityOnly(Likelihood.BYTES)),
    "text-by-windows": TextRequest("i", "q", BitsPerCharacter()),
    "text-by-whole-windows": TextRequest("i", "q", BitsPerCharacter(whole_windows=True)),
    "text-least-likely": TextRequest("i", "q", MinKPercent()),
}


def test_whatever_changes_an_answer_changes_the_hash() -> None:
    hashes = {name: prompt_hash(request) for name, request in DIFFERENT.items()}
    assert len({*hashes.values()}) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(GenerationRequest("i", "q", 8), GenerationRequest("j", "q", 8), id="the-item"),
        pytest.param(
            GenerationRequest("i", "q", 8, seed=1),
            GenerationRequest("i", "q", 8, seed=2),
            id="a-seed-without-chance",
        ),
        pytest.param(continuing(), continuing("a"), id="an-answer-that-is-the-continuation-anyway"),
    ],
)
def test_what_changes_nothing_is_not_in_the_hash(one: Request, other: Request) -> None:
    assert prompt_hash(one) == prompt_hash(other)
