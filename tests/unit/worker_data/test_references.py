"""References that no prediction could equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unit.worker_data.builders import TOY, spec_of, write

from kompass_worker.datasets import read_subject
from kompass_worker.datasets.references import check_references
from kompass_worker.errors import InvalidData


def check(folder: Path, choices: Any, answer: object, metric: str = "accuracy") -> None:
    """Check a row whose answer is one of its own choices."""
    spec = spec_of(
        data={"format": "JSONL"},
        prompt={"text": "{question}{answer}", "labelsColumn": "choices"},
        method="LogLikelihood",
        extraction=[],
        metric={"name": metric},
    )
    write(folder, spec.data, json.dumps({"question": "q", "choices": choices, "answer": answer}))
    check_references(spec, read_subject(folder, spec, TOY, "val").rows, "toy.jsonl")


@pytest.mark.parametrize(
    ("answer", "metric"),
    [
        pytest.param("0", "accuracy", id="first"),
        pytest.param(1, "accuracy", id="number"),
        pytest.param(None, "accuracy", id="none"),
        pytest.param("2", "truthfulqa_mc2", id="another-metric-counts-in-its-own-way"),
    ],
)
def test_a_reference_is_a_place_among_the_rows_own_labels(
    answer: object, metric: str, tmp_path: Path
) -> None:
    check(tmp_path, ["x", "y"], answer, metric)


@pytest.mark.parametrize(
    ("choices", "answer", "message"),
    [
        pytest.param(
            ["x", "y"],
            2,
            "toy.jsonl row 1 (line 1): answer is '2'; expected a place in choices, from 0 to 1",
            id="beyond-the-last",
        ),
        pytest.param(
            ["x", "y"],
            "y",
            "toy.jsonl row 1 (line 1): answer is 'y'; expected a place in choices, from 0 to 1",
            id="text",
        ),
        pytest.param(
            "x; y",
            0,
            "toy.jsonl row 1 (line 1): prompt.labelsColumn choices is a text; expected a list of "
            "two or more answers: make one with data.columns, such as split(column, '; ')",
            id="labels-in-one-text",
        ),
        pytest.param(
            ["x"],
            0,
            "toy.jsonl row 1 (line 1): prompt.labelsColumn choices is a list of 1; expected a list "
            "of two or more answers: make one with data.columns, such as split(column, '; ')",
            id="one-label",
        ),
    ],
)
def test_labels_of_a_row_that_leave_no_choice_are_refused(
    choices: object, answer: object, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidData) as caught:
        check(tmp_path, choices, answer)
    assert str(caught.value) == message
