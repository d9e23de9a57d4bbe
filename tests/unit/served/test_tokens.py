"""Tokens where nobody has the tokenizer."""

from __future__ import annotations

import pytest

from kompass_worker.backends.served.tokens import EstimatedTokenizer
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
