"""Files with the answers to questions whose right answers others hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from unit.worker_eval.builders import row, sample_of, spec_of, toy_folder, toy_questions

from kompass_worker.prompts.questions import Question
from kompass_worker.summary import submissions


def questions_with(ids: Sequence[str], folder: Path) -> list[Question]:
    toy_folder(folder, val=[{**row("q", ""), "id": one} for one in ids])
    return toy_questions(spec_of(), folder)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        pytest.param(["7", "9"], {"7": "A", "9": "A"}, id="own-ids"),
        pytest.param(["7", "7"], {"0": "A", "1": "A"}, id="ids-that-repeat"),
        pytest.param(["7", ""], {"0": "A", "1": "A"}, id="an-id-is-missing"),
    ],
)
def test_answers_stand_by_subject_and_question(
    ids: list[str], expected: dict[str, str], tmp_path: Path
) -> None:
    asked = questions_with(ids, tmp_path)
    given = [
        sample_of(held.id, None).model_copy(update={"unscored_reason": "NoReference"})
        for held in asked
    ]
    (file,) = submissions(given, asked).items()
    assert file[0] == "submission-toys-m.json"
    assert json.loads(file[1]) == {"toy": expected}


def test_judged_answers_are_not_submitted(tmp_path: Path) -> None:
    asked = questions_with(["1"], tmp_path)
    assert submissions([sample_of(asked[0].id, 1.0)], asked) == {}
