"""What a model sees of a dialogue, turn by turn."""

from __future__ import annotations

import pytest

from kompass_api.methods import InferMode
from kompass_worker.backends.conversations import Talk
from kompass_worker.backends.fake import FakeBackend
from kompass_worker.errors import InvalidData
from kompass_worker.prompts.requests import (
    ConversationRequest,
    Group,
    Message,
    PlainRole,
    Prompt,
)

DIALOGUE = "u:1 a:one u:2 a:two u:3 a:three"


def messages(text: str) -> tuple[Message, ...]:
    """`u:1 a:one`: the user says 1, the assistant one."""
    roles = {"u": "user", "a": "assistant", "s": "system"}
    said = (part.partition(":") for part in text.split())
    return tuple(Message(roles[role], words) for role, _, words in said)  # type: ignore[arg-type]


def request(text: str, mode: InferMode, **settings: object) -> ConversationRequest:
    return ConversationRequest("i", messages(text), mode, 8, **settings)  # type: ignore[arg-type]


def prompts(asked: ConversationRequest) -> list[Prompt]:
    """What the model sees, if its answers are x, y, z."""
    talk = Talk(asked)
    seen = []
    for answer in "xyz":
        if talk.is_over:
            break
        seen.append(talk.next_turn().prompt)
        talk.hear(answer)
    assert talk.is_over
    return seen


@pytest.mark.parametrize(
    ("dialogue", "mode", "seen"),
    [
        pytest.param(DIALOGUE, InferMode.LAST, ["u:1 a:one u:2 a:two u:3"], id="last"),
        pytest.param(
            DIALOGUE,
            InferMode.EVERY,
            ["u:1", "u:1 a:x u:2", "u:1 a:x u:2 a:y u:3"],
            id="every-with-its-own-answers",
        ),
        pytest.param(
            DIALOGUE,
            InferMode.EVERY_WITH_GROUND_TRUTH,
            ["u:1", "u:1 a:one u:2", "u:1 a:one u:2 a:two u:3"],
            id="every-with-the-datas",
        ),
        pytest.param("s:be u:1", InferMode.LAST, ["s:be u:1"], id="the-user-speaks-last"),
        pytest.param(
            "u:1 a:one u:2",
            InferMode.EVERY,
            ["u:1", "u:1 a:x u:2"],
            id="every-and-the-user-speaks-last",
        ),
    ],
)
def test_the_history_of_a_turn(dialogue: str, mode: InferMode, seen: list[str]) -> None:
    assert prompts(request(dialogue, mode)) == [messages(text) for text in seen]


@pytest.mark.parametrize(
    ("roles", "seen"),
    [
        pytest.param((), "1\none\n2", id="lines"),
        pytest.param(
            (PlainRole("user", "<U>", "</U>"), PlainRole("assistant", "<A>", "</A>")),
            "<U>1</U><A>one</A><U>2</U><A>",
            id="roles-with-the-models-begin",
        ),
        pytest.param((PlainRole("user", "Q:", "\n"),), "Q:1\noneQ:2\n", id="a-role-without-words"),
    ],
)
def test_a_plain_model_reads_one_text(roles: tuple[PlainRole, ...], seen: str) -> None:
    assert prompts(request("u:1 a:one u:2 a:two", InferMode.LAST, plain=roles)) == [seen]


@pytest.mark.parametrize(
    ("dialogue", "found"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("a:one u:2", "begins with an answer", id="an-answer-first"),
    ],
)
def test_a_dialogue_that_nobody_can_answer(dialogue: str, found: str) -> None:
    with pytest.raises(InvalidData, match=found) as caught:
        Talk(request(dialogue, InferMode.EVERY))
    assert caught.value.item == "i"


def test_turns_have_seeds_of_their_own() -> None:
    talk = Talk(request(DIALOGUE, InferMode.EVERY, temperature=1.0, seed=7))
    first = talk.next_turn()
    talk.hear("x")
    assert (first.item, talk.next_turn().item) == ("i#0", "i#1")
    assert first.seed == 7


def test_the_answer_is_the_last_turns_with_all_beside_it() -> None:
    asked = request(DIALOGUE, InferMode.EVERY)
    (prediction,) = FakeBackend().answer([Group((asked,))])
    assert prediction.item == "i"
    assert len(prediction.turns) == 3
    assert prediction.prediction == prediction.turns[-1]
    assert prediction.tokens_out == 3
