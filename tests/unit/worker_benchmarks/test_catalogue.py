"""Built-in benchmarks, subject mappings and the choice of subjects."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from unit.worker_benchmarks.builders import spec_of

from kompass_api.benchmark import Subject
from kompass_api.built_in import BUILT_IN
from kompass_api.outcomes import FailureClass
from kompass_worker.benchmarks import builtin, catalogue, select, with_texts
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest

SIZES = {
    "ceval-stem": 20,
    "ceval-social-science": 10,
    "ceval-humanities": 11,
    "ceval-other": 11,
    "ceval-hard": 8,
    "ceval": 52,
}


def test_every_built_in_benchmark_has_a_file_and_every_file_is_built_in() -> None:
    folder = files("kompass_worker.benchmarks")
    names = {
        path.name.removesuffix(".yaml") for path in folder.iterdir() if path.name[-5:] == ".yaml"
    }
    assert names == set(BUILT_IN)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_benchmark_has_the_method_the_api_says(name: str) -> None:
    assert builtin(name).method is BUILT_IN[name]


@pytest.mark.parametrize("name", ["ceval-gen", "ceval-ppl", "ceval-zero-shot-gen"])
def test_c_eval_has_52_subjects_in_its_groups(name: str, tmp_path: Path) -> None:
    known = catalogue(builtin(name), tmp_path)
    assert {group.name: len(group.subjects) for group in known.groups} == SIZES
    assert len({subject.name for subject in known.subjects}) == 52
    assert len({subject.title for subject in known.subjects}) == 52
    assert known.groups[-1].subjects == [subject.name for subject in known.subjects]


def test_the_two_c_evals_differ_in_method_only() -> None:
    gen, ppl = builtin("ceval-gen"), builtin("ceval-ppl")
    assert named(gen) == named(ppl)
    assert gen.data == ppl.data
    assert gen.prompt.rounds == ppl.prompt.rounds
    assert gen.examples == ppl.examples


def test_an_unknown_benchmark_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(InvalidRequest, match="'ceval-gn' is not built in; did you mean ceval-gen"):
        builtin("ceval-gn")


TEXTS = {
    "data": {
        "path": "{subject}.csv",
        "inputColumns": ["question"],
        "outputColumn": "answer",
        "texts": [{"name": "shots", "path": "prompts/{subject}.txt", "after": "-----"}],
    },
    "subjects": [{"name": "rocks", "values": {"hint": "Think."}}, {"name": "stars"}],
}


def texts_in(folder: Path, **texts: str) -> Path:
    (folder / "prompts").mkdir()
    for name, text in texts.items():
        (folder / f"prompts/{name}.txt").write_bytes(text.encode())
    return folder


def test_a_text_beside_the_rows_is_a_value_of_its_subject(tmp_path: Path) -> None:
    folder = texts_in(
        tmp_path, rocks="mark\r\n-----\r\nQ: 1\r\n-----\r\nA: 2", stars="-----\n{x}\n"
    )
    spec = spec_of(**TEXTS)
    assert [with_texts(spec, subject, folder).values for subject in spec.subjects] == [
        {"hint": "Think.", "shots": "Q: 1\n-----\nA: 2"},
        {"shots": "{x}\n"},
    ]


def test_several_texts_can_stand_in_one_file(tmp_path: Path) -> None:
    folder = texts_in(tmp_path, toy="--- 1\nQ\n--- 2\nA\n\n--- 3")
    parts = [
        {"name": "ask", "path": "prompts/toy.txt", "after": "--- 1", "until": "--- 2"},
        {"name": "tell", "path": "prompts/toy.txt", "after": "--- 2", "until": "--- 3"},
        {"name": "all", "path": "prompts/toy.txt", "until": "--- 2"},
    ]
    data = {"inputColumns": ["question"], "outputColumn": "answer", "texts": parts}
    found = with_texts(spec_of(data=data), Subject(name="toy"), folder)
    assert found.values == {"ask": "Q", "tell": "A\n", "all": "--- 1\nQ"}


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        pytest.param(
            {"rocks": "-----\nQ", "star": "-----\nQ"},
            InputMissing,
            r"prompts/stars.txt is not in the data folder; did you mean star\.txt",
            id="not-there",
        ),
        pytest.param(
            {"rocks": "Q: 1", "stars": "-----\nQ"},
            InvalidData,
            r"prompts/rocks.txt has no line '-----', where a text of data.texts begins or ends",
            id="no-such-line",
        ),
    ],
)
def test_a_missing_text_is_refused(
    texts: dict[str, str], error: type[Exception], message: str, tmp_path: Path
) -> None:
    spec, folder = spec_of(**TEXTS), texts_in(tmp_path, **texts)
    with pytest.raises(error, match=message):
        [with_texts(spec, subject, folder) for subject in spec.subjects]


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        pytest.param({}, list(SIZES), id="all-of-the-other"),
        pytest.param(
            {"subjects": [{"name": "law"}, {"name": "logic"}]}, [], id="subjects-of-its-own"
        ),
        pytest.param(
            {"groups": [{"name": "two", "subjects": ["law", "logic"]}]}, ["two"], id="own-groups"
        ),
    ],
)
def test_a_benchmark_can_have_the_subjects_of_a_built_in_one(
    changes: dict[str, Any], groups: list[str]
) -> None:
    known = named(spec_of(subjectsOf="ceval-ppl", **changes))
    assert [group.name for group in known.groups] == groups
    assert {"law", "logic"} <= {subject.name for subject in known.subjects}


def test_subjects_of_an_unknown_benchmark_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="'ceval' is not built in; did you mean ceval-"):
        catalogue(spec_of(subjectsOf="ceval"), tmp_path)


def mapped(folder: Path, mapping: object) -> Path:
    (folder / "subject_mapping.json").write_text(json.dumps(mapping), "utf-8")
    return folder


def test_a_subject_mapping_takes_the_place_of_subjects_and_groups(tmp_path: Path) -> None:
    mapping = {
        "rocks": ["Rocks", "岩石", "STEM"],
        "song": ["Song", "歌", "Humanities"],
        "folk_art": ["Folk Art", "民艺", "Own Category"],
        "stars": ["Stars", "星", "STEM"],
    }
    known = catalogue(builtin("ceval-gen"), mapped(tmp_path, mapping))
    assert known.subjects[0] == Subject(name="rocks", title="岩石")
    assert [(group.name, group.subjects) for group in known.groups] == [
        ("ceval-stem", ["rocks", "stars"]),
        ("ceval-humanities", ["song"]),
        ("ceval-own-category", ["folk_art"]),
        ("ceval", ["rocks", "song", "folk_art", "stars"]),
    ]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        pytest.param({}, "names no subject", id="empty"),
        pytest.param(["rocks"], "expected an object of subject", id="a-list"),
        pytest.param({"rocks": ["Rocks", "岩石"]}, "rocks", id="no-category"),
        pytest.param({"stem": ["S", "词干", "STEM"]}, "row 'ceval-stem'", id="named-as-a-group"),
    ],
)
def test_a_wrong_subject_mapping_is_refused(mapping: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=message):
        catalogue(builtin("ceval-gen"), mapped(tmp_path, mapping))


def test_a_mapping_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "subject_mapping.json").write_text("{", "utf-8")
    with pytest.raises(InvalidData, match=r"subject_mapping\.json is not JSON"):
        catalogue(builtin("ceval-gen"), tmp_path)


def test_a_benchmark_without_any_subject_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="names no subjects"):
        catalogue(spec_of(), tmp_path)


def test_subjects_are_chosen_once_in_the_order_of_the_table(tmp_path: Path) -> None:
    known = catalogue(builtin("ceval-gen"), tmp_path)
    chosen = select(known, ["law", "computer_network", "law"])
    assert [subject.name for subject in chosen] == ["computer_network", "law"]


def test_no_choice_is_all_subjects(tmp_path: Path) -> None:
    known = catalogue(builtin("ceval-gen"), tmp_path)
    assert select(known, []) == known.subjects


def test_an_unknown_subject_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    known = catalogue(builtin("ceval-gen"), tmp_path)
    with pytest.raises(
        InvalidRequest, match="'hi_school_physics'; did you mean high_school_ph"
    ) as told:
        select(known, ["law", "hi_school_physics"])
    assert told.value.failure is FailureClass.UNKNOWN_SUBJECT
