"""Which items are worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.cli.finished import measured
from unit.worker_eval.builders import sample_of

from kompass_api.results import Sample
from kompass_worker.cli.sheets import inspection_sheet
from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest
from kompass_worker.inference.layout import SAMPLES_KEY
from kompass_worker.inference.parts import compressed, decompressed
from kompass_worker.runs import open_run
from kompass_worker.runs.inspection import Filter, Mark, chosen, marks_of
from kompass_worker.runs.natures import UNKNOWN, Nature

SHARE = Nature(is_share=True)


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
    assert marks_of(held, SHARE) == marks


def test_without_a_word_right_answers_are_left_out(before: Path) -> None:
    found = [held.sample.item for held in chosen(open_run(before), Filter())]
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
    assert len(chosen(open_run(before), wanted)) == items


def test_what_a_run_does_not_have_is_named(before: Path) -> None:
    with pytest.raises(InvalidRequest, match="no subject 'geografy'; did you mean geography"):
        chosen(open_run(before), Filter(subjects=("geografy",)))


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


@pytest.mark.parametrize("score", [0.0, 1.0, 7.54])
def test_a_number_that_is_no_share_is_neither_right_nor_wrong(score: float) -> None:
    assert marks_of(sample(score), UNKNOWN) == (Mark.MEASURED,)
    assert marks_of(sample(None), UNKNOWN) == (Mark.UNJUDGED,)


def test_texts_with_a_perplexity_show_it_and_the_worst_stands_first() -> None:
    run = measured("average_ppl", 1.7, 7.54, 0.3)
    assert chosen(run, Filter(marks=frozenset({Mark.RIGHT, Mark.WRONG}))) == []
    items = chosen(run, Filter())
    verdicts = [row[2] for row in inspection_sheet(items, in_full=True).rows]
    assert verdicts == ["7.54", "1.7", "0.3"]


def test_a_metric_that_is_not_installed_any_more_is_measured() -> None:
    items = chosen(measured("ours_of_last_year", 1.0, 0.0), Filter())
    assert [(item.sample.score, item.marks) for item in items] == [
        (0.0, (Mark.MEASURED,)),
        (1.0, (Mark.MEASURED,)),
    ]


def test_a_metric_with_settings_is_known_by_them() -> None:
    run = measured("gaokao", 1.0, arguments={"type": "single_choice"})
    assert [item.marks for item in chosen(run, Filter(marks=frozenset()))] == [(Mark.RIGHT,)]


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_samples_that_were_cut_off_are_refused(before: Path, part: float) -> None:
    file = before / SAMPLES_KEY
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(InvalidData, match=r"samples.jsonl.zst is cut off"):
        chosen(open_run(before), Filter())


def test_samples_that_are_no_zstandard_are_refused(before: Path) -> None:
    (before / SAMPLES_KEY).write_bytes(b"{}" * 100)
    with pytest.raises(InvalidData, match=r"samples.jsonl.zst is no zstandard file"):
        chosen(open_run(before), Filter())


def test_fewer_samples_than_were_answered_are_refused(before: Path) -> None:
    file = before / SAMPLES_KEY
    lines = decompressed(file.read_bytes()).decode().splitlines(keepends=True)
    file.write_bytes(compressed(lines[:7]))
    with pytest.raises(InvalidData, match=r"has 7 items; .* says that 10 were answered"):
        chosen(open_run(before), Filter())
