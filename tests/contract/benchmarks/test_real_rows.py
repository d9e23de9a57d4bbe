"""Real rows through built-in benchmarks: right answers score 100, wrong ones 0."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from contract.benchmarks.runs import Say, run

from kompass_worker.benchmarks import builtin, oc_version, with_texts
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.prompts import Question

pytestmark = pytest.mark.shared

LETTER_TASKS = ["disambiguation_qa", "date_understanding"]
TEXT_TASKS = [
    "navigate",
    "word_sorting",
    "sports_understanding",
    "boolean_expressions",
    "object_counting",
    "causal_judgement",
]
TASKS = [*LETTER_TASKS, *TEXT_TASKS]

BBH_VERSIONS = {
    "bbh-gen": ["2c4c72", "fb1dc5", "6fe513", "c389d4", "c247fe", "244d2c", "77878f", "52e10f"],
    "bbh-512-gen": ["d52c61", "a8000b", "1576d9", "9a3f78", "d3fa77", "612c92", "781e5c", "89eaa4"],
    "bbh-base-gen": [
        "2a42de", "6b0174", "4479d0", "68d785", "20b864", "8c5fac", "4ef8e4", "c8082a",
    ],
}  # fmt: skip
"""Of TASKS, computed by OpenCompass 0.5.4 from the same worked examples."""


def letter(question: Question) -> str:
    """The right letter in a sentence that every rule for letters reads."""
    return f"答案是{question.reference}"


def another_letter(question: Question) -> str:
    """A wrong letter."""
    return "答案是" + next(held for held in "ABCD" if held != question.reference)


def told(before: str, after: str = "") -> Say:
    """The reference between two texts."""
    return lambda question: f"{before}{question.reference}{after}"


def nothing(_question: Question) -> str:
    """No answer."""
    return "well"


def label(question: Question) -> Sequence[str]:
    """The reference alone is likely."""
    return [question.reference]


def another_label(question: Question) -> Sequence[str]:
    """Another label alone is likely."""
    labels = question.spec.prompt.labels or ["0", "1"]
    return [next(held for held in labels if held != question.reference)]


def true_choices(question: Question) -> Sequence[str]:
    """Every true choice is likely."""
    return _choices(question, "1")


def false_choices(question: Question) -> Sequence[str]:
    """Every false choice is likely."""
    return _choices(question, "0")


def _choices(question: Question, wanted: str) -> list[str]:
    labels = question.source.fields["mc2_labels"]
    assert isinstance(labels, list)
    return [str(place) for place, held in enumerate(labels) if held == wanted]


def case(name: str, folder: str, right: Say, wrong: Say, subjects: Sequence[str] = ()) -> object:
    """A row of the table below."""
    return pytest.param(name, folder, right, wrong, subjects, id=name)


SO = told("So the answer is ", ".")

CASES = [
    case("ceval-gen", "gaokao_ceval", letter, another_letter),
    case("ceval-ppl", "gaokao_ceval", label, another_label),
    case("ceval-zero-shot-gen", "gaokao_ceval", letter, another_letter),
    case("agieval-gen", "agieval", letter, another_letter, ["aqua-rat", "sat-math"]),
    case("agieval-ppl", "agieval", label, another_label, ["sat-math"]),
    case("agieval-five-options-ppl", "agieval", label, another_label, ["aqua-rat"]),
    case("bbh-gen", "bbh", SO, nothing, TASKS),
    case("bbh-512-gen", "bbh", SO, nothing, TASKS),
    case("bbh-base-gen", "bbh", SO, nothing, TASKS),
    case("bbh-0shot-nocot-gen", "bbh", SO, nothing, TASKS),
    case("gsm8k-0shot-gen", "gsm8k", told("It is ", "."), nothing),
    case("gsm8k-0shot-v2-gen", "gsm8k", told("\\boxed{", "}"), nothing),
    case("gsm8k-0shot-nocot-gen", "gsm8k", told("\\boxed{", "}"), nothing),
    case("gsm8k-cot-gen", "gsm8k", told("", "\nQuestion: 1?"), nothing),
    case("truthfulqa-mc1", "truthfulqa", label, another_label),
    case("truthfulqa-mc2", "truthfulqa", true_choices, false_choices),
]


@pytest.mark.parametrize(("name", "folder", "right", "wrong", "subjects"), CASES)
def test_right_answers_score_100_and_wrong_ones_0(  # noqa: PLR0917  (a table)
    name: str,
    folder: str,
    right: Say,
    wrong: Say,
    subjects: Sequence[str],
    shared: Path,
    tmp_path: Path,
) -> None:
    data = shared / "data" / folder
    best = run(name, data, tmp_path, right, subjects=subjects).numbers
    worst = run(name, data, tmp_path, wrong, subjects=subjects).numbers
    assert best == dict.fromkeys(best, pytest.approx(100.0))
    assert worst == dict.fromkeys(best, pytest.approx(0.0))


@pytest.fixture
def paradigms(shared: Path, tmp_path: Path) -> Path:
    """BLiMP's pairs, a file for each paradigm as they are published."""
    files: dict[str, list[str]] = defaultdict(list)
    for line in (shared / "data/blimp/pairs.jsonl").read_text("utf-8").splitlines():
        files[json.loads(line)["UID"]].append(line)
    folder = tmp_path / "blimp"
    folder.mkdir()
    for name, lines in files.items():
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("say", "expected"),
    [pytest.param(label, 100.0, id="good"), pytest.param(another_label, 0.0, id="bad")],
)
def test_blimp_counts_the_good_sentences(
    say: Say, expected: float, paradigms: Path, tmp_path: Path
) -> None:
    subjects = sorted(path.stem for path in paradigms.iterdir())
    found = run("blimp", paradigms, tmp_path, say, subjects=subjects, limit=40)
    assert found.numbers == {f"blimp_{name} accuracy": expected for name in subjects}
    assert found.report.completeness.planned == 480


def test_a_gap_is_filled_by_what_stands_in_a_box(shared: Path, tmp_path: Path) -> None:
    found = run(
        "agieval-gen",
        shared / "data/agieval",
        tmp_path,
        told("\\boxed{", "}"),
        subjects=["gaokao-mathcloze"],
        limit=40,
    )
    # Of 40. The other one is an equation, of which the right side is read, upstream as here.
    assert found.numbers["agieval-gaokao-mathcloze score"] == pytest.approx(100 * 39 / 40)


def test_the_nearest_answer_of_truthfulqa_is_a_correct_one(shared: Path, tmp_path: Path) -> None:
    data = shared / "data/truthfulqa"
    right = run("truthfulqa-gen", data, tmp_path, told(""), limit=60).numbers
    assert right["truthful_qa bleu_max"] == pytest.approx(1.0, abs=0.35)
    assert (right["truthful_qa bleu_diff"] or 0) > 0.5


@pytest.mark.parametrize("name", sorted(BBH_VERSIONS))
def test_worked_examples_of_the_data_give_opencompass_version(name: str, shared: Path) -> None:
    spec = builtin(name)
    subjects = {held.name: held for held in named(spec).subjects}
    found = [
        oc_version(spec, with_texts(spec, subjects[task], shared / "data/bbh")) for task in TASKS
    ]
    assert found == BBH_VERSIONS[name]


def test_no_canary_reaches_a_prompt(shared: Path, tmp_path: Path) -> None:
    seen: list[str] = []

    def look(question: Question) -> str:
        seen.extend(question.sheet.subject.values.values())
        return "So the answer is (A)."

    run("bbh-gen", shared / "data/bbh", tmp_path, look, subjects=TASKS, limit=1)
    assert len(seen) == len(TASKS)
    assert not [text for text in seen if re.search("canary|-----", text)]


def test_answers_to_c_evals_test_split_are_a_file_to_hand_in(shared: Path, tmp_path: Path) -> None:
    found = run("ceval-test-gen", shared / "data/gaokao_ceval", tmp_path, lambda _: "B")
    assert set(found.numbers.values()) == {None}
    handed_in = json.loads(found.store.get("report/submission-ceval-test-gen-told.json"))
    assert handed_in["high_school_physics"] == {"0": "B", "1": "B", "2": "B"}
    assert len(handed_in) == 9
