"""Examples are dropped until a prompt fits; what never fits is refused or cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from unit.worker_eval.builders import (
    CharacterTokenizer,
    endpoint_of,
    ppl_spec_of,
    row,
    spec_of,
    toy_folder,
    toy_questions,
)

from kompass_worker.errors import PromptTooLong
from kompass_worker.prompts import fit
from kompass_worker.prompts.requests import Prompt

WHOLE = len("H0答案: \nB\nH1答案: \nA\nHQ答案: ")
ONE = len("H0答案: \nB\nHQ答案: ")
NONE = len("\nHQ答案: ")


@pytest.mark.parametrize(
    ("limit", "examples", "tokens"),
    [
        pytest.param(WHOLE, 2, WHOLE, id="all-fit"),
        pytest.param(WHOLE - 1, 1, ONE, id="last-dropped"),
        pytest.param(ONE - 1, 0, NONE, id="all-dropped"),
    ],
)
def test_the_last_example_goes_first(
    limit: int, examples: int, tokens: int, tmp_path: Path
) -> None:
    asked = toy_questions(spec_of(), toy_folder(tmp_path))
    (only,) = fit(asked, CharacterTokenizer(limit), endpoint_of())
    assert (only.examples, only.examples_dropped, only.tokens) == (examples, 2 - examples, tokens)
    assert not only.truncated


def test_all_labels_of_a_question_have_the_same_examples(tmp_path: Path) -> None:
    prompt = {**ppl_spec_of().prompt.model_dump(), "labels": ["A", "BB" * 20]}
    spec = ppl_spec_of(prompt=prompt)
    folder = toy_folder(tmp_path, dev=[row("H0"), row("H1")], val=[row("HQ")])
    asked = toy_questions(spec, folder)
    longest = len("H0答案: \nA\n\n\n\n\nHQ答案: \n") + 40
    (only,) = fit(asked, CharacterTokenizer(longest), endpoint_of())
    assert only.examples == 1
    assert only.tokens == 2 * (longest - 40) + 1 + 40


def test_many_questions_take_few_calls_of_the_tokenizer(tmp_path: Path) -> None:
    folder = toy_folder(tmp_path, val=[row(f"{number:04}") for number in range(1500)])
    tokenizer = CharacterTokenizer(ONE + 2)
    fitted = fit(toy_questions(spec_of(), folder), tokenizer, endpoint_of())
    assert [held.question.row for held in fitted] == list(range(1500))
    assert {held.examples for held in fitted} == {1}
    assert tokenizer.calls == [1024, 1024, 476, 476]


def test_a_prompt_that_never_fits_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = toy_folder(tmp_path, val=[row("HQ"), row("x" * 50), row("y" * 50)])
    with pytest.raises(PromptTooLong) as told:
        fit(toy_questions(spec_of(), folder), CharacterTokenizer(30), endpoint_of())
    assert str(told.value).startswith(
        "item toys/toy/1 (and 1 more): the prompt has 55 tokens, even without its 2 examples, the "
        "model takes 30: raise maxSequenceLength"
    )
    assert "TruncateLeft" in str(told.value)
    assert told.value.item == "toys/toy/1"


def test_a_prompt_that_never_fits_is_cut_where_the_endpoint_says_so(tmp_path: Path) -> None:
    folder = toy_folder(tmp_path, val=[row("HQ"), row("x" * 50)])
    cut = endpoint_of(longPrompt="TruncateLeft")
    first, second = fit(toy_questions(spec_of(), folder), CharacterTokenizer(30), cut)
    assert not first.truncated
    assert (second.truncated, second.examples, second.tokens) == (True, 0, 30)


def test_a_text_that_is_read_by_windows_may_be_longer_than_the_model_takes(tmp_path: Path) -> None:
    spec = spec_of(
        method="BitsPerCharacter", prompt={"text": "{question}"}, examples={}, extraction=[]
    )
    asked = toy_questions(spec, toy_folder(tmp_path, val=[row("long" * 10)]))
    (only,) = fit(asked, CharacterTokenizer(16), endpoint_of())
    assert (only.tokens, only.truncated) == (40, False)


class MessageTokenizer(CharacterTokenizer):
    """A token a character, and ten around every message."""

    def count(self, prompts: Sequence[Prompt]) -> list[int]:
        """Characters of each prompt, and what is around its messages."""
        around = [0 if isinstance(prompt, str) else 10 * len(prompt) for prompt in prompts]
        return [held + more for held, more in zip(super().count(prompts), around, strict=True)]


CHAT = len("H0答案: \nBH1答案: \nAHQ答案: \n")


@pytest.mark.parametrize(
    ("changes", "examples", "truncated"),
    [
        pytest.param({"longPrompt": "TruncateLeft"}, 2, True, id="cut-as-opencompass-cuts"),
        pytest.param({}, 0, False, id="refused-so-it-has-to-fit"),
    ],
)
def test_a_chat_that_may_be_cut_is_as_long_as_one_message(
    changes: dict[str, str], examples: int, truncated: bool, tmp_path: Path
) -> None:
    asked = toy_questions(spec_of(), toy_folder(tmp_path))
    chat = endpoint_of(modelType="Chat", **changes)
    (only,) = fit(asked, MessageTokenizer(CHAT + 10), chat)
    assert (only.examples, only.truncated) == (examples, truncated)
