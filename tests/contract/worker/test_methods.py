"""Every method on real, tiny models: right by the plain way, and the same in any company."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_models import NAMES, Plain, asked, asked_in, loaded

from kompass_api.methods import InferMode, Likelihood
from kompass_api.results import Prediction
from kompass_worker.backends.huggingface import HuggingFaceBackend
from kompass_worker.errors import InvalidRequest, PromptTooLong
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Group,
    Message,
    MinKPercent,
    PerplexityOnly,
    Request,
    ScoringRequest,
    Split,
    TextRequest,
)

pytestmark = pytest.mark.shared

STORY = "Once upon a time there was a little girl. She had a red ball and a big dog. "
TEXTS = [STORY, "日本的首都是东京。", "A", STORY * 3, "法国的首都是巴黎。德国的首都是柏林。"]


@pytest.fixture(scope="module", params=NAMES)
def folder(request: pytest.FixtureRequest, shared: Path) -> Path:
    return shared / "models" / str(request.param)


@pytest.fixture(scope="module")
def backend(folder: Path) -> HuggingFaceBackend:
    return loaded(folder)


@pytest.fixture(scope="module")
def plain(folder: Path) -> Plain:
    return Plain(folder)


def continuing(
    item: str, context: str, *texts: str, split: Split = Split.LM_EVAL
) -> ContinuationRequest:
    candidates = tuple(Continuation(text, context, text) for text in texts)
    return ContinuationRequest(item, candidates, split=split)


def requests_of_every_kind() -> list[Request]:
    """Short and long, of every method, each with an item of its own."""
    found: list[Request] = []
    for i, text in enumerate(TEXTS):
        dialogue = (Message("user", text), Message("assistant", "yes"), Message("user", text[:9]))
        found += [
            GenerationRequest(f"g{i}", text, 6),
            GenerationRequest(f"s{i}", text, 6, samples=3, temperature=1.3, seed=5),
            GenerationRequest(f"k{i}", text, 6, temperature=0.8, top_k=20, top_p=0.9, seed=5),
            ConversationRequest(f"c{i}", dialogue, InferMode.EVERY, 4, plain=()),
            ScoringRequest(f"p{i}", (Candidate("A", text + " A"), Candidate("B", text + " no"))),
            continuing(f"l{i}", text, " big dog", " A"),
            ChoiceRequest(f"h{i}", text, ("a", "b")),
            TextRequest(f"t{i}", text, PerplexityOnly()),
            TextRequest(f"b{i}", text, BitsPerCharacter(12, 5)),
            TextRequest(f"m{i}", text, MinKPercent(20)),
        ]
    return found


def same(one: Prediction, other: Prediction) -> bool:
    """Equal but for the last bits of a likelihood."""
    close = all(
        (a.label, a.tokens, a.divisor, a.greedy) == (b.label, b.tokens, b.divisor, b.greedy)
        and a.nll == pytest.approx(b.nll, abs=1e-5)
        for a, b in zip(one.scores, other.scores, strict=True)
    )
    bare: dict[str, object] = {"scores": []}
    return close and one.model_copy(update=bare) == other.model_copy(update=bare)


@pytest.fixture(scope="module")
def alone(backend: HuggingFaceBackend) -> dict[str, Prediction]:
    """Every request asked by itself."""
    return {one.item: asked(backend, one)[0] for one in requests_of_every_kind()}


def shuffled(seed: int) -> list[Group]:
    """The requests in any order, in groups of any size."""
    chance = random.Random(seed)
    requests = requests_of_every_kind()
    chance.shuffle(requests)
    rest = iter(requests)
    groups: list[Group] = []
    while some := tuple(itertools.islice(rest, chance.randint(1, 9))):
        groups.append(Group(some))
    return groups


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1000), size=st.sampled_from([1, 2, 3, 8, 64]))
def test_an_answer_depends_on_nobody_else(
    backend: HuggingFaceBackend, alone: dict[str, Prediction], seed: int, size: int
) -> None:
    backend.batcher.size = size
    for prediction in asked_in(backend, shuffled(seed)):
        assert same(prediction, alone[prediction.item]), prediction.item


def test_a_resume_in_the_middle_gives_the_same(
    backend: HuggingFaceBackend, alone: dict[str, Prediction]
) -> None:
    stream = backend.answer([Group(tuple(requests_of_every_kind()))])
    before = {one.item: one for one in itertools.islice(stream, 17)}
    rest = [one for one in requests_of_every_kind() if one.item not in before]
    after = {one.item: one for one in backend.answer([Group(tuple(rest))])}
    assert {*before} | {*after} == {*alone}
    assert not {*before} & {*after}
    assert all(same(one, alone[item]) for item, one in (before | after).items())


# ---- generation --------------------------------------------------------------------------------


def test_greedy_text_is_the_likeliest_token_again_and_again(
    backend: HuggingFaceBackend, plain: Plain
) -> None:
    ids = plain.ids(STORY)
    for _ in range(8):
        ids.append(int(plain.log_probabilities(ids)[-1].argmax()))
    (prediction,) = asked(backend, GenerationRequest("i", STORY, 8))
    written = plain.tokenizer.decode(ids[-8:], skip_special_tokens=True)
    assert prediction.prediction == written


def test_samples_are_several_and_drawn_again_the_same(backend: HuggingFaceBackend) -> None:
    request = GenerationRequest("i", STORY, 8, samples=8, temperature=1.0, seed=3)
    (first,), (again,) = asked(backend, request), asked(backend, request)
    assert first == again
    assert first.prediction == first.samples[0]
    assert len(first.samples) == 8
    assert len({*first.samples}) > 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"seed": 4}, id="another-run-seed"),
        pytest.param({"item": "j"}, id="another-item"),
    ],
)
def test_chance_follows_seed_and_item(
    backend: HuggingFaceBackend, other: dict[str, object]
) -> None:
    plain = {"item": "i", "prompt": STORY, "max_new_tokens": 12, "temperature": 1.5, "seed": 3}
    one, two = (
        asked(backend, GenerationRequest(**{**plain, **changed}))[0]  # type: ignore[arg-type]
        for changed in ({}, other)
    )
    assert one.prediction != two.prediction


def test_the_first_samples_stay_when_more_are_asked_for(backend: HuggingFaceBackend) -> None:
    few, many = (
        asked(backend, GenerationRequest("i", STORY, 6, samples=count, temperature=1.0))[0]
        for count in (2, 6)
    )
    assert many.samples[:2] == few.samples


def test_without_chance_all_samples_are_the_greedy_one(backend: HuggingFaceBackend) -> None:
    one, several = asked(
        backend, GenerationRequest("i", STORY, 6), GenerationRequest("j", STORY, 6, samples=3)
    )
    assert several.samples == [one.prediction] * 3
    assert several.tokens_out == one.tokens_out


def test_draws_have_the_models_probabilities(backend: HuggingFaceBackend, plain: Plain) -> None:
    """Of 400 first tokens, as many are the likeliest as its probability says (5 sigma)."""
    count = 400
    row = plain.log_probabilities(plain.ids(STORY))[-1]
    likeliest = plain.tokenizer.decode([int(row.argmax())], skip_special_tokens=True)
    others = [
        token
        for token in range(len(row))
        if plain.tokenizer.decode([token], skip_special_tokens=True) == likeliest
    ]
    expected = float(row[others].exp().sum())
    backend.batcher.size = 100
    request = GenerationRequest("i", STORY, 1, samples=count, temperature=1.0, seed=11)
    (prediction,) = asked(backend, request)
    seen = prediction.samples.count(likeliest) / count
    assert seen == pytest.approx(expected, abs=5 * math.sqrt(expected * (1 - expected) / count))


def test_the_likeliest_of_one_token_is_the_greedy_one(backend: HuggingFaceBackend) -> None:
    drawn, nucleus, greedy = asked(
        backend,
        GenerationRequest("i", STORY, 6, temperature=2.0, top_k=1),
        GenerationRequest("j", STORY, 6, temperature=2.0, top_p=0.0001),
        GenerationRequest("k", STORY, 6),
    )
    assert drawn.prediction == nucleus.prediction == greedy.prediction


# ---- conversations -----------------------------------------------------------------------------


def test_every_turn_of_a_conversation_is_answered(shared: Path) -> None:
    backend = loaded(shared / "models" / "tiny-mc", modelType="Chat")
    dialogue = (
        Message("user", "日本的首都是"),
        Message("assistant", "巴黎。"),
        Message("user", "法国的首都是"),
        Message("assistant", "东京。"),
    )
    last, every, given = asked(
        backend, *(ConversationRequest(mode, dialogue, mode, 6) for mode in InferMode)
    )
    one, two, three = asked(
        backend,
        GenerationRequest("a", dialogue[:1], 6),
        GenerationRequest("b", dialogue[:3], 6),
        GenerationRequest("c", (dialogue[0], Message("assistant", "东京。"), dialogue[2]), 6),
    )
    assert one.prediction == "东京。"
    assert last.turns == [two.prediction]
    assert every.turns == [one.prediction, three.prediction]
    assert given.turns == [one.prediction, two.prediction]
    assert every.prediction == every.turns[-1]
    assert given.tokens_in == one.tokens_in + two.tokens_in


# ---- likelihoods -------------------------------------------------------------------------------


@pytest.mark.parametrize("divide_by", Likelihood)
def test_whole_texts(backend: HuggingFaceBackend, plain: Plain, divide_by: Likelihood) -> None:
    candidates = tuple(Candidate(f"{i}", text, "两 b") for i, text in enumerate(TEXTS))
    (prediction,) = asked(backend, ScoringRequest("i", candidates, divide_by))
    for text, score in zip(TEXTS, prediction.scores, strict=True):
        ids = plain.ids(text)
        total = sum(plain.nlls(ids)) if len(ids) > 1 else 0.0
        divisor = {
            Likelihood.ALL_TOKENS: len(ids),
            Likelihood.PREDICTED_TOKENS: len(ids) - 1,
            Likelihood.BYTES: 5,
            Likelihood.CHARACTERS: 3,
            Likelihood.NOTHING: 1,
        }[divide_by]
        assert score.nll == pytest.approx(total / divisor if divisor else 0.0, abs=1e-4)


def harness_tokens(plain: Plain, context: str, continuation: str) -> tuple[list[int], int]:
    """lm-evaluation-harness, step by step: the white space moves, then the length cuts."""
    begin = plain.tokenizer.bos_token_id
    begin = plain.tokenizer.eos_token_id if begin is None else begin
    if not context:
        ids = plain.ids(continuation, add_special_tokens=False)
        return (ids, 1) if ids[0] == begin else ([begin, *ids], 1)
    spaces = len(context) - len(context.rstrip())
    if spaces:
        continuation = context[-spaces:] + continuation
        context = context[:-spaces]
    return plain.ids(context + continuation), len(plain.ids(context))


@pytest.mark.parametrize(
    ("context", "continuations"),
    [
        pytest.param("Once upon a", [" time", " dog", " little girl"], id="english"),
        pytest.param("Once upon a ", ["time", "dog"], id="space-at-the-end-of-the-context"),
        pytest.param("日本的首都是", ["东京", "巴黎和东京", "京"], id="chinese"),
        pytest.param("", ["Once upon a time", "dog"], id="no-context"),
    ],
)
def test_continuations_as_the_harness_has_them(
    backend: HuggingFaceBackend, plain: Plain, context: str, continuations: list[str]
) -> None:
    (prediction,) = asked(backend, continuing("i", context, *continuations))
    for text, score in zip(continuations, prediction.scores, strict=True):
        ids, start = harness_tokens(plain, context, text)
        rows = plain.log_probabilities(ids[:-1])[start - 1 :]
        wanted = torch.tensor(ids[start:])
        total = -float(rows.gather(1, wanted.unsqueeze(1)).sum())
        assert score.total == pytest.approx(total, abs=1e-4)
        assert score.greedy == bool((rows.argmax(dim=1) == wanted).all())
    assert prediction.prediction == min(prediction.scores, key=lambda one: one.nll).label


def test_continuations_as_opencompass_has_them(backend: HuggingFaceBackend, plain: Plain) -> None:
    """Where the continuation stands in the context too, both are taken out."""
    context, continuation = "A dog. A big", " dog"
    (prediction,) = asked(backend, continuing("i", context, continuation, split=Split.OPENCOMPASS))
    ids = plain.ids(context + continuation)
    start = len(plain.ids("A. A big"))
    assert prediction.scores[0].total == pytest.approx(sum(plain.nlls(ids)[start - 1 :]), abs=1e-4)


def single_tokens(plain: Plain) -> Iterator[tuple[str, int]]:
    """Texts that are one token."""
    for text in ("a", "b", "c", "A", "B", "东", "京", "1"):
        ids = plain.ids(text, add_special_tokens=False)
        if len(ids) == 1:
            yield text, ids[0]


def test_choices_share_the_probability_of_the_next_token(
    backend: HuggingFaceBackend, plain: Plain
) -> None:
    choices = dict(single_tokens(plain))
    assert len(choices) > 1
    (prediction,) = asked(backend, ChoiceRequest("i", STORY, tuple(choices)))
    row = plain.log_probabilities(plain.ids(STORY))[-1]
    shares = torch.softmax(row[[*choices.values()]], dim=0).tolist()
    assert [math.exp(-score.nll) for score in prediction.scores] == pytest.approx(shares, abs=1e-5)
    assert prediction.prediction == max(zip(shares, choices, strict=True))[1]


def test_a_choice_of_several_tokens_is_refused(backend: HuggingFaceBackend) -> None:
    with pytest.raises(InvalidRequest, match=r"choice .once upon. is \d+ tokens") as caught:
        asked(backend, ChoiceRequest("i", STORY, ("a", "once upon")))
    assert caught.value.item == "i"


@pytest.mark.parametrize("text", TEXTS)
def test_texts_alone(backend: HuggingFaceBackend, plain: Plain, text: str) -> None:
    ids = plain.ids(text)
    nlls = plain.nlls(ids) if len(ids) > 1 else []
    whole, least = asked(
        backend, TextRequest("i", text, PerplexityOnly()), TextRequest("j", text, MinKPercent(20))
    )
    lowest = sorted(nlls)[-max(1, len(ids) * 20 // 100) :]
    assert whole.scores[0].nll == pytest.approx(sum(nlls) / len(ids), abs=1e-4)
    assert least.scores[0].nll == pytest.approx(sum(lowest) / max(1, len(lowest)), abs=1e-4)


def cross_entropy_as_opencompass(
    plain: Plain, ids: Sequence[int], block: int, stride: int
) -> float:
    """SWCELoss: windows of block + 1 tokens; of each, the tokens that none before has seen."""
    total, begin, seen = 0.0, 0, 0
    for _ in range(math.floor((len(ids) - block - 1) / stride + 1)):
        end = min(begin + block + 1, len(ids))
        new = end - seen
        total += sum(plain.nlls(ids[begin:end])[-new:])
        seen, begin = end, begin + stride
    return total


def test_bits_per_character_as_opencompass_has_them(
    backend: HuggingFaceBackend, plain: Plain
) -> None:
    what = BitsPerCharacter(30, 8, whole_windows=True)
    (prediction,) = asked(backend, TextRequest("i", STORY * 2, what))
    total = cross_entropy_as_opencompass(plain, plain.ids(STORY * 2), 30, 8)
    assert prediction.scores[0].total == pytest.approx(total, abs=1e-3)
    assert prediction.scores[0].divisor == len(STORY * 2)


# ---- prompts that are too long -----------------------------------------------------------------


def test_a_long_context_loses_its_beginning_as_the_harness_has_it(shared: Path) -> None:
    folder = shared / "models" / "tiny-mc"
    plain = Plain(folder)
    backend = loaded(folder, maxSequenceLength=16, longPrompt="TruncateLeft")
    (prediction,) = asked(backend, continuing("i", TEXTS[4], "东京"))
    ids, start = harness_tokens(plain, TEXTS[4], "东京")
    kept = ids[-17:]
    total = sum(plain.nlls(kept)[start - len(ids) :])
    assert prediction.scores[0].total == pytest.approx(total, abs=1e-4)
    with pytest.raises(PromptTooLong, match="a context and its continuation have"):
        asked(loaded(folder, maxSequenceLength=16), continuing("i", TEXTS[4], "东京"))
