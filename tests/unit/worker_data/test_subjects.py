"""Subjects that are found by the names of their files."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.worker_data.builders import data_of, spec_of

from kompass_api.benchmark import Subject
from kompass_worker.benchmarks import catalogue
from kompass_worker.datasets import file_of, read_subject, subjects_in
from kompass_worker.errors import InvalidData, InvalidRequest

C_EVAL = "{split}/{subject}_{split}.csv"


@pytest.mark.parametrize(
    ("path", "files", "found"),
    [
        pytest.param(
            C_EVAL,
            ["val/law_val.csv", "val/my_own_val.csv", "dev/art_dev.csv", "val/notes.txt"],
            ["law", "my_own"],
            id="c-eval",
        ),
        pytest.param("{subject}.jsonl", ["b.jsonl", "a.jsonl", "a.csv"], ["a", "b"], id="flat"),
        pytest.param(
            "{subject}/{subject}-{split}.csv",
            ["law/law-val.csv", "art/law-val.csv"],
            ["law"],
            id="twice-in-the-path",
        ),
        pytest.param("{split}.csv", ["val.csv"], [], id="no-subject-in-the-path"),
        pytest.param(C_EVAL, ["val/._val.csv", "val/a b_val.csv"], [], id="no-names"),
        pytest.param(C_EVAL, [], [], id="empty"),
    ],
)
def test_a_subject_is_a_file_of_the_test_split(
    path: str, files: list[str], found: list[str], tmp_path: Path
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert [held.name for held in subjects_in(tmp_path, data_of(path=path))] == found


def test_a_c_eval_folder_needs_no_list_of_its_subjects(tmp_path: Path) -> None:
    for split, answer in (("dev", "A"), ("val", "B")):
        (tmp_path / split).mkdir()
        (tmp_path / split / f"beekeeping_{split}.csv").write_text(f"question,answer\nq,{answer}\n")
    spec = spec_of(data={"path": C_EVAL})
    (only,) = catalogue(spec, tmp_path).subjects
    assert only == Subject(name="beekeeping", title="beekeeping")
    assert read_subject(tmp_path, spec, only, "dev").rows[0].reference == "A"


def test_a_folder_without_such_files_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"no file like \{split\}/\{subject\}_\{split\}.csv"):
        catalogue(spec_of(data={"path": C_EVAL}), tmp_path)


def test_a_title_names_a_file(tmp_path: Path) -> None:
    (tmp_path / "法学.csv").write_text("question,answer\nq,A\n", "utf-8")
    subject = Subject(name="law", title="法学")
    spec = spec_of(data={"path": "{title}.csv"})
    assert read_subject(tmp_path, spec, subject, "val").file == "法学.csv"


@pytest.mark.parametrize("title", ["../law", "/etc/law", "a/../../law"])
def test_a_title_does_not_lead_out_of_the_folder(title: str) -> None:
    with pytest.raises(InvalidData, match=r"expected a file below the data folder"):
        file_of(data_of(path="{title}.csv"), "law", "val", title)
