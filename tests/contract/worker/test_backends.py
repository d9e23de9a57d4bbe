"""Every backend keeps the same promises; the real one with a real, tiny model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kompass_api.modelendpoint import Device, DType, ModelEndpointSpec, ModelType
from kompass_api.results import Prediction
from kompass_api.sources import Source
from kompass_worker.backends.fake import FakeBackend
from kompass_worker.backends.folders import ModelFolders
from kompass_worker.backends.protocol import Backend
from kompass_worker.prompts.requests import (
    Candidate,
    GenerationRequest,
    Group,
    Message,
    Request,
    ScoringRequest,
)

CITIES = ["日本", "法国", "埃及", "德国", "西班牙", "意大利", "英国", "俄罗斯"]


def tiny_mc(shared: Path, **settings: object) -> Backend:
    from kompass_worker.backends.huggingface import load_backend

    folder = shared / "models" / "tiny-mc"
    plain: dict[str, object] = {
        "source": Source(uri=folder.as_uri()),
        "device": Device.CPU,
        "dtype": DType.FLOAT32,
        "model_type": ModelType.BASE,
    }
    endpoint = ModelEndpointSpec.model_validate({**plain, **settings})
    return load_backend(ModelFolders.of(folder), endpoint, "tiny-mc")


@pytest.fixture(scope="module", params=["fake", pytest.param("tiny-mc", marks=pytest.mark.shared)])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "fake":
        return FakeBackend()
    return tiny_mc(request.getfixturevalue("shared"))


def asked(i: int, prompt: str, **settings: object) -> GenerationRequest:
    values: dict[str, object] = {"item": f"b/s/{i}", "prompt": prompt, "max_new_tokens": 6}
    return GenerationRequest(**{**values, **settings})  # type: ignore[arg-type]


def scored(i: int, stem: str, *ends: str) -> ScoringRequest:
    letters = "ABCDEFGH"
    candidates = (Candidate(letters[k], stem + end) for k, end in enumerate(ends))
    return ScoringRequest(f"b/s/{i}", tuple(candidates))


def generations() -> list[Request]:
    return [asked(i, f"{city}的首都是" * (1 + i % 3)) for i, city in enumerate(CITIES)]


def scorings() -> list[Request]:
    ends = [("东京", "巴黎", "柏林"), ("A", "B", "C", "D"), ("罗马", "罗马和巴黎")]
    return [
        scored(i, f"{city}的首都是" * (1 + i % 2), *ends[i % 3]) for i, city in enumerate(CITIES)
    ]


def answers(backend: Backend, requests: list[Request]) -> list[Prediction]:
    """The answers in the order of the requests, whose items may be told apart by place alone."""
    numbered = [replace(request, item=f"{i}") for i, request in enumerate(requests)]
    found = list(backend.answer([Group((request,)) for request in numbered]))
    assert sorted(int(one.item) for one in found) == list(range(len(requests)))
    found.sort(key=lambda one: int(one.item))
    return [
        one.model_copy(update={"item": request.item})
        for one, request in zip(found, requests, strict=True)
    ]


def test_nothing_asked_nothing_answered(backend: Backend) -> None:
    assert list(backend.answer([])) == []


@pytest.mark.parametrize("requests", [generations(), scorings(), generations() + scorings()])
def test_every_place_is_answered_once_with_its_item(
    backend: Backend, requests: list[Request]
) -> None:
    given = answers(backend, requests)
    assert [one.item for one in given] == [one.item for one in requests]


def test_a_generated_answer_counts_its_tokens(backend: Backend) -> None:
    for prediction in answers(backend, generations()):
        assert prediction.tokens_in > 0
        assert 0 < prediction.tokens_out <= 6
        assert prediction.finish_reason in {"stop", "length"}
        assert prediction.scores == []


def test_a_scored_answer_is_the_label_with_the_smallest_mean(backend: Backend) -> None:
    for prediction in answers(backend, scorings()):
        assert prediction.finish_reason == "scored"
        assert prediction.tokens_out == 0
        assert prediction.tokens_in == sum(score.tokens for score in prediction.scores)
        assert prediction.prediction == min(prediction.scores, key=lambda one: one.nll).label


def test_scores_come_in_the_order_of_the_candidates(backend: Backend) -> None:
    (prediction,) = answers(backend, [scored(0, "日本的首都是", "东京", "巴黎", "开罗")])
    assert [score.label for score in prediction.scores] == ["A", "B", "C"]


def test_of_equal_candidates_the_first_wins(backend: Backend) -> None:
    (prediction,) = answers(backend, [scored(0, "日本的首都是", "东京", "东京")])
    assert prediction.prediction == "A"
    assert prediction.scores[0].nll == prediction.scores[1].nll


def test_an_answer_depends_on_its_own_prompt_alone(backend: Backend) -> None:
    requests = generations() + scorings()
    together = answers(backend, requests)
    turned = answers(backend, requests[::-1])[::-1]
    alone = [answers(backend, [request])[0] for request in requests]
    assert [one.prediction for one in together] == [one.prediction for one in alone]
    assert [one.prediction for one in together] == [one.prediction for one in turned]
    for one, other in zip(together, alone, strict=True):
        for score, again in zip(one.scores, other.scores, strict=True):
            assert score.nll == pytest.approx(again.nll, abs=1e-5)


def test_an_answer_ends_before_its_stop_string(backend: Backend) -> None:
    whole = answers(backend, [asked(0, "日本的首都是", max_new_tokens=12)])[0]
    end = whole.prediction[-1]
    (cut,) = answers(backend, [asked(0, "日本的首都是", max_new_tokens=12, stop=(end,))])
    assert cut.prediction == whole.prediction[: whole.prediction.index(end)]
    assert cut.finish_reason == "stop"


@pytest.mark.shared
def test_batches_of_one_and_of_eight_give_the_same(shared: Path) -> None:
    requests = generations() + scorings()
    one = answers(tiny_mc(shared, batch_size=1), requests)
    eight = answers(tiny_mc(shared, batch_size=8), requests)
    assert [p.prediction for p in one] == [p.prediction for p in eight]
    assert [p.tokens_out for p in one] == [p.tokens_out for p in eight]
    for single, batched in zip(one, eight, strict=True):
        for score, other in zip(single.scores, batched.scores, strict=True):
            assert score.nll == pytest.approx(other.nll, abs=1e-5)
            assert score.tokens == other.tokens


@pytest.mark.shared
def test_scores_follow_the_rule_text_by_text(shared: Path) -> None:
    """The sum over the predicted tokens by all tokens, each text alone and whole."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = shared / "models" / "tiny-mc"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for request, prediction in zip(scorings(), answers(tiny_mc(shared), scorings()), strict=True):
        assert isinstance(request, ScoringRequest)
        for candidate, score in zip(request.candidates, prediction.scores, strict=True):
            ids = tokenizer(candidate.text, return_tensors="pt")["input_ids"]
            with torch.no_grad():
                logits = model(ids).logits[0, :-1].float()
            loss = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum")
            assert score.tokens == ids.shape[1]
            assert score.nll == pytest.approx(loss.item() / ids.shape[1], abs=1e-5)


@pytest.mark.shared
def test_a_text_of_one_token_has_nothing_to_predict(shared: Path) -> None:
    (prediction,) = answers(tiny_mc(shared), [scored(0, "", "A", "B")])
    assert [(score.nll, score.tokens) for score in prediction.scores] == [(0.0, 1), (0.0, 1)]
    assert prediction.prediction == "A"


@pytest.mark.shared
def test_a_chat_prompt_goes_through_the_template(shared: Path) -> None:
    messages = (Message("user", "日本的首都是"),)
    chat = tiny_mc(shared, model_type=ModelType.CHAT)
    base = tiny_mc(shared)
    (through,) = answers(chat, [GenerationRequest("i", messages, 6)])
    (plain,) = answers(base, [GenerationRequest("i", "日本的首都是", 6)])
    assert through.prediction == plain.prediction == "东京。"
    assert through.finish_reason == "stop"


@pytest.mark.shared
def test_a_prompt_that_is_too_long_loses_its_beginning_where_asked(shared: Path) -> None:
    cut = tiny_mc(shared, max_sequence_length=16, long_prompt="TruncateLeft")
    prompt = "德国的首都是柏林。" * 20 + "日本的首都是"
    (prediction,) = answers(cut, [asked(0, prompt)])
    assert prediction.tokens_in == 16
    assert prediction.prediction == "东京。"


@pytest.mark.shared
def test_the_environment_says_what_ran(shared: Path) -> None:
    environment = tiny_mc(shared).environment
    assert environment.device == "cpu"
    assert environment.dtype == "float32"
    assert environment.packages.keys() >= {"torch", "transformers", "kompass"}
    assert environment.model_digest != environment.tokenizer_digest
