"""What answers are worth, one by one and together."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, matthews_corrcoef, roc_auc_score
from unit.worker_scoring.builders import answer, label_score, metric_of, numbers_of, verdicts_of

from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.scoring import METRICS

LABELS = st.sampled_from("ABC")
PAIRS = st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=60)


@given(PAIRS)
def test_accuracy_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    given_labels, wanted = zip(*pairs, strict=True)
    found = numbers_of(metric_of("accuracy"), [answer(*pair) for pair in pairs])
    assert found["accuracy"] == pytest.approx(100 * accuracy_score(wanted, given_labels))


@given(PAIRS.filter(lambda pairs: len(pairs) > 1))
@settings(deadline=None)
def test_matthews_correlation_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    given_labels, wanted = zip(*pairs, strict=True)
    expected = 0.0
    if len({*given_labels, *wanted}) > 1:
        expected = 100 * matthews_corrcoef(wanted, given_labels)
    found = numbers_of(metric_of("matthews_correlation"), [answer(*pair) for pair in pairs])
    assert found["matthews_correlation"] == pytest.approx(expected, abs=1e-9)


CHANCES = st.lists(
    st.tuples(st.sampled_from([0.1, 0.25, 0.5, 0.7, 0.9]), st.booleans()), min_size=2, max_size=40
).filter(lambda items: len({truth for _, truth in items}) > 1)


@given(CHANCES)
@settings(deadline=None)
def test_the_area_under_the_curve_is_that_of_scikit_learn(items: list[tuple[float, bool]]) -> None:
    answers = [
        answer(
            "1" if chance > 0.5 else "0",
            str(int(truth)),
            scores=[label_score("0", -math.log(1 - chance)), label_score("1", -math.log(chance))],
        )
        for chance, truth in items
    ]
    chances, truths = zip(*items, strict=True)
    found = numbers_of(metric_of("auc_roc"), answers)
    assert found["auc_score"] == pytest.approx(100 * roc_auc_score(truths, chances))
    assert found["accuracy"] == pytest.approx(
        100 * accuracy_score(truths, [chance > 0.5 for chance in chances])
    )


# Recorded from the evaluators of OpenCompass 0.5.4 (bbh_free_form@0.2.4: of that version).
JUDGEMENTS = [
    ("accuracy", {}, "A ", "A", 0.0, "nothing-is-stripped"),
    ("accuracy", {}, "a", "A", 0.0, "case-counts"),
    ("bbh_choice", {}, "A", "A", 100.0, "same"),
    ("agieval_choice", {}, "A", "B", 0.0, "other"),
    ("exact_match", {}, "The cat, of course", '["cat", "dog"]', 100.0, "without-article"),
    ("exact_match", {}, "cat", "['the cat!']", 100.0, "gold-is-cleaned-too"),
    ("exact_match", {}, "cat", "kitten", 0.0, "other"),
    ("bbh_free_form", {}, "so the answer is yes.", "Yes", 100.0, "case-does-not-count"),
    ("bbh_free_form@0.2.4", {}, "so the answer is yes.", "Yes", 0.0, "case-counts"),
    ("gsm8k", {}, "12.0", "12", 100.0, "number"),
    ("gsm8k", {}, "12.1", "12", 0.0, "other-number"),
    ("gsm8k", {}, "NULL", "12", 0.0, "no-number"),
    ("gsm8k", {}, "inf", "12", 0.0, "infinite"),
    ("math@v1", {}, "0.5", "\\frac12", 100.0, "half"),
    ("math@v1", {}, "x=\\dfrac{1}{2}", "\\tfrac{1}{2}", 100.0, "equation"),
    ("math@v1", {}, "1,000", "1000", 100.0, "thousands"),
    ("math@v1", {}, "10.00", "10", 0.0, "zeros-count"),
    ("math@v1", {}, "\\sqrt", "\\sqrt", 100.0, "unreadable-and-the-same"),
    ("math@v2", {}, "10.00", "10", 100.0, "zeros-do-not-count"),
    ("math@v2", {}, "\\infty", "infinity", 100.0, "infinity"),
    ("math@v2", {}, "\\sqrt3", "\\sqrt{3}", 100.0, "root"),
    ("math@v2", {}, "3\\text{ miles}", "3", 100.0, "unit"),
    ("agieval_math", {}, "1/2", "\\frac{1}{2}", 100.0, "slash"),
    ("agieval_math", {}, "\\frac", "\\frac", 100.0, "unreadable-and-the-same"),
    ("gaokao", {"type": "single_choice"}, "A 不对，选 B", '["B"]', 100.0, "last-letter"),
    ("gaokao", {"type": "multi_choice"}, "解【答案】AC", '["ACD"]', 50.0, "some-of-several"),
    ("gaokao", {"type": "multi_choice"}, "解【答案】AB", '["ACD"]', 0.0, "one-wrong-of-several"),
    (
        "gaokao",
        {"type": "multi_question_choice"},
        "【答案】A 【答案】：C",
        '["A", "B"]',
        50.0,
        "marks",
    ),
    ("gaokao", {"type": "five_out_of_seven"}, "EBFAG", '["E","B","A","F","G"]', 60.0, "blanks"),
    ("gaokao", {"type": "five_out_of_seven"}, "EB", '["E","B","A","F","G"]', 0.0, "too-few"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "text", "reference", "expected"),
    [pytest.param(*each[:5], id=f"{each[0]}-{each[5]}") for each in JUDGEMENTS],
)
def test_an_answer_is_judged_as_opencompass_judges_it(
    name: str, arguments: dict[str, str], text: str, reference: str, expected: float
) -> None:
    found = numbers_of(metric_of(name, **arguments), [answer(text, reference)])
    assert list(found.values()) == [expected]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        pytest.param("accuracy", f"{23 / 160 * 100:.2f}", id="divided-first"),
        pytest.param("gsm8k", f"{100 * 23 / 160:.2f}", id="scaled-first"),
        pytest.param("math@v2", f"{100 * 23 / 160:.2f}", id="formulas-scaled-first"),
    ],
)
def test_a_number_on_the_edge_of_two_decimals_prints_as_opencompass_prints_it(
    name: str, printed: str
) -> None:
    answers = [answer("1", "1")] * 23 + [answer("1", "2")] * 137
    [value] = numbers_of(metric_of(name), answers).values()
    assert f"{value:.2f}" == printed


@pytest.mark.parametrize(
    ("name", "text", "reference", "read"),
    [
        pytest.param("bbh_free_form", "so the answer is **no**.", "No", "No", id="free-text"),
        pytest.param("exact_match", "The cat, of course", "cat", "cat", id="without-article"),
        pytest.param("accuracy", "The cat", "cat", "The cat", id="as-it-is"),
    ],
)
def test_what_a_metric_reads_itself_is_shown(
    name: str, text: str, reference: str, read: str
) -> None:
    [verdict] = verdicts_of(metric_of(name), [answer(text, reference)])
    assert verdict.extracted == read


OPTIONS = {"A": "red", "B": "green", "C": "Red car"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param(" B ", "B", id="letter"),
        pytest.param("答案是C", "C", id="named"),
        pytest.param("it is Green!", "B", id="the-only-text-contained"),
        pytest.param("a red car", "C", id="two-contained-and-one-near"),
        pytest.param("gren", "B", id="nearest"),
        pytest.param("", "A", id="of-equals-the-first"),
    ],
)
def test_the_option_that_is_meant(text: str, read: str) -> None:
    [verdict] = verdicts_of(
        metric_of("option_similarity", options="ABC"), [answer(text, read, OPTIONS)]
    )
    assert (verdict.extracted, verdict.score) == (read, 1.0)


def test_the_nearest_candidate_by_edit_distance() -> None:
    row = {"candidates": '["yes", ["no", "nope"], "maybe"]'}
    answers = [answer("nop", "1", row), answer("may be", "0", row)]
    assert numbers_of(metric_of("edit_distance"), answers) == {"accuracy": 50.0}


def test_rotated_options_have_to_be_right_in_every_order() -> None:
    orders = ["AB", "BA", "AB", "BA"]
    answers = [
        answer(text, "A", {"qid": qid, "circular_pattern": order})
        for text, qid, order in zip("AAAB", "0011", orders, strict=True)
    ]
    assert numbers_of(metric_of("circular", options="AB"), answers) == {
        "acc_origin": 100.0,
        "acc_circular": 75.0,
        "perf_origin": 100.0,
        "more_1_circular": 100.0,
        "perf_circular": 50.0,
    }


def test_contaminated_rows_have_an_accuracy_of_their_own() -> None:
    spreads = ["clean", "clean", "input contamination", "not in the list"]
    answers = [
        answer(text, "A", {"is_clean": spread})
        for text, spread in zip("ABAA", spreads, strict=True)
    ]
    assert numbers_of(metric_of("contamination"), answers) == {
        "accuracy": 75.0,
        "accuracy - clean": 50.0,
        "accuracy - input contaminated": 100.0,
        "accuracy - input-and-label contaminated": None,
    }


ORDERED = [
    "accuracy",
    "exact_match",
    "squad",
    "bleu",
    "rouge@1",
    "matthews_correlation",
    "gsm8k",
    "math@v2",
]


@pytest.mark.parametrize("name", ORDERED)
@given(pairs=PAIRS, seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_a_number_does_not_depend_on_the_order_of_answers(
    name: str, pairs: list[tuple[str, str]], seed: int
) -> None:
    answers = [answer(*pair) for pair in pairs]
    shuffled = random.Random(seed).sample(answers, len(answers))
    metric = metric_of(name)
    assert numbers_of(metric, shuffled) == pytest.approx(numbers_of(metric, answers))


TOTAL = {"g_pass_at_k": {"k": "1", "runs": "1"}, "gaokao": {"type": "single_choice"}}


@pytest.mark.parametrize("name", sorted(METRICS.own))
def test_of_no_answers_every_row_is_unknown(name: str) -> None:
    metric = metric_of(name, **TOTAL.get(name, {}))
    assert numbers_of(metric, []) == dict.fromkeys(metric.rows)


WORDY = [
    "accuracy",
    "exact_match",
    "bbh_free_form",
    "gsm8k",
    "math@v1",
    "math@v2",
    "agieval_math",
    "squad",
    "rouge@1",
    "bleu",
]
ODD = st.lists(
    st.sampled_from(
        [
            "\\frac",
            "\\sqrt",
            "{",
            "}",
            "1",
            "/",
            "$",
            "[",
            "]",
            "'",
            "\\text{ ",
            " ",
            "=",
            "²",
            "\n",
        ]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("name", WORDY)
@given(text=ODD, reference=ODD.filter(bool))
@settings(max_examples=40, deadline=None)
def test_no_metric_fails_on_any_text(name: str, text: str, reference: str) -> None:
    [verdict] = verdicts_of(metric_of(name), [answer(text, reference)])
    assert (verdict.score is None) == (verdict.unscored_reason is not None)


@pytest.mark.parametrize(
    "name", ["accuracy", "exact_match", "gsm8k", "math@v1", "math@v2", "agieval_math"]
)
@given(text=ODD.filter(lambda text: text.strip("[] ")))
@settings(max_examples=40)
def test_the_reference_itself_is_right(name: str, text: str) -> None:
    [verdict] = verdicts_of(metric_of(name), [answer(text, text)])
    assert verdict.score == 1.0


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        pytest.param(
            "accurate", {}, "there is no metric 'accurate'; did you mean accuracy", id="misspelt"
        ),
        pytest.param(
            "human_eval", {}, "the sandbox for it comes in a later version", id="runs-code"
        ),
        pytest.param("gaokao", {"type": "cloze"}, "'cloze' is none of single_choice", id="type"),
        pytest.param("pass_at_k", {"k": "0"}, "expected whole numbers from 1", id="k"),
        pytest.param(
            "pass_at_k", {"k": "1,x"}, "found 'x'; expected a whole number", id="no-number"
        ),
        pytest.param("pass_at_k", {"of": "acc"}, "there is no metric 'acc'", id="of"),
        pytest.param(
            "option_similarity", {"options": "a"}, "expected capital letters", id="options"
        ),
    ],
)
def test_a_metric_that_cannot_work_is_refused(
    name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        metric_of(name, **arguments)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(
            "edit_distance", "needs the field 'candidates' of a row (has: x)", id="no-field"
        ),
        pytest.param("average_ppl", "needs the likelihood of one text (has 0)", id="no-likelihood"),
        pytest.param(
            "auc_roc", "needs the probabilities of two labels (has: none)", id="no-labels"
        ),
    ],
)
def test_a_metric_says_what_its_answers_lack(name: str, said: str) -> None:
    with pytest.raises(InvalidData) as caught:
        verdicts_of(metric_of(name), [answer("A", "A", {"x": "1"})])
    assert said in str(caught.value)


def test_a_corpus_number_has_the_jackknifes_error_bar() -> None:
    answers = [answer(given, gold) for given, gold in zip("AABBAB", "ABBAAB", strict=True)]
    found = metric_of("matthews_correlation").total(
        verdicts_of(metric_of("matthews_correlation"), answers)
    )["matthews_correlation"]
    assert found.stderr is not None
    assert found.interval is not None
    assert found.interval.low < (found.value or 0) < found.interval.high


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "1e+09"])
@pytest.mark.parametrize("name", ["math_verify@1", "math_verify@0.5"])
def test_formulas_are_not_compared_without_a_deadline(name: str, seconds: str) -> None:
    with pytest.raises(InvalidRequest, match="expected more than 0 and at most 60"):
        metric_of(name, seconds=seconds)
