"""What a model has room for: lengths that it must reach, and prompts that it cannot take."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_models import Plain, asked, loaded

from kompass_api.methods import InferMode
from kompass_worker.errors import InvalidRequest, PromptTooLong
from kompass_worker.prompts.requests import (
    BitsPerCharacter,
    ConversationRequest,
    GenerationRequest,
    Message,
    TextRequest,
)

pytestmark = pytest.mark.shared

STORY = "Once upon a time there was a little girl. She had a red ball and a big dog. "
CHINESE = "法国的首都是巴黎。德国的首都是柏林。"


def test_an_answer_has_the_tokens_it_must_have(shared: Path) -> None:
    backend = loaded(shared / "models" / "tiny-mc")
    short, long = asked(
        backend,
        GenerationRequest("i", "日本的首都是", 12),
        GenerationRequest("j", "日本的首都是", 12, min_new_tokens=10),
    )
    assert short.tokens_out < 10 <= long.tokens_out


def test_the_model_has_limits_of_its_own(shared: Path) -> None:
    folder = shared / "models" / "tiny-mc"
    (stopped,) = asked(loaded(folder, stopWords=["京"]), GenerationRequest("i", "日本的首都是", 12))
    (long,) = asked(loaded(folder, minNewTokens=10), GenerationRequest("i", "日本的首都是", 12))
    assert (stopped.prediction, stopped.finish_reason) == ("东", "stop")
    assert long.tokens_out >= 10


def test_windows_that_no_model_takes_are_refused(shared: Path) -> None:
    backend = loaded(shared / "models" / "tiny-mc", maxSequenceLength=16)
    with pytest.raises(InvalidRequest, match="windows of 1900 tokens do not fit"):
        asked(backend, TextRequest("i", STORY, BitsPerCharacter()))


def test_a_long_text_is_no_matter_for_windows(shared: Path) -> None:
    backend = loaded(shared / "models" / "tiny-mc", maxSequenceLength=16)
    (prediction,) = asked(backend, TextRequest("i", STORY, BitsPerCharacter(16, 8)))
    assert prediction.scores[0].tokens > 16


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        pytest.param("TruncateLeft", (0, 16), id="front"),
        pytest.param("TruncateMiddle", (8, 8), id="mid"),
        pytest.param("TruncateRight", (16, 0), id="rear"),
    ],
)
def test_what_is_left_of_a_long_prompt(shared: Path, mode: str, kept: tuple[int, int]) -> None:
    folder = shared / "models" / "tiny-mc"
    ids = Plain(folder).ids(CHINESE)
    (cut,) = loaded(folder, maxSequenceLength=16, longPrompt=mode).tokenizer.encode([CHINESE])
    first, last = kept
    assert cut == [*ids[:first], *ids[len(ids) - last :]]


def test_a_conversation_that_outgrows_the_model_is_named(shared: Path) -> None:
    backend = loaded(shared / "models" / "tiny-mc", maxSequenceLength=16, minNewTokens=12)
    dialogue = (Message("user", "日本的首都是"), Message("assistant", "x"), Message("user", "法国"))
    request = ConversationRequest("talk", dialogue, InferMode.EVERY, 12, plain=())
    with pytest.raises(PromptTooLong, match="item talk#1: the prompt has") as caught:
        asked(backend, request)
    assert caught.value.item == "talk"
