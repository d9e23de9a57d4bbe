"""Tokens where nobody has the tokenizer."""

from __future__ import annotations

import pytest

from kompass_worker.backends.fake import FakeTokenizer
from kompass_worker.backends.served.tokens import EstimatedTokenizer, room_for
from kompass_worker.prompts.requests import Message, Prompt


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [
        pytest.param("", 1, id="nothing"),
        pytest.param("abcd", 1, id="a-word"),
        pytest.param("abcde", 2, id="rounded-up"),
        pytest.param("中文", 2, id="a-character-a-token"),
        pytest.param("中a", 2, id="mixed"),
        pytest.param((Message("user", "abcd"), Message("user", "中")), 10, id="messages"),
    ],
)
def test_estimates(prompt: Prompt, tokens: int) -> None:
    assert EstimatedTokenizer().count([prompt]) == [tokens]


def test_nothing_is_refused_on_an_estimate() -> None:
    tokenizer = EstimatedTokenizer()
    assert tokenizer.count(["x" * 10_000_000])[0] < tokenizer.max_sequence_length


@pytest.mark.parametrize(
    ("prompt", "wanted", "limit", "room"),
    [
        pytest.param("abcd", 8, 100, 8, id="enough"),
        pytest.param("abcd", 8, 10, 6, id="what-is-left"),
        pytest.param("abcd", 8, 4, 1, id="the-server-refuses"),
    ],
)
def test_an_answer_gets_the_room_that_is_left(
    prompt: str, wanted: int, limit: int, room: int
) -> None:
    assert room_for(prompt, wanted, FakeTokenizer(limit)) == room


def test_room_is_not_estimated() -> None:
    assert room_for("abcd" * 1000, 8, None) == 8
