"""Servers that are not ours: `transformers serve`, and llama.cpp's out of the package xllamacpp."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from contract.served.servers import Served, door

from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.results import Prediction
from kompass_api.rundocument import ResolvedModel
from kompass_api.sources import S3Connection
from kompass_worker.backends.models import FetchedModels
from kompass_worker.backends.served.loading import load_served
from kompass_worker.credentials import Credentials
from kompass_worker.errors import InputMissing, InvalidRequest, PromptTooLong
from kompass_worker.prompts.requests import (
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    GenerationRequest,
    Group,
    Message,
    Request,
    ScoringRequest,
)
from kompass_worker.sources.fetching import Fetcher

pytestmark = pytest.mark.timeout(300)

TEXTS = ("The capital of France is Paris", "The capital of France is Rome")


def answers(served: Served, model_type: str, *requests: Request) -> dict[str, Prediction]:
    held = load_served(
        door(served.url, model_type=model_type, keys=(), model=served.model, concurrency=2),
        tokenizer_folder=None,
    )
    return {one.item: one for one in held.answer([Group(requests)])}


@pytest.fixture(params=["llama_cpp", "transformers_serve"])
def served(request: pytest.FixtureRequest) -> Served:
    found: Served = request.getfixturevalue(request.param)
    return found


def test_a_chat_answers_the_same_every_time(served: Served) -> None:
    asked = (Message("user", "What is the capital of France? Answer in one word."),)
    requests = [GenerationRequest(f"q/{i}", asked, 8) for i in range(2)]
    found = answers(served, "Chat", *requests)
    assert found["q/0"].prediction == found["q/1"].prediction
    assert "Paris" in found["q/0"].prediction
    assert 20 < found["q/0"].tokens_in < 60
    assert 1 <= found["q/0"].tokens_out <= 8


def test_a_text_goes_on_up_to_its_stop_word_or_limit(served: Served) -> None:
    found = answers(
        served,
        "Base",
        GenerationRequest("limit", TEXTS[0], 3),
        GenerationRequest("stop", "1, 2, 3, 4,", 12, stop=(" 7",)),
    )
    assert found["limit"].finish_reason == "length"
    assert found["limit"].tokens_out == 3
    assert found["stop"].prediction == " 5, 6,"
    assert found["stop"].finish_reason == "stop"


def test_samples_differ_and_can_be_drawn_again(llama_cpp: Served) -> None:
    asked = (Message("user", "Name an animal."),)
    request = GenerationRequest("q", asked, 6, samples=3, temperature=1.5, seed=4)
    first, second = (answers(llama_cpp, "Chat", request)["q"].samples for _ in range(2))
    assert first == second
    assert len(set(first)) > 1


def test_llama_cpp_scores_texts_as_transformers_does(
    llama_cpp: Served, smollm2_folder: Path
) -> None:
    request = ScoringRequest("q", tuple(Candidate(text, text) for text in TEXTS))
    found = answers(llama_cpp, "Base", request)["q"]
    assert found.prediction == TEXTS[0]
    expected = nlls_of(smollm2_folder, TEXTS)
    # Its matrices are products of 4-bit numbers, ours of their bfloat16 roundings.
    assert [one.total for one in found.scores] == pytest.approx(expected, rel=0.05)
    assert [one.tokens for one in found.scores] == [6, 6]


def test_llama_cpp_weighs_continuations_and_choices(llama_cpp: Served) -> None:
    context = "The capital of France is"
    found = answers(
        llama_cpp,
        "Base",
        ContinuationRequest(
            "continuation", tuple(Continuation(one, context, one) for one in (" Rome", " Paris"))
        ),
        ChoiceRequest("choice", context, (" Rome", " Paris")),
    )
    assert {one.prediction for one in found.values()} == {" Paris"}
    rome, paris = found["continuation"].scores
    assert (rome.greedy, paris.greedy) == (False, True)
    odds = [math.exp(-one.nll) for one in found["choice"].scores]
    assert sum(odds) == pytest.approx(1)
    assert rome.total is not None
    assert paris.total is not None
    assert math.log(odds[1] / odds[0]) == pytest.approx(rome.total - paris.total, abs=1e-3)


@pytest.mark.parametrize("path", ["Chat", "Completions"])
def test_with_a_tokenizer_tokens_are_counted_as_the_server_counts_them(
    llama_cpp: Served, smollm2_folder: Path, tmp_path: Path, path: str
) -> None:
    serving = {"url": llama_cpp.url, "model": llama_cpp.model, "path": path}
    source = {"uri": smollm2_folder.as_uri()}
    spec = {"backend": "OpenAI", "serving": serving, "source": source}
    model = ResolvedModel(name="own", spec=ModelEndpointSpec.model_validate(spec))
    fetcher = Fetcher(tmp_path, tmp_path, Credentials({}), S3Connection(), patience_seconds=1)
    models = FetchedModels(fetcher, image=None, clock=time.monotonic)
    asked = (Message("user", "What is the capital of France? Answer in one word."),)
    held = models.load(model).backend
    [found] = held.answer([Group((GenerationRequest("q", asked, 8),))])
    assert models.tokenizer(model).count([asked]) == [found.tokens_in]
    assert "Paris" in found.prediction
    assert held.environment.tokenizer_digest.startswith("sha256:")


def test_transformers_serve_gives_no_likelihoods_and_that_is_said(
    transformers_serve: Served,
) -> None:
    request = ScoringRequest("q", (Candidate("A", TEXTS[0]),))
    with pytest.raises(InvalidRequest, match="does not say how likely the tokens"):
        answers(transformers_serve, "Base", request)


def test_a_prompt_that_the_server_finds_too_long_is_said(llama_cpp: Served) -> None:
    with pytest.raises(PromptTooLong, match=r"item q: .*exceeds the available context size"):
        answers(llama_cpp, "Base", GenerationRequest("q", "word " * 3000, 2))


def test_a_model_that_transformers_cannot_find_is_said(transformers_serve: Served) -> None:
    with pytest.raises((InputMissing, InvalidRequest), match="nobody/nothing"):
        answers(transformers_serve._replace(model="nobody/nothing"), "Chat")


def nlls_of(folder: Path, texts: Sequence[str]) -> list[float]:
    """The oracle: sums of the tokens' negative log-likelihoods, by transformers itself."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    sums = []
    for text in texts:
        ids = tokenizer(text, return_tensors="pt").input_ids
        with torch.inference_mode():
            likely = torch.log_softmax(model(ids).logits[0, :-1], dim=-1)
        sums.append(float(-likely.gather(-1, ids[0, 1:, None]).sum()))
    return sums
