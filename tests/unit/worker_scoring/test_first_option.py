"""Which option an answer names: OpenCompass' two lists, and the better rule beside them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring.extraction import EXTRACTORS

NEWER = EXTRACTORS.bound("first_option@0.5", {"options": "ABCD"})
OLDER = EXTRACTORS.bound("first_option@0.2.4", {"options": "ABCD"})
BETTER = EXTRACTORS.bound("first_option@1", {"options": "ABCD"})

# What OpenCompass 0.5.4 and 0.2.4 read, recorded from their own functions; then what is meant.
READINGS = [
    pytest.param("故选B", "B", "B", "B", id="chosen"),
    pytest.param("只有C对", "C", "C", "C", id="only-one-is-right"),
    pytest.param("Answer: b", "A", "A", "", id="the-a-of-answer"),
    pytest.param("Answer: (C)", "A", "A", "C", id="the-a-of-answer-before-the-letter"),
    pytest.param("所以B不对，C对", "B", "B", "C", id="the-first-letter-is-denied"),
    pytest.param("1. C\n2. D", "D", "D", "D", id="numbered-lines"),
    pytest.param("10 apples, C or B", "B", "B", "B", id="a-number-is-taken-for-a-list"),
    pytest.param("1. D and 2. C, ok", "C", "D", "C", id="order-of-options-decides"),
    pytest.param("答案：(C)", "C", "C", "C", id="brackets"),
    pytest.param("**D**", "D", "D", "D", id="bold"),
    pytest.param("", "", "", "", id="empty"),
    pytest.param("答案是C，不是B", "C", "C", "C", id="answer-is"),
    pytest.param("答案是   D", "D", "D", "D", id="spaces"),
    pytest.param("答案:\u3000B", "B", "B", "B", id="wide-space"),
    pytest.param("答案选项应该是C", "C", "C", "C", id="option-should-be"),
    pytest.param("答案选项为：D", "D", "D", "D", id="option-is"),
    pytest.param("答案选项 (**C**)", "C", "C", "C", id="bold-in-brackets"),
    pytest.param("答案应该选D", "D", "D", "D", id="should-choose"),
    pytest.param("选择 C 而不是 A", "C", "C", "C", id="choose-not"),
    pytest.param("故选D只有C对", "D", "D", "D", id="two-patterns-made-one"),
    pytest.param("只有选项D错", "D", "D", "D", id="only-one-is-wrong"),
    pytest.param("只有D不正确", "D", "D", "D", id="only-one-is-incorrect"),
    pytest.param("说法不正确的是 C", "C", "C", "C", id="which-is-incorrect"),
    pytest.param("说法错误选项的是D", "D", "D", "D", id="which-is-wrong"),
    pytest.param("A不对，D是正确的", "D", "D", "D", id="one-is-right"),
    pytest.param("选项 C 正确", "C", "C", "C", id="option-is-right"),
    pytest.param("所以答C", "C", "C", "C", id="so-answer"),
    pytest.param("B项不对，所以 D。", "D", "D", "D", id="so-at-the-end"),
    pytest.param("我们知道 A 很好，故D", "D", "D", "D", id="hence-at-the-end"),
    pytest.param("显然 D.", "D", "D", "D", id="clearly"),
    pytest.param("是C。", "C", "C", "C", id="is-at-the-end"),
    pytest.param("答案是（B）。", "B", "B", "B", id="wide-brackets"),
    pytest.param("答案应该是D或C。", "D", "D", "D", id="one-or-the-other"),
    pytest.param("ANSWER : D", "D", "D", "D", id="any-case"),
    pytest.param("The answer is D, not A.", "A", "A", "D", id="a-letter-before-a-stop"),
    pytest.param("The answer is: (C)", "C", "C", "C", id="english"),
    pytest.param("The answer is **D**", "D", "D", "D", id="english-bold"),
    pytest.param("The correct answer is option C", "C", "C", "C", id="english-option"),
    pytest.param("The correct answer is\nso \\boxed{D}", "D", "D", "D", id="box-on-a-later-line"),
    pytest.param("The answer to the question is B", "B", "B", "B", id="english-question"),
    pytest.param("选项C", "C", "C", "C", id="begins-with-option"),
    pytest.param("D项", "D", "D", "D", id="begins-with-letter"),
    pytest.param(" C, because A is wrong", "C", "C", "C", id="letter-and-reason"),
    pytest.param("A: no. D: yes", "A", "A", "A", id="letter-and-colon"),
    pytest.param("the best is D because", "D", "D", "D", id="in-a-sentence"),
    pytest.param("It is A dog, C", "C", "C", "C", id="an-article"),
    pytest.param("It is a dog", "", "", "", id="no-capital"),
    pytest.param("BADC", "B", "B", "", id="letters-in-a-row"),
]


@pytest.mark.parametrize(("text", "newer", "older", "meant"), READINGS)
def test_an_option_is_read_as_opencompass_reads_it(
    text: str, newer: str, older: str, meant: str
) -> None:
    assert (NEWER(text), OLDER(text), BETTER(text)) == (newer, older, meant)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("first_option@0.5", "说B: 不", "", id="newer"),
        pytest.param("first_option@0.2.4", "说B: 不", "", id="older"),
    ],
)
def test_without_cushion_a_letter_in_passing_does_not_count(
    name: str, text: str, expected: str
) -> None:
    assert EXTRACTORS.bound(name, {"cushion": "false"})(text) == expected


@pytest.mark.parametrize("rule", [NEWER, OLDER, BETTER], ids=["newer", "older", "better"])
@given(
    text=st.text(
        alphabet=st.sampled_from("ABCD答案是选故 1.:：\n(\\boxed{}*The answer is"), max_size=60
    )
)
def test_an_option_is_one_of_those_that_there_are(rule: object, text: str) -> None:
    assert callable(rule)
    assert rule(text) in {"", "A", "B", "C", "D"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("answer" + "\n" * 50_000, id="line-breaks"),
        pytest.param("The answer is " * 4_000, id="said-again-and-again"),
        pytest.param("A" * 50_000, id="one-letter"),
        pytest.param("答案选项" + "*" * 50_000, id="signs"),
    ],
)
def test_a_long_text_is_read_in_a_moment(text: str) -> None:
    begun = time.process_time()
    for rule in (NEWER, OLDER, BETTER):
        rule(text)
    assert time.process_time() - begun < 5


@given(st.sampled_from("ABCD"))
def test_an_option_that_was_read_is_read_again(letter: str) -> None:
    assert NEWER(letter) == OLDER(letter) == BETTER(letter) == letter


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param({"options": ""}, "options: found ''; expected letters", id="none"),
        pytest.param({"options": "A-D"}, "options: found 'A-D'; expected letters", id="a-range"),
        pytest.param(
            {"option": "AB"}, "has no argument 'option'; did you mean options?", id="misspelt"
        ),
        pytest.param(
            {"cushion": "no"}, "argument 'cushion': found 'no'; write 'true' or 'false'", id="truth"
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        EXTRACTORS.bound("first_option@0.5", arguments)
    assert said in str(caught.value)


def test_a_rule_with_versions_has_to_be_named_with_one() -> None:
    with pytest.raises(InvalidRequest, match=r"say which: first_option@0\.2\.4, first_option@0\.5"):
        EXTRACTORS.bound("first_option", {})
