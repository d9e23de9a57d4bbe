"""Made-up rows in the shape in which the data of every built-in benchmark is published.

Five questions for examples and one that is asked are enough to see a whole prompt.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.data import DataFormat
from kompass_worker.datasets.files import file_of

Raw = Mapping[str, Any]

LETTERS: Final = "ABCD"


def _c_eval(at: int) -> Raw:
    options = {letter: f"选项{letter}{at}" for letter in LETTERS}
    return {"id": str(at), "question": f"问题{at}", **options, "answer": LETTERS[at % 4]}


def _cmmlu(at: int) -> Raw:
    options = {letter: f"选项{letter}{at}" for letter in LETTERS}
    return {"": str(at), "Question": f"问题{at}", **options, "Answer": LETTERS[at % 4]}


def _mmlu(at: int) -> Raw:
    choices = [f"option {letter}{at}" for letter in LETTERS]
    return {"question": f"Question {at}?", "subject": "s", "choices": choices, "answer": at % 4}


def _agieval(at: int) -> Raw:
    options = [f"({letter})option {at}" for letter in LETTERS]
    return {"passage": "", "question": f"Question {at}?", "options": options, "label": "C"}


def _agieval_several(at: int) -> Raw:
    return {**_agieval(at), "passage": "Passage. ", "label": ["A", "C"]}


def _agieval_gap(at: int) -> Raw:
    return {"passage": None, "question": f"${at}+1=$", "options": None, "answer": f"${at + 1}$"}


def _gaokao(at: int) -> Raw:
    return {"question": f"问题{at}\nA. 甲 B. 乙 C. 丙 D. 丁", "answer": ["B"], "index": at}


def _gsm8k(at: int) -> Raw:
    return {"question": f"What is 1000 + {at}?", "answer": f"Add.\n#### 1,00{at}"}


def _math(at: int) -> Raw:
    solution = rf"Not $\boxed{{9}}$ but $\boxed{{\frac{{{at}}}{{2}}}}$."
    return {"problem": f"Halve ${at}$.", "solution": solution, "level": "Level 1"}


def _bbh(at: int) -> Raw:
    return {"input": f"Which one ({at})?\nOptions:\n(A) this\n(B) that", "target": "(B)"}


def _arc(at: int) -> Raw:
    choices = {"text": [f"thing {letter}{at}" for letter in LETTERS], "label": list("1234")}
    return {"id": str(at), "question": f"Question {at}?", "choices": choices, "answerKey": "3"}


def _hellaswag(at: int) -> Raw:
    choices = [f"ends with {letter}{at}." for letter in LETTERS]
    return {"query": f"Baking: How to: She takes {at} eggs and", "choices": choices, "gold": at % 4}


def _winogrande(at: int) -> Raw:
    sentence = f"The cup was full, so the jug of {at} litres was poured until _ was empty."
    return {"sentence": sentence, "option1": "it", "option2": "the jug", "answer": str(at % 2 + 1)}


def _piqa(at: int) -> Raw:
    return {"goal": f"Open a jar ({at}).", "sol1": "Turn the lid.", "sol2": "Eat it.", "label": 0}


def _truthfulqa(at: int) -> Raw:
    return {
        "Type": "Adversarial",
        "Category": "Numbers",
        "Question": f"Is {at} a lucky number?",
        "Best Answer": "No number is lucky",
        "Correct Answers": "No number is lucky; Luck is no property of numbers",
        "Incorrect Answers": "Yes; Yes, very lucky",
        "Source": "made up",
    }


def _blimp(at: int) -> Raw:
    return {
        "sentence_good": f"{at} cats sleep.",
        "sentence_bad": f"{at} cats sleeps.",
        "pairID": at,
    }


def _wikitext(at: int) -> Raw:
    return {"text": f" = Title {at} = \n"}


_ROWS: Final = {
    "agieval": _agieval,
    "arc": _arc,
    "bbh": _bbh,
    "blimp": _blimp,
    "ceval": _c_eval,
    "cmmlu": _cmmlu,
    "gaokao": _gaokao,
    "gsm8k": _gsm8k,
    "hellaswag": _hellaswag,
    "math": _math,
    "mmlu": _mmlu,
    "piqa": _piqa,
    "truthfulqa": _truthfulqa,
    "wikitext": _wikitext,
    "winogrande": _winogrande,
}

_OF_SUBJECT: Final = {
    "gaokao-physics": _agieval_several,
    "gaokao-mathcloze": _agieval_gap,
}

TURNS: Final = "".join(f"--- turn {n}\nSaid {n}.\n" for n in range(1, 9)) + "--- end\n"

TEXT: Final = "A mark.\n-----\nAnswer it.\n\nQ: First?\nA: Let's think step by step.\nIt is (A)."


def write_rows(folder: Path, name: str, spec: BenchmarkSpec, subject: Subject) -> None:
    """The files of a subject of the built-in benchmark: ten examples, one question."""
    row = _OF_SUBJECT.get(subject.name, _ROWS[name.partition("-")[0]])
    splits = {spec.data.test_split: [10], spec.data.example_split: range(10)}
    if spec.data.test_split == spec.data.example_split:
        splits = {spec.data.test_split: range(10)}
    rows = {split: [row(number) for number in numbers] for split, numbers in splits.items()}
    write_files(folder, spec, subject, rows)
    for held in spec.data.texts:
        path = folder / held.path.replace("{subject}", subject.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TURNS if held.until else TEXT, "utf-8")


def write_files(
    folder: Path, spec: BenchmarkSpec, subject: Subject, rows: Mapping[str, Sequence[Raw]]
) -> None:
    """The file of each split with these rows."""
    for split, some in rows.items():
        path = folder / file_of(spec.data, subject.name, split, subject.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, spec, some)


def _write(path: Path, spec: BenchmarkSpec, rows: Sequence[Raw]) -> None:
    match spec.data.format:
        case DataFormat.PARQUET:
            pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
        case DataFormat.CSV:
            path.write_text(_csv(rows), "utf-8")
        case DataFormat.JSONL:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        case _:
            path.write_text(json.dumps(_document(spec.data.records, rows)), "utf-8")


def _csv(rows: Sequence[Raw]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _document(records: str, rows: Sequence[Raw]) -> object:
    if records == "values(@)":
        return {str(number): row for number, row in enumerate(rows)}
    return {records: rows}
