"""From requests of an evaluation to a server's answers, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from unit.served.clocks import ToldClock
from unit.served.endpoints import endpoint

from kompass_api.methods import InferMode, Likelihood
from kompass_worker.backends.served.asking import Asker, asked
from kompass_worker.backends.served.asks import Answer, Ask, seed_of
from kompass_worker.backends.served.likelihoods import Spelled
from kompass_worker.backends.served.limits import Limiter
from kompass_worker.backends.served.patience import Patience
from kompass_worker.backends.served.retries import RetryPolicy
from kompass_worker.backends.served.troubles import Kind, Trouble
from kompass_worker.errors import InvalidRequest
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
    Prompt,
    ScoringRequest,
    Split,
    TextRequest,
)


@dataclass
class Echo:
    """Answers with what it was asked, or as told."""

    answers: list[Answer | Trouble] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    async def ask(self, ask: Ask) -> Answer:
        self.asks.append(ask)
        told = self.answers.pop(0) if self.answers else _echo(ask.prompt)
        if isinstance(told, Trouble):
            raise told
        return told

    async def served_names(self) -> list[str] | None:
        return None


def _echo(prompt: Prompt) -> Answer:
    said = prompt if isinstance(prompt, str) else prompt[-1].content
    return Answer(said.upper(), "hm", tokens_in=5, tokens_out=2, finish="stop")


class Letters:
    """Every character is a token, and a letter is as unlikely as it is late in the alphabet."""

    async def of(self, text: str, context: str = "") -> Spelled:
        nlls = [float(ord(letter) % 32) for letter in text]
        return Spelled(tuple(nlls[1:]), len(context), tuple(nll < 2 for nll in nlls[1:]))


def asker(client: Echo) -> Asker:
    patience = Patience(Limiter(ToldClock()), RetryPolicy(0), draw=lambda: 0.0)
    return Asker(client, patience, endpoint(), Letters(), render=_said)


def _said(prompt: Prompt) -> str:
    return prompt if isinstance(prompt, str) else "".join(one.content for one in prompt)


async def test_an_answer_becomes_a_prediction() -> None:
    found = await asker(Echo()).answer(GenerationRequest("i", "why", 4))
    assert found.item == "i"
    assert (found.prediction, found.reasoning, found.samples) == ("WHY", "hm", [])
    assert (found.tokens_in, found.tokens_out, found.finish_reason) == (5, 2, "stop")


async def test_samples_have_seeds_of_their_own_and_count_together() -> None:
    client = Echo(
        [
            Answer("a", "r", 5, 2, "stop"),
            Answer("b", "", 5, 3, "length"),
            Answer("c", "", 5, 4, "stop"),
        ]
    )
    request = GenerationRequest("i", "why", 4, samples=3, temperature=0.7, seed=1)
    found = await asker(client).answer(request)
    assert found.samples == ["a", "b", "c"]
    assert (found.prediction, found.tokens_in, found.tokens_out) == ("a", 5, 9)
    assert found.finish_reason == "length"
    assert len({ask.seed for ask in client.asks}) == 3


def test_a_seed_is_the_same_in_every_attempt_and_another_for_all_else() -> None:
    assert seed_of(1, "i", 0) == seed_of(1, "i", 0)
    others = {seed_of(1, "i", 0), seed_of(2, "i", 0), seed_of(1, "j", 0), seed_of(1, "i", 1)}
    assert len(others) == 4
    assert all(0 <= seed < 2**31 for seed in others)


def test_the_endpoints_temperature_takes_the_benchmarks_place() -> None:
    request = GenerationRequest("i", "why", 4)
    assert asked(request, endpoint(), 0).temperature == 0
    assert asked(request, endpoint(temperature="0.7"), 0).temperature == 0.7


def test_the_endpoints_stop_words_and_least_length_come_to_the_benchmarks() -> None:
    own = endpoint().model_copy(update={"stop_words": ["</s>", "\n"], "min_new_tokens": 3})
    ask = asked(GenerationRequest("i", "why", 4, ("\n",)), own, 0)
    assert (ask.stop, ask.min_new_tokens) == (("\n", "</s>"), 3)
    assert asked(GenerationRequest("i", "why", 4, min_new_tokens=2), own, 0).min_new_tokens == 2


async def test_a_filtered_answer_counts_as_one_that_was_refused() -> None:
    client = Echo([Trouble(Kind.FILTERED, "no")])
    found = await asker(client).answer(GenerationRequest("i", "why", 4))
    assert (found.prediction, found.finish_reason) == ("", "content_filter")


async def test_other_troubles_stay() -> None:
    with pytest.raises(Trouble):
        await asker(Echo([Trouble(Kind.INVALID, "no")])).answer(GenerationRequest("i", "why", 4))


DIALOGUE = (
    Message("user", "a"),
    Message("assistant", "given"),
    Message("user", "b"),
    Message("assistant", "given too"),
)


@pytest.mark.parametrize(
    ("mode", "turns", "seen"),
    [
        pytest.param(InferMode.LAST, ["B"], ["given"], id="last"),
        pytest.param(InferMode.EVERY, ["A", "B"], ["", "A"], id="every"),
        pytest.param(InferMode.EVERY_WITH_GROUND_TRUTH, ["A", "B"], ["", "given"], id="given"),
    ],
)
async def test_conversations(mode: InferMode, turns: list[str], seen: Sequence[str]) -> None:
    client = Echo()
    found = await asker(client).answer(ConversationRequest("i", DIALOGUE, mode, 4))
    assert (found.turns, found.prediction) == (turns, turns[-1])
    prompts = [ask.prompt for ask in client.asks if not isinstance(ask.prompt, str)]
    assert [one[1].content if len(one) > 1 else "" for one in prompts] == seen
    assert found.tokens_in == 5 * len(turns)


async def test_the_likeliest_text_wins() -> None:
    request = ScoringRequest("i", (Candidate("B", "xb"), Candidate("A", "xa")))
    found = await asker(Echo()).answer(request)
    assert found.prediction == "A"
    assert [(one.label, one.nll, one.total) for one in found.scores] == [
        ("B", 1.0, 2.0),
        ("A", 0.5, 1.0),
    ]


async def test_only_the_continuation_counts() -> None:
    request = ContinuationRequest(
        "i",
        (Continuation("1", "zz", "ab"), Continuation("2", "zz", "aa")),
        divide_by=Likelihood.BYTES,
    )
    found = await asker(Echo()).answer(request)
    assert [(one.total, one.nll, one.greedy) for one in found.scores] == [
        (3.0, 1.5, False),
        (2.0, 1.0, True),
    ]
    assert found.prediction == "2"


@pytest.mark.parametrize(
    ("split", "tokens"),
    [pytest.param(Split.LM_EVAL, 2, id="lm-eval"), pytest.param(Split.OPENCOMPASS, 1, id="oc")],
)
async def test_white_space_before_a_continuation_is_whose_the_split_says(
    split: Split, tokens: int
) -> None:
    continuation = Continuation("1", "z ", "a")
    request = ContinuationRequest("i", (continuation,), Likelihood.PREDICTED_TOKENS, split)
    found = await asker(Echo()).answer(request)
    assert found.scores[0].divisor == tokens


async def test_choices_are_compared_among_themselves() -> None:
    found = await asker(Echo()).answer(ChoiceRequest("i", "z", ("b", "a")))
    probabilities = [math.exp(-one.nll) for one in found.scores]
    assert found.prediction == "a"
    assert sum(probabilities) == pytest.approx(1)
    assert probabilities[1] / probabilities[0] == pytest.approx(math.e)


async def test_a_choice_of_several_tokens_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"item i: the choice 'bc' has 2 tokens"):
        await asker(Echo()).answer(ChoiceRequest("i", "z", ("a", "bc")))


@pytest.mark.parametrize(
    ("what", "nll"),
    [
        pytest.param(PerplexityOnly(), 1.0, id="all-tokens"),
        pytest.param(PerplexityOnly(Likelihood.PREDICTED_TOKENS), 1.5, id="predicted-tokens"),
        pytest.param(MinKPercent(50), 2.0, id="least-likely"),
    ],
)
async def test_texts(what: PerplexityOnly | MinKPercent, nll: float) -> None:
    found = await asker(Echo()).answer(TextRequest("i", "zab", what))
    assert found.scores[0].nll == nll


async def test_windows_of_tokens_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="use backend HuggingFace"):
        await asker(Echo()).answer(TextRequest("i", "zab", BitsPerCharacter()))
