"""ROUGE, BLEU and SQuAD's F1, against the packages whose numbers they are."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import rouge_scorer, scoring
from unit.worker_scoring.builders import answer, metric_of, numbers_of

with warnings.catch_warnings(action="ignore"):
    from rouge_chinese import Rouge

from kompass_worker.scoring.chinese import cut
from kompass_worker.scoring.metrics.rouge import english_rouge

WORDS = ["the", "cat", "sat", "on", "a", "mat", "Mat.", "\n", "1st", "dog's", "é"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS.filter(bool)), min_size=1, max_size=6)
ROWS = ["rouge1", "rouge2", "rougeL", "rougeLsum"]


@given(TEXTS, TEXTS)
def test_rouge_is_that_of_rouge_score(given_text: str, gold: str) -> None:
    wanted = rouge_scorer.RougeScorer(ROWS).score(gold, given_text)
    found = english_rouge(given_text, gold)
    assert found == pytest.approx({row: wanted[row].fmeasure for row in ROWS}, abs=1e-12)


@given(PAIRS)
@settings(max_examples=5, deadline=None)
def test_rouge_of_opencompass_is_the_median_of_drawn_means(pairs: list[tuple[str, str]]) -> None:
    np.random.seed(0)
    aggregator = scoring.BootstrapAggregator()
    for given_text, gold in pairs:
        aggregator.add_scores(rouge_scorer.RougeScorer(ROWS).score(gold, given_text))
    wanted = {row: 100 * held.mid.fmeasure for row, held in aggregator.aggregate().items()}
    found = numbers_of(metric_of("rouge@0.5"), [answer(*pair) for pair in pairs])
    assert found == wanted


HAN = st.text(alphabet=st.sampled_from("他来到了网易杭研大厦我爱北京天安门 "), max_size=15)


@given(HAN, HAN.filter(str.strip))
@settings(max_examples=30, deadline=None)
def test_chinese_rouge_is_that_of_rouge_chinese(given_text: str, gold: str) -> None:
    ours = " ".join(cut(" ".join(given_text.split()))) or "__PREDPLACEHOLDER__"
    theirs = " ".join(cut(" ".join(gold.split())))
    wanted = Rouge().get_scores([ours], [theirs], avg=True)
    found = numbers_of(metric_of("rouge_chinese"), [answer(given_text, gold)])
    assert found == pytest.approx(
        {
            "rouge1": 100 * wanted["rouge-1"]["f"],
            "rouge2": 100 * wanted["rouge-2"]["f"],
            "rougeL": 100 * wanted["rouge-l"]["f"],
        }
    )


def test_two_empty_chinese_texts_have_nothing_in_common() -> None:
    found = numbers_of(metric_of("rouge_chinese"), [answer("。", "！")])
    assert found == {"rouge1": 0.0, "rouge2": 0.0, "rougeL": 0.0}


@pytest.mark.parametrize("tokenize", ["13a", "intl", "zh", "char", "none"])
@given(pairs=PAIRS)
@settings(max_examples=10, deadline=None)
def test_bleu_is_that_of_sacrebleu(tokenize: str, pairs: list[tuple[str, str]]) -> None:
    given_texts, golds = zip(*pairs, strict=True)
    wanted = sacrebleu.corpus_bleu(list(given_texts), [list(golds)], tokenize=tokenize).score
    answers = [answer(*pair) for pair in pairs]
    assert numbers_of(metric_of("bleu", tokenize=tokenize), answers) == {"score": wanted}


def test_bleu_takes_different_numbers_of_references() -> None:
    answers = [
        answer("the cat sat on the mat", '["a cat sat on the mat", "no"]'),
        answer("a dog", "a dog"),
    ]
    wanted = sacrebleu.corpus_bleu(
        ["the cat sat on the mat", "a dog"], [["a cat sat on the mat", "a dog"], ["no", "a dog"]]
    ).score
    assert numbers_of(metric_of("bleu"), answers) == {"score": wanted}


# The examples in the docstring and paper of SQuAD 1.1's scorer.
@pytest.mark.parametrize(
    ("text", "reference", "f1", "same"),
    [
        pytest.param("1976", "1976", 100.0, 100.0, id="same"),
        pytest.param(
            "the Denver Broncos!\nand more", "Denver Broncos", 100.0, 100.0, id="dressing"
        ),
        pytest.param("Broncos of Denver", "Denver Broncos", 80.0, 0.0, id="some-words"),
        pytest.param("x", '["y", "x z"]', 200 / 3, 0.0, id="best-of-two"),
        pytest.param("", "x", 0.0, 0.0, id="empty"),
    ],
)
def test_squad(text: str, reference: str, f1: float, same: float) -> None:
    found = numbers_of(metric_of("squad"), [answer(text, reference)])
    assert found == pytest.approx({"f1": f1, "exact_match": same})


CORRECT = '["The sky is blue.", "It is blue"]'
ROW = {"correct_answers": CORRECT, "incorrect_answers": "['The sky is green.', '']"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "truthfulqa_bleu",
            "The sky is blue.",
            {"bleu_max": 1.0, "bleu_diff": 1 - 0.0, "bleu_acc": 1.0},
            id="bleu-of-the-same",
        ),
        pytest.param(
            "truthfulqa_rouge",
            "The sky is green",
            {"rouge_max": 0.75, "rouge_diff": -0.25, "rouge_acc": 0.0},
            id="rouge-of-a-false-one",
        ),
        pytest.param(
            "truthfulqa_rouge",
            "I have no comment.",
            {"rouge_max": 1.0, "rouge_diff": 1.0, "rouge_acc": 1.0},
            id="no-comment-is-true",
        ),
    ],
)
def test_truthfulqa_compares_with_true_and_false_answers(
    name: str, text: str, expected: dict[str, float]
) -> None:
    assert numbers_of(metric_of(name), [answer(text, "x", ROW)]) == pytest.approx(expected)


def test_truthfulqa_of_the_harness_is_in_percent_and_by_sacrebleu() -> None:
    found = numbers_of(metric_of("truthfulqa_overlap"), [answer("The sky is grey", "x", ROW)])
    golds = ["The sky is blue.", "It is blue.", "I have no comment."]
    wanted = max(
        sacrebleu.corpus_bleu(
            ["The sky is grey"], [[gold]], tokenize="intl", smooth_value=0.0, smooth_method="exp"
        ).score
        for gold in golds
    )
    assert found["bleu_max"] == pytest.approx(wanted)
    assert (found["bleu_acc"], found["rouge1_acc"]) == (0.0, 0.0)
    assert found["rouge1_max"] == pytest.approx(75.0)
