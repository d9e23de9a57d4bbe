"""Which examples a question gets: what the libraries give that OpenCompass asks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi
from unit.worker_eval.builders import TOY, endpoint_of, row, spec_of, toy_folder

from kompass_api.prompts import Examples
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.fewshot import Corpus, example_ids
from kompass_worker.fewshot.bm25 import Okapi
from kompass_worker.fewshot.words import words
from kompass_worker.prompts import asked_subject, fit
from kompass_worker.prompts.questions import Question
from kompass_worker.prompts.requests import GenerationRequest


def ids_of(
    pool: Sequence[str], asked: Sequence[str], embedder: Any = None, **examples: Any
) -> list[tuple[int, ...]]:
    return example_ids(Examples.model_validate(examples), Corpus("dev.csv", pool), asked, embedder)


def test_fixed_examples_are_the_same_for_all_in_the_order_given() -> None:
    assert ids_of(["a", "b", "c"], ["x", "y"], ids=[2, 0]) == [(2, 0), (2, 0)]


def test_random_examples_are_those_of_the_seed() -> None:
    # np.random.seed(43), then np.random.choice(7, 3, replace=False) three times.
    found = ids_of(["p"] * 7, ["x"] * 3, retriever="Random", count=3)
    assert found == [(3, 5, 2), (5, 0, 2), (5, 1, 2)]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(1, [(3,), (0,), (1,), (2,)], id="one"),
        pytest.param(2, [(2, 3), (3, 0), (0, 1), (1, 2)], id="two"),
        pytest.param(4, [(0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)], id="all"),
    ],
)
def test_a_window_slides_over_the_rows_before_and_begins_with_the_last(
    count: int, expected: list[tuple[int, ...]]
) -> None:
    pool = list("abcd")
    assert ids_of(pool, pool, retriever="SlidingWindow", count=count) == expected


@pytest.mark.parametrize(
    ("pool", "asked", "examples", "message"),
    [
        pytest.param(
            "ab",
            "x",
            {"ids": [0, 2]},
            "dev.csv has 2 rows, but examples.ids asks for row 2",
            id="no-such-row",
        ),
        pytest.param(
            "ab",
            "x",
            {"retriever": "Random", "count": 3},
            "dev.csv has 2 rows, but examples.count asks for 3",
            id="too-many",
        ),
        pytest.param(
            "ab",
            "wxyz",
            {"retriever": "SlidingWindow", "count": 1},
            "the example split must have as many rows as the test split",
            id="window-too-far",
        ),
    ],
)
def test_examples_that_do_not_exist_are_refused(
    pool: str, asked: str, examples: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidData, match=message.replace(".", r"\.")):
        ids_of(list(pool), list(asked), **examples)


_TEXTS = st.lists(st.sampled_from(["cat", "dog", "the", "ran", "a"]), max_size=6).map(" ".join)


@given(pool=st.lists(_TEXTS, min_size=1, max_size=8).filter(any), asked=_TEXTS)
def test_scores_are_rank_bm25s(pool: list[str], asked: str) -> None:
    rows = [text.split() for text in pool]
    expected = BM25Okapi(rows).get_scores(asked.split())
    assert Okapi(rows).scores(asked.split()).tolist() == expected.tolist()


def test_the_best_matches_come_first_and_of_equals_the_last() -> None:
    pool = ["the cat sat", "a dog ran", "nothing here", "the cat ran", "a dog ran"]
    found = ids_of(pool, ["the dog ran", "?"], retriever="BM25", count=3)
    order = np.argsort(BM25Okapi([text.split() for text in pool]).get_scores(["the", "dog", "ran"]))
    assert found == [tuple(order[::-1][:3].tolist()), (4, 3, 2)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        pytest.param(
            "The quick brown fox, which jumped over 3,000 lazy dogs at 12:30, didn't stop.",
            "The quick brown fox , which jumped over 3,000 lazy dogs at 12:30 , did n't stop .",
            id="numbers",
        ),
        pytest.param(
            "He said: \"It's Mark's; I can't, won't and cannot do it!\"",
            "He said : `` It 's Mark 's ; I ca n't , wo n't and can not do it ! ''",
            id="quotes-and-contractions",
        ),
        pytest.param(
            "Costs $3.88 (roughly 3,36 euros) -- or 50% of e.g. U.S. prices...",
            "Costs $ 3.88 ( roughly 3,36 euros ) -- or 50 % of e.g. U.S. prices ...",
            id="signs",
        ),
        pytest.param(
            "They're gonna see what we'll do; gimme that, lemme go.",
            "They 're gon na see what we 'll do ; gim me that , lem me go .",
            id="words-that-are-two",
        ),
        pytest.param(
            "f(x) = {a, b} [see #4] & A*B @ home?",
            "f ( x ) = { a , b } [ see # 4 ] & A * B @ home ?",
            id="brackets",
        ),
        pytest.param(
            "Janet's ducks lay 16 eggs per day; she eats three and sells the others' eggs",
            "Janet 's ducks lay 16 eggs per day ; she eats three and sells the others ' eggs",
            id="possessives",
        ),
        pytest.param(
            "以下是中国关于考试的单项选择题，请选出答案",
            "以下是中国关于考试的单项选择题，请选出答案",
            id="chinese",
        ),
        pytest.param(
            "«Voilà» “quoted” and ‘single’ ones",
            "« Voilà » “ quoted ” and ‘ single ’ ones",
            id="quotation-marks",
        ),
        pytest.param(
            "rock 'n' roll, 'tis and 'twas 'quoted' cats'",
            "rock 'n ' roll , ' tis and ' twas ' quoted ' cats '",
            id="apostrophes",
        ),
    ],
)
def test_words_of_a_sentence_are_nltks(sentence: str, expected: str) -> None:
    # What NLTK 3.10's NLTKWordTokenizer gives; it takes seconds to import.
    assert " ".join(words(sentence)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A dog. The cat?", "A dog . The cat ?", id="full-stop-between-sentences"),
        pytest.param("3.5 e.g. this.", "3.5 e.g. this .", id="abbreviation"),
        pytest.param("In the U.S. Mr. X. Li won.", "In the U.S. Mr. X. Li won .", id="titles"),
        pytest.param("他来了。Then?", "他来了。 Then ?", id="chinese"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_full_stop_is_a_word_where_a_sentence_ends(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


class Letters:
    """Embeds a text by its letters."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """How often each of four letters stands in a text, of length one."""
        counts = np.array([[text.count(letter) for letter in "abcd"] for text in texts], float)
        held: npt.NDArray[Any] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return held


def test_the_nearest_texts_come_first_and_of_equals_the_first() -> None:
    found = ids_of(
        ["d", "ab", "a", "aab", "ab"],
        ["a", "ab"],
        Letters(),
        retriever="TopK",
        count=3,
        embedding={"uri": "hf://toys/embedding"},
    )
    assert found == [(2, 3, 1), (1, 4, 3)]


def test_neighbours_need_an_embedding_model() -> None:
    with pytest.raises(InvalidRequest, match="needs the embedding model"):
        ids_of(["a"], ["a"], retriever="TopK", count=1, embedding={"uri": "hf://toys/embedding"})


def bm25_questions(folder: Path) -> list[Question]:
    dev = [row("red apples", "A"), row("blue cars", "B"), row("green trees", "C")]
    val = [row("a blue car and blue cars", "A"), row("two green trees", "B")]
    spec = spec_of(examples={"retriever": "BM25", "count": 2})
    held = toy_folder(folder, dev=dev, val=val)
    return asked_subject("toys", spec, TOY, held, max_new_tokens=1).questions


def test_every_question_has_examples_of_its_own(tmp_path: Path) -> None:
    prompts = []
    for question in bm25_questions(tmp_path):
        request = question.request(1, endpoint_of())
        assert isinstance(request, GenerationRequest)
        prompts.append(request.prompt)
    assert prompts == [
        "blue cars答案: \nB\na blue car and blue cars答案: ",
        "green trees答案: \nC\ntwo green trees答案: ",
    ]


def test_the_least_fitting_example_is_dropped_first(tmp_path: Path) -> None:
    class Strict:
        """Takes forty characters."""

        max_sequence_length = 45

        def count(self, prompts: Sequence[object]) -> list[int]:
            """Characters of each prompt."""
            return [len(str(prompt)) for prompt in prompts]

    fitted = fit(bm25_questions(tmp_path), Strict(), endpoint_of())
    assert [(held.examples, held.examples_dropped) for held in fitted] == [(1, 1), (1, 1)]


def test_examples_are_chosen_only_when_they_are_asked_for(tmp_path: Path) -> None:
    spec = spec_of(
        examples={"retriever": "TopK", "count": 1, "embedding": {"uri": "hf://toys/embedding"}}
    )
    (only,) = asked_subject("toys", spec, TOY, toy_folder(tmp_path), max_new_tokens=1).questions
    assert (only.available, only.reference) == (1, "C")
    with pytest.raises(InvalidRequest, match="needs the embedding model"):
        only.request(1, endpoint_of())


def test_examples_that_are_known_are_not_looked_for(tmp_path: Path) -> None:
    chosen, *_ = bm25_questions(tmp_path)
    spec = spec_of(
        examples={"retriever": "TopK", "count": 2, "embedding": {"uri": "hf://toys/embedding"}}
    )
    held = asked_subject("toys", spec, TOY, tmp_path, max_new_tokens=1).questions[0]
    assert held.with_known(chosen.places).request(1, endpoint_of()) == chosen.request(
        1, endpoint_of()
    )


def test_examples_that_are_gone_are_looked_for_again(tmp_path: Path) -> None:
    question, *_ = bm25_questions(tmp_path)
    assert question.with_known((0, 3)).places == question.places


def test_random_choices_do_not_depend_on_what_was_drawn_before() -> None:
    random.seed(1)
    np.random.seed(1)
    first = ids_of(["p"] * 9, ["x"] * 2, retriever="Random", count=2, seed=7)
    assert ids_of(["p"] * 9, ["x"] * 2, retriever="Random", count=2, seed=7) == first
