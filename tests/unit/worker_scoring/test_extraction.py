"""What the other rules read out of a text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring import CannotJudge
from kompass_worker.scoring.extraction import EXTRACTORS

ANSWER_LINE = r"(?i)ANSWER\s*:\s*([A-D])"

# Recorded from the functions of OpenCompass 0.5.4 (bbh_freeform@0.2.4: of that version).
READINGS = [
    ("first_capital", {}, "A", "A", "the-letter"),
    ("first_capital", {}, "答案是 C。", "C", "in-a-sentence"),
    ("first_capital", {}, "The answer is C", "T", "english-begins-with-a-capital"),
    ("first_capital", {}, "b) or D", "D", "lower-case-does-not-count"),
    ("first_capital", {}, "ответ Б", "Б", "any-script"),
    ("first_capital", {}, "没有", "", "none"),
    ("last_capital", {}, "B or C, the End.", "E", "the-last"),
    ("first_capital_multi", {}, "选 ACD。B", "ACD", "a-run"),
    ("first_capital_multi", {}, "EF", "", "beyond-d"),
    ("multiple_select", {}, "C, A 和 C", "AC", "sorted-and-once"),
    ("last_option", {"options": "AB"}, "A then B, not C", "B", "the-last"),
    ("first_number", {}, "it is -3.50 or 7", "-3.5", "decimal"),
    ("first_number", {}, "3 apples", "3.0", "whole"),
    ("first_number", {}, "none", "", "none"),
    ("gsm8k", {}, "so 3 and 1,234.5\nQuestion: 9", "234.5", "before-the-next-question"),
    ("gsm8k", {}, "-7", "-7", "negative"),
    ("gsm8k", {}, "none", "NULL", "none"),
    ("gsm8k_dataset", {}, "3*4=<<3*4=12>>12\n#### 1,200", "1200", "behind-the-mark"),
    ("gsm8k_dataset", {}, "12", "", "no-mark"),
    ("general", {}, "The big, red dog.", "big", "up-to-a-comma"),
    ("general", {}, "  An  answer: (yes)\nno", "answer yes", "signs-and-articles"),
    (
        "general_cn@0.5",
        {},
        "他来到了网易杭研大厦。",
        "他 来到 了 网易 杭研 大厦 。",
        "cut-with-signs",
    ),
    ("general_cn@1", {}, "他来到了网易杭研大厦。", "他 来到 了 网易 杭研 大厦", "cut-clean"),
    ("strip", {}, "  A \n", "A", "white-space"),
    ("match_answer_pattern", {"answer_pattern": ANSWER_LINE}, "so\nanswer: b", "b", "any-case"),
    ("match_answer_pattern", {"answer_pattern": ANSWER_LINE}, "so b", "", "no-match"),
    ("match_answer_pattern", {"answer_pattern": "(a)|b"}, "b", "", "group-that-took-no-part"),
    ("think_pred", {"re_pattern": r"</think>(?s:(.*))"}, "x</think>\n C \n", "C", "behind"),
    ("think_pred", {"re_pattern": r"</think>(.*)"}, " C ", " C ", "as-it-is"),
    ("regex", {"pattern": r"\d+"}, "1 2 3", "1", "first"),
    ("regex", {"pattern": r"\d+", "which": "-1"}, "1 2 3", "3", "last"),
    ("regex", {"pattern": r"(\d)(\d)", "group": "2"}, "12 34", "2", "group"),
    ("regex", {"pattern": r"\d", "which": "3", "fallback": "NULL"}, "1 2", "NULL", "too-few"),
    ("specific_xml_tag", {"tag": "<a>"}, "<a>1</a> <a> 2\n</a><a>3", "2", "last-complete"),
    ("specific_xml_tag", {"tag": "<a>"}, "</a><a>", "NO ANSWER FOUND", "none"),
    (
        "extract_non_reasoning_content",
        {},
        "This is a test.</think> How are you?",
        "How are you?",
        "end-only",
    ),
    (
        "extract_non_reasoning_content",
        {},
        "Start<think>reasoning here</think> End",
        "Start End",
        "pair",
    ),
    ("extract_non_reasoning_content", {}, "a<think>b</think>c<think>d", "ac<think>d", "open"),
    ("math", {}, "Let x be 3. The Final Answer is $\\frac12$. Done", "\\frac{1}{2}", "sentence"),
    ("math", {}, "1,000 dollars. no", "1000", "first-sentence"),
    ("math_v2", {}, "so \\boxed{{\\frac{1}{2}}} is it", "\\frac{1}{2}", "double-braces"),
    ("math_v2", {}, "the answer is: $x=2$. ok", "x=2", "answer-is"),
    ("math_v2", {}, "\\fbox{3}. no", "\\fbox{3}", "frame-is-no-box"),
    ("math_judgement", {}, "x\nAnswer: \\frac{1}{2} \ny", "\\frac{1}{2} ", "line"),
    ("last_boxed", {}, "\\boxed{1} and \\boxed{\\text{a}}", "\\text{a}", "last"),
    ("last_boxed", {}, "\\boxed{1", "", "open"),
    ("bbh_mcq", {}, "So the answer is (B). Not A", "B", "brackets"),
    ("bbh_mcq", {}, "the answer is C", "C", "capital"),
    ("bbh_mcq", {}, "yes", "yes", "none"),
    ("bbh_freeform@0.5", {}, "The Answer is: **Yes**, it is.\nQ", "Yes", "bold"),
    ("bbh_freeform@0.5", {}, "the answer is a , b,c.", "a b c", "words"),
    ("bbh_freeform@0.5", {}, "the answer is 1, 2.", "1, 2", "numbers-keep-their-comma"),
    ("bbh_freeform@0.2.4", {}, "the answer is **Yes**.\nQ", "**Yes**", "no-bold"),
    ("agieval_math", {}, "so \\boxed{x=3}", "3", "box"),
    ("agieval_math", {}, "答案是 $y=\\frac{1}{2}$", "\\frac{1}{2}", "dollars"),
    ("agieval_math", {}, "x = 5.", "5", "equation"),
    ("agieval_math", {}, "from 3 to 4.5 apples", "4.5", "number"),
    ("agieval_math", {}, "nothing", "", "none"),
    ("agieval_last_line", {}, "a\nb\n \n", "b", "not-blank"),
    ("agieval_letter", {}, "GFE", "F", "a-to-f"),
    ("agieval_letters", {}, "(A)(C)", "AC", "in-order"),
    ("agieval_few_shot_en", {}, "The answer is (D), or B", "D", "said"),
    ("agieval_few_shot_en", {}, "Maybe B", "B", "else-the-first"),
    ("agieval_few_shot_zh", {}, "A不对，答案是 C", "C", "said"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "text", "expected"),
    [pytest.param(*reading[:4], id=f"{reading[0]}-{reading[4]}") for reading in READINGS],
)
def test_a_rule_reads_its_answer(
    name: str, arguments: dict[str, str], text: str, expected: str
) -> None:
    assert EXTRACTORS.bound(name, arguments)(text) == expected


REQUIRED = {
    "match_answer_pattern": {"answer_pattern": ANSWER_LINE},
    "think_pred": {"re_pattern": ANSWER_LINE},
    "regex": {"pattern": r"\d+"},
    "specific_xml_tag": {"tag": "<a>"},
}
RULES = {name: EXTRACTORS.bound(name, REQUIRED.get(name, {})) for name in EXTRACTORS.own}
PIECES = [
    "答案是",
    "The answer is ",
    "A",
    "b",
    "(C)",
    "\\boxed{",
    "}",
    "\\frac",
    "1,0",
    ".5",
    "\n",
    " ",
    "$",
    "</think>",
    "<a>",
    "</a>",
    "#### ",
    "=",
    "**",
    "\\sqrt",
    "İ",
    "\ud800",
]


@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join)))
def test_no_rule_fails_on_any_text(text: str) -> None:
    for rule in RULES.values():
        assert isinstance(rule(text), str)


@pytest.mark.parametrize(
    "name",
    [
        "strip",
        "general",
        "first_capital",
        "multiple_select",
        "last_option",
        "gsm8k",
        "agieval_letter",
        "agieval_last_line",
    ],
)
@given(text=st.text(max_size=80))
def test_a_rule_leaves_what_it_has_read(name: str, text: str) -> None:
    once = RULES[name](text)
    assert RULES[name](once) == once


LONG = [" " * 9_000, "answer is" + "\n" * 9_000, "1" * 9_000 + "x", ", " * 4_000, "\\frac" * 1_500]


PATTERNS = [
    ("match_answer_pattern", "answer_pattern"),
    ("think_pred", "re_pattern"),
    ("regex", "pattern"),
]


@pytest.mark.parametrize("text", LONG, ids=["spaces", "line-breaks", "digits", "commas", "formula"])
def test_a_long_text_is_read_in_a_moment_by_every_rule(text: str) -> None:
    begun = time.process_time()
    for rule in RULES.values():
        rule(text)
    assert time.process_time() - begun < 10


def test_a_pattern_that_would_take_for_ever_is_ended_and_counted() -> None:
    rule = EXTRACTORS.bound("regex", {"pattern": "(a|aa)+$", "seconds": "0.05"})
    with pytest.raises(CannotJudge, match="PatternTooSlow"):
        rule("a" * 60 + "b")


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        pytest.param(
            "first_captial",
            {},
            "there is no extraction 'first_captial'; did you mean first_capital",
            id="misspelt",
        ),
        pytest.param(
            "regex", {}, "extraction regex needs the argument 'pattern': set it", id="missing"
        ),
        pytest.param(
            "regex", {"pattern": "(a"}, "pattern '(a' is no regular expression", id="broken"
        ),
        pytest.param(
            "regex",
            {"pattern": "a", "group": "1"},
            "has 0 groups; group 1 is asked for",
            id="no-group",
        ),
        pytest.param(
            "regex",
            {"pattern": "a", "group": "x"},
            "argument 'group': found 'x'; expected a whole number",
            id="no-number",
        ),
        pytest.param(
            "match_answer_pattern",
            {"answer_pattern": "a"},
            "put the answer in parentheses",
            id="nothing-captured",
        ),
        pytest.param(
            "specific_xml_tag",
            {"tag": "a"},
            "expected a name in brackets, such as <answer>",
            id="no-brackets",
        ),
        pytest.param(
            "extract_non_reasoning_content",
            {"think_start_token": ""},
            "must not be empty",
            id="no-mark",
        ),
        pytest.param(
            "strip",
            {"x": "1"},
            "extraction strip has no argument 'x'; there are none",
            id="no-arguments",
        ),
        pytest.param(
            "regex",
            # Above what is allowed by little, so that a rule that takes it ends the test.
            {"pattern": "(?:a{1000}){60}"},
            "pattern '(?:a{1000}){60}' has over 50000 parts with its repeats",
            id="repeats-in-repeats",
        ),
        pytest.param(
            "think_pred", {"re_pattern": "(b)a{50000}"}, "has over 50000 parts", id="one-repeat"
        ),
        *(
            pytest.param(
                name,
                {argument: "(a)", "seconds": seconds},
                f"argument 'seconds' is {seconds}; expected more than 0 and at most 60",
                id=f"{name}-{seconds}-seconds",
            )
            for name, argument in PATTERNS
            for seconds in ("-1", "0", "nan", "inf", "1e+09", "60.5")
        ),
    ],
)
def test_a_rule_that_cannot_work_is_refused(
    name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        EXTRACTORS.bound(name, arguments)
    assert said in str(caught.value)
