"""Data in the form that both sides read: copies in the cache, nothing in the checkout."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from parity.suites import Shape

_SPLITS: Final = ("dev", "val", "test")
HUB_FILE: Final = "truthful_qa.jsonl"
"""TruthfulQA in the columns that the hub gives it."""


def staged(name: str, shape: Shape, *, data: Path, into: Path) -> Path:
    """A copy of a set that has every file a side opens; a new one where the set has changed."""
    source = data / name
    folder = into / f"{name}-{_digest(source)}"
    if not folder.is_dir():
        new = into / f".{name}"
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(source, new, copy_function=shutil.copyfile)
        if shape in _COMPLETED:
            _COMPLETED[shape](new)
        new.rename(folder)
    return folder


def _digest(folder: Path) -> str:
    total = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:8]


def _add_missing_splits(folder: Path) -> None:
    """OpenCompass opens all three splits of C-Eval, those that nobody asks too."""
    for split in _SPLITS:
        if (folder / split).is_dir():
            continue
        (folder / split).mkdir()
        for path in (folder / "val").glob("*_val.csv"):
            subject = path.name.removesuffix("_val.csv")
            header = "id,question,A,B,C,D\n"
            (folder / split / f"{subject}_{split}.csv").write_text(header, encoding="utf-8")


def _cut_into_kinds(folder: Path) -> None:
    """BLiMP has a file for each kind of sentence."""
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines():
        kinds[json.loads(line)["UID"]].append(line)
    for kind, lines in kinds.items():
        (folder / f"{kind}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _add_hub_columns(folder: Path) -> None:
    """TruthfulQA.csv in the columns of the hub's data set, which the peers' definitions name."""
    with (folder / "generation.csv").open(encoding="utf-8", newline="") as rows:
        lines = [json.dumps(_hub_row(row), ensure_ascii=False) for row in csv.DictReader(rows)]
    (folder / HUB_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _hub_row(row: Mapping[str, str]) -> dict[str, object]:
    best = row["Best Answer"].strip()
    correct = [answer.strip() for answer in row["Correct Answers"].split("; ")]
    incorrect = [answer.strip() for answer in row["Incorrect Answers"].split("; ")]
    return {
        "question": row["Question"],
        "best_answer": best,
        "correct_answers": correct,
        "incorrect_answers": incorrect,
        "mc1_targets": _targets([best], incorrect),
        "mc2_targets": _targets(correct, incorrect),
    }


def _targets(right: Iterable[str], wrong: Iterable[str]) -> dict[str, object]:
    right, wrong = list(right), list(wrong)
    return {"choices": [*right, *wrong], "labels": [1] * len(right) + [0] * len(wrong)}


_COMPLETED: Final[Mapping[Shape, Callable[[Path], None]]] = {
    Shape.CEVAL: _add_missing_splits,
    Shape.BLIMP: _cut_into_kinds,
    Shape.TRUTHFULQA: _add_hub_columns,
}
