"""A file of questions that somebody has, as a benchmark: multiple choice, or question and answer.

`benchmark_of` is pure, the other functions read local files. The rules are those of OpenCompass'
custom data sets: the first row says what the file is, a meta file may say otherwise, and what a
person says beside them counts most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath
from string import ascii_uppercase
from typing import Any, Final

from pydantic import ValidationError

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.data import DataFormat
from kompass_worker.datasets.columns import Names
from kompass_worker.datasets.own_meta import META_SUFFIX, DataType, InferMethod, OwnMeta, meta_of
from kompass_worker.datasets.own_prompts import prompt_of
from kompass_worker.datasets.rows import Reading, read_content, read_subject
from kompass_worker.errors import InputMissing, InvalidData, InvalidRequest

FORMATS: Final[Mapping[str, DataFormat]] = {
    ".csv": DataFormat.CSV,
    ".tsv": DataFormat.TSV,
    ".jsonl": DataFormat.JSONL,
    ".json": DataFormat.JSON,
    ".parquet": DataFormat.PARQUET,
}

_METRICS: Final[Mapping[tuple[DataType | None, InferMethod | None], str]] = {
    (DataType.MCQ, InferMethod.GEN): "option_similarity",
    (DataType.MCQ, InferMethod.PPL): "accuracy",
    (DataType.QA, InferMethod.GEN): "accuracy",
    (DataType.CIRCULAR_MCQ, InferMethod.GEN): "circular_option_similarity",
    (DataType.CIRCULAR_MCQ, InferMethod.PPL): "circular",
}

EVALUATORS: Final[Mapping[str, str]] = {
    "AccEvaluator": "accuracy",
    "BleuEvaluator": "bleu",
    "CircularEvaluator": "circular",
    "CircularOptionSimAccEvaluator": "circular_option_similarity",
    "EMEvaluator": "exact_match",
    "JiebaRougeEvaluator": "rouge_chinese",
    "MccEvaluator": "matthews_correlation",
    "OptionSimAccEvaluator": "option_similarity",
    "RougeEvaluator": "rouge@0.5",
    "SquadEvaluator": "squad",
}
"""OpenCompass' classes in a meta file; any other name is that of a metric of ours."""

_NEED_OPTIONS: Final = {"circular", "circular_option_similarity", "option_similarity"}
_QUESTION: Final = "question"
_ANSWER: Final = "answer"
_MAX_COLUMNS: Final = 64
_COLUMN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_PLAIN_FILE: Final = re.compile(r"[A-Za-z0-9_.-]+")
_NOTHING_SAID: Final = OwnMeta()


@dataclass(frozen=True)
class OwnBenchmark:
    """A file of questions as a benchmark."""

    name: str
    """As a Benchmark object can be named."""
    spec: BenchmarkSpec
    """With one subject and no source: the caller says where the file's folder is."""


def read_own_data(
    path: Path, said: OwnMeta = _NOTHING_SAID, meta_path: Path | None = None
) -> tuple[OwnBenchmark, Reading]:
    """The file as a benchmark, and its rows, all of them checked.

    What is `said` counts more than the meta file (`meta_path`, else `<file>.meta.json` where there
    is one), and that more than what the first row shows.
    """
    for named in (path, meta_path):
        if named is not None and not named.is_file():
            raise InputMissing(f"there is no file {named}: say where the questions are")
    beside = meta_path or path.with_name(path.name + META_SUFFIX)
    meta = meta_of(beside) if meta_path or beside.is_file() else _NOTHING_SAID
    made = benchmark_of(path.name, first_row(path), said.or_else(meta))
    (subject,) = made.spec.subjects
    return made, read_subject(path.parent, made.spec, subject, made.spec.data.test_split)


def first_row(path: Path) -> Mapping[str, object]:
    """The fields of the file's first row; ` Question` is question there."""
    names = Names(wanted=(), known=(_QUESTION, _ANSWER), exact=False)
    content = read_content(path.parent, path.name, _format_of(path.name), names)
    if not content.records:
        raise InvalidData(f"{path.name} has no rows; expected at least one")
    return content.records[0].fields


def benchmark_of(
    file: str, first: Mapping[str, object], said: OwnMeta = _NOTHING_SAID
) -> OwnBenchmark:
    """The benchmark that a file of this name with this first row is, or is said to be."""
    known = said.or_else(_inferred(file, first))
    _check(known, file, first)
    answer = known.output_column or _ANSWER
    abbr = known.abbr or file
    content = {
        "description": f"Questions of {file}"[:1024],
        "data": _data(known, file, answer),
        "subjects": [{"name": _subject_name(abbr), "title": PurePath(file).stem}],
        "prompt": prompt_of(known, answer),
        "method": "Perplexity" if known.infer_method is InferMethod.PPL else "Generation",
        "metric": _metric(known),
    }
    try:
        spec = BenchmarkSpec.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(_problems(error))
        raise InvalidRequest(f"{file} as a benchmark: {problems}") from error
    return OwnBenchmark(_dns_label(abbr), spec)


def _inferred(file: str, first: Mapping[str, object]) -> OwnMeta:
    options = list(takewhile(first.__contains__, ascii_uppercase))
    columns = [name for name in first if name != _ANSWER and _COLUMN.fullmatch(name)]
    if not columns:
        raise InvalidData(
            f"{file}: no column can stand in a prompt (found: {', '.join(first)}); expected names "
            "such as question, of letters, digits and '_'"
        )
    return OwnMeta(
        abbr=file.partition(".")[0] or file,
        data_type=DataType.MCQ if len(options) > 1 else DataType.QA,
        infer_method=InferMethod.GEN,
        input_columns=columns[:_MAX_COLUMNS],
        output_column=_ANSWER if _ANSWER in first else None,
        options=options,
    )


def _check(known: OwnMeta, file: str, first: Mapping[str, object]) -> None:
    if (known.data_type, known.infer_method) not in _METRICS:
        ways = ", ".join(f"{kind} by {way}" for kind, way in _METRICS)
        raise InvalidRequest(
            f"{file}: {known.data_type} by {known.infer_method} is not a way to ask; there are "
            f"{ways}"
        )
    if known.data_type is not DataType.QA and len(known.options or ()) <= 1:
        raise InvalidRequest(
            f"{file}: {known.data_type} has {len(known.options or ())} options (found columns: "
            f"{', '.join(first)}); expected columns A, B and so on, or options in the meta file"
        )
    wanted = [*(known.options or ()), *filter(None, [known.output_column])]
    if known.template is None and known.human_prompt is None:
        wanted.append(_QUESTION)
    missing = [name for name in wanted if name not in first]
    if missing:
        raise InvalidData(
            f"{file}: no column {missing[0]!r} (found: {', '.join(first)}); expected it: add the "
            "column, or name yours in human_prompt, options or output_column of the meta file"
        )


def _data(known: OwnMeta, file: str, answer: str) -> dict[str, Any]:
    suffix = PurePath(file).suffix
    circular = known.data_type is DataType.CIRCULAR_MCQ
    return {
        "format": _format_of(file),
        # A path has few kinds of characters; a title, which is this file's stem, has all.
        "path": file if _PLAIN_FILE.fullmatch(file) else f"{{title}}{suffix}",
        "testSplit": "test",
        "exampleSplit": "none",
        "circular": known.options if circular else [],
        "testRange": (known.test_range or "").strip().removeprefix("[").removesuffix("]"),
        "inputColumns": known.input_columns,
        "outputColumn": answer,
    }


def _metric(known: OwnMeta) -> dict[str, object]:
    default = _METRICS[known.data_type, known.infer_method]
    named = known.evaluator or default
    # A class may be written with its module.
    name = EVALUATORS.get(named.rpartition(".")[2], named)
    arguments = {key: _argument(value) for key, value in (known.evaluator_kwargs or {}).items()}
    if name in _NEED_OPTIONS:
        arguments = {"options": "".join(known.options or ()), **arguments}
    return {"name": name, "arguments": arguments}


def _argument(value: object) -> str:
    if isinstance(value, list):
        return "".join(value) if all(len(held) == 1 for held in value) else ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _format_of(file: str) -> DataFormat:
    suffix = PurePath(file).suffix.lower()
    if suffix not in FORMATS:
        raise InvalidRequest(
            f"{file}: no data has the ending {suffix!r}; expected one of {', '.join(FORMATS)}"
        )
    return FORMATS[suffix]


def _subject_name(abbr: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", abbr).lstrip("_.-")[:96] or "data"


def _dns_label(abbr: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", abbr.lower()).strip("-")[:63].rstrip("-") or "data"


def _problems(error: ValidationError) -> Iterable[str]:
    for problem in error.errors():
        yield f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
