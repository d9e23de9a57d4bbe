"""What a model thinks aloud, told apart from its answer."""

from __future__ import annotations

import pytest

from kompass_api.serving import Reasoning, ReasoningOutput
from kompass_worker.backends.served.reasoning import told_apart

PREPEND = Reasoning(output=ReasoningOutput.PREPEND)


@pytest.mark.parametrize(
    ("content", "reasoning", "settings", "expected"),
    [
        pytest.param("B", "", Reasoning(), ("B", ""), id="no-reasoning"),
        pytest.param(" B\n", "", Reasoning(), (" B\n", ""), id="answers-stay-as-they-are"),
        pytest.param("B", "hm", Reasoning(), ("B", "hm"), id="a-field-of-its-own"),
        pytest.param("<think>hm</think>\n\nB", "", Reasoning(), ("B", "hm"), id="tags"),
        pytest.param("hm</think>B", "", Reasoning(), ("B", "hm"), id="opened-in-the-prompt"),
        pytest.param("<think>hm, no e", "", Reasoning(), ("", "hm, no e"), id="cut-off"),
        pytest.param(
            "<think>a</think>b</think>c", "", Reasoning(), ("b</think>c", "a"), id="twice"
        ),
        pytest.param("<b>hm</b>B", "", Reasoning(tag="b"), ("B", "hm"), id="another-tag"),
        pytest.param(
            "<think>hm</think>B", "", Reasoning(tag=""), ("<think>hm</think>B", ""), id="no-tag"
        ),
        pytest.param("say <think>", "", Reasoning(), ("say <think>", ""), id="a-tag-in-the-answer"),
        pytest.param("B", "hm", PREPEND, ("hm</think>B", "hm"), id="opencompass"),
        pytest.param(" B\n", "", PREPEND, ("B", ""), id="opencompass-strips"),
    ],
)
def test_answer_and_reasoning(
    content: str, reasoning: str, settings: Reasoning, expected: tuple[str, str]
) -> None:
    assert told_apart(content, reasoning, settings) == expected
