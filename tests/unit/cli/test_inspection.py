"""Which items are worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.worker_eval.builders import sample_of

from kompass_api.results import Sample
from kompass_worker.errors import InputMissing, InvalidRequest
from kompass_worker.runs import open_run
from kompass_worker.runs.inspection import Filter, Mark, chosen, marks_of


def sample(score: float | None, **changes: Any) -> Sample:
    return sample_of("b/s/0", score).model_copy(update=changes)


@pytest.mark.parametrize(
    ("held", "marks"),
    [
        pytest.param(sample(1.0), (Mark.RIGHT,), id="right"),
        pytest.param(sample(0.0), (Mark.WRONG,), id="wrong"),
        pytest.param(sample(0.4), (Mark.PARTLY,), id="partly"),
        pytest.param(sample(None), (Mark.UNJUDGED,), id="unjudged"),
        pytest.param(
            sample(1.0, truncated=True, finish_reason="length"),
            (Mark.RIGHT, Mark.TRUNCATED, Mark.UNFINISHED),
            id="truncated-and-unfinished",
        ),
    ],
)
def test_marks(held: Sample, marks: tuple[Mark, ...]) -> None:
    assert marks_of(held) == marks


def test_without_a_word_right_answers_are_left_out(before: Path) -> None:
    found = [held.item for held in chosen(open_run(before).samples, Filter())]
    assert found == ["ceval-gen/geography/0", "ceval-gen/arithmetic/3"]


@pytest.mark.parametrize(
    ("wanted", "items"),
    [
        pytest.param(Filter(marks=frozenset()), 10, id="all"),
        pytest.param(Filter(marks=frozenset({Mark.RIGHT})), 8, id="right"),
        pytest.param(Filter(subjects=("geography",)), 1, id="a-subject"),
        pytest.param(Filter(models=("model-0",), benchmarks=("ceval-gen",)), 2, id="both"),
    ],
)
def test_filters(before: Path, wanted: Filter, items: int) -> None:
    assert len(list(chosen(open_run(before).samples, wanted))) == items


def test_what_a_run_does_not_have_is_named(before: Path) -> None:
    with pytest.raises(InvalidRequest, match="no subject 'geografy'; did you mean geography"):
        list(chosen(open_run(before).samples, Filter(subjects=("geografy",))))


@pytest.mark.parametrize("tail", ["", "/", "/report", "/report/report.json"])
def test_a_run_is_found_by_any_of_its_places(before: Path, tail: str) -> None:
    assert open_run(f"{before}{tail}").name == "trial"
    assert open_run(f"{before.as_uri()}{tail}").models == ["model-0"]


def test_where_there_is_no_run_near_ones_are_named(before: Path, after: Path) -> None:
    with pytest.raises(InputMissing, match=r"holds no run .* there are runs in after, before"):
        open_run(before.parent)


def test_a_run_that_is_not_finished_is_said_to_be_so(before: Path) -> None:
    (before / "report/report.json").unlink()
    with pytest.raises(InputMissing, match="has a plan but no report"):
        open_run(before)
