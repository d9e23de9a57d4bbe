"""`kompass render` shows prompts to the last character."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.worker.runs import write_data

from kompass_api.evalrun import Profile
from kompass_api.methods import InferMode
from kompass_api.modelendpoint import ModelType
from kompass_api.plandocument import PlannedItem
from kompass_worker.cli.outputs import Output
from kompass_worker.cli.prompts import as_record, as_text, rendered
from kompass_worker.cli.render import RenderWish, prompts_of
from kompass_worker.cli.usage import WrongUsage
from kompass_worker.prompts.requests import (
    Candidate,
    ChoiceRequest,
    Continuation,
    ContinuationRequest,
    ConversationRequest,
    GenerationRequest,
    Message,
    PerplexityOnly,
    Prompt,
    Request,
    ScoringRequest,
    TextRequest,
)

ITEM = PlannedItem(
    id="b/s/0",
    benchmark="b",
    subject="s",
    row=0,
    prompt_hash="sha256:0123456789abcdef",
    tokens=12,
    examples=2,
    examples_dropped=1,
    truncated=True,
)
HEAD = "─── b/s/0: 12 tokens, 2 examples, 1 dropped, truncated, sha256:01234567 ───"
CHAT = (Message("system", "Be brief."), Message("user", "Hi \n"))


def same(prompt: Prompt) -> Prompt:
    return prompt


@pytest.mark.parametrize(
    ("request_", "lines"),
    [
        pytest.param(GenerationRequest("i", "Q: \n", 5), ["Q: ", ""], id="text"),
        pytest.param(
            GenerationRequest("i", CHAT, 5),
            ["[system]", "Be brief.", "[user]", "Hi ", ""],
            id="messages",
        ),
        pytest.param(
            ScoringRequest("i", (Candidate("A", "Q A"), Candidate("B", "Q B"))),
            ["─── label A ───", "Q A", "─── label B ───", "Q B"],
            id="labels",
        ),
        pytest.param(
            ContinuationRequest("i", (Continuation("0", "Q", " yes"),)),
            ["─── label 0 ───", "Q", "─── continuation ───", " yes"],
            id="continuation",
        ),
        pytest.param(
            ChoiceRequest("i", "Q", (" A", " B")),
            ["Q", "─── next token, one of: ·A, ·B ───"],
            id="choices",
        ),
        pytest.param(
            ConversationRequest("i", CHAT, InferMode.LAST, 5),
            ["[system]", "Be brief.", "[user]", "Hi ", ""],
            id="conversation",
        ),
        pytest.param(TextRequest("i", "a\x1b[2Jb", PerplexityOnly()), [r"a\x1b[2Jb"], id="hostile"),
    ],
)
def test_every_kind_of_request_is_shown(request_: Request, lines: list[str]) -> None:
    text = as_text(rendered(ITEM, request_, same), whitespace=False)
    assert text.splitlines() == [HEAD, *lines]


def test_white_space_is_made_visible() -> None:
    request = GenerationRequest("i", "a b\n\tc\u3000d\u00a0 ", 5)
    text = as_text(rendered(ITEM, request, same), whitespace=True)
    assert text.splitlines()[1:] == ["a·b⏎", "⇥c▢d⍽·"]


def test_a_template_stands_around_the_prompt() -> None:
    held = rendered(ITEM, GenerationRequest("i", CHAT, 5), lambda prompt: f"<{len(prompt)}>")
    assert as_record(held)["parts"] == [{"text": "<2>"}]


def test_programs_get_every_character() -> None:
    held = rendered(ITEM, GenerationRequest("i", CHAT, 5), same)
    assert as_record(held)["parts"] == [
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hi \n"},
            ]
        }
    ]


def write(folder: Path) -> None:
    write_data(folder)
    subjects = '{"geography": ["Geography", "地理", "STEM"]}'
    (folder / "subject_mapping.json").write_text(subjects, encoding="utf-8")


def wish(folder: Path, **changes: Any) -> RenderWish:
    values: dict[str, Any] = {
        "benchmark": "ceval-gen",
        "model": None,
        "model_type": ModelType.BASE,
        "files": (),
        "subject": "geography",
        "row": 0,
        "count": 1,
        "sources": (f"hf://datasets/ceval/ceval-exam={folder}",),
        "profile": Profile.OPENCOMPASS_05,
        "messages": False,
        "whitespace": False,
        "output": Output.TABLE,
    }
    return RenderWish(**{**values, **changes})


def test_a_base_models_prompt(tmp_path: Path) -> None:
    write(tmp_path)
    (held,) = prompts_of(wish(tmp_path, row=2))
    (part,) = held.parts
    assert held.item.id == "ceval-gen/geography/2"
    assert isinstance(part.prompt, str)
    assert part.prompt.count("答案: ") == 6
    assert part.prompt.endswith("Question 2 of geography\nA. 1\nB. 2\nC. 3\nD. 4\n答案: ")


def test_a_chat_models_messages(tmp_path: Path) -> None:
    write(tmp_path)
    first, second = prompts_of(wish(tmp_path, count=2, model_type=ModelType.CHAT))
    assert (first.item.row, second.item.row) == (0, 1)
    roles = [message.role for message in first.parts[0].prompt if isinstance(message, Message)]
    assert roles == ["user", "assistant"] * 5 + ["user"]


def test_labels_of_a_perplexity_benchmark(tmp_path: Path) -> None:
    write(tmp_path)
    (held,) = prompts_of(wish(tmp_path, benchmark="ceval-ppl"))
    assert [part.title for part in held.parts] == [f"label {letter}" for letter in "ABCD"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"row": 9}, "geography has rows 0 to 4, no row 9", id="row"),
        pytest.param(
            {"benchmark": "gsm8k-gen", "sources": ()},
            r"brings no data: .* --source FOLDER",
            id="data",
        ),
        pytest.param({"benchmark": "ceval-gem"}, "did you mean ceval-gen", id="benchmark"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    write(tmp_path)
    with pytest.raises(WrongUsage, match=message):
        prompts_of(wish(tmp_path, **changes))


def test_data_may_lie_anywhere(tmp_path: Path) -> None:
    write(tmp_path)
    (held,) = prompts_of(wish(tmp_path / "nowhere", sources=(str(tmp_path),)))
    assert held.item.id == "ceval-gen/geography/0"
