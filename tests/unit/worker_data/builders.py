"""Small data files and benchmarks for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.data import Data
from kompass_worker.datasets import Reading, Row, file_of, read_rows, read_subject

TOY = Subject(name="toy", title="玩具")

SUFFIXES = {"CSV": "csv", "TSV": "tsv", "JSON": "json", "JSONL": "jsonl", "Parquet": "parquet"}


def data_of(**changes: Any) -> Data:
    """Rows with a question and an answer, in a file `toy.<suffix>` for every split."""
    suffix = SUFFIXES[changes.get("format", "CSV")]
    content = {
        "path": f"{{subject}}.{suffix}",
        "inputColumns": ["question"],
        "outputColumn": "answer",
        **changes,
    }
    return Data.model_validate(content)


def write(folder: Path, data: Data, text: str | bytes, split: str = "val") -> Path:
    """The file of the subject `toy`."""
    path = folder / file_of(data, TOY.name, split, TOY.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes, split: str = "val", **changes: Any) -> list[Row]:
    """The rows of a file with this text, read as they stand."""
    data = data_of(**changes)
    write(folder, data, text, split)
    return read_rows(folder, data, TOY.name, split)


def spec_of(**changes: Any) -> BenchmarkSpec:
    """A benchmark of own data, by generation; the answer is one of A, B, C and D."""
    content: dict[str, Any] = {
        "data": data_of(**changes.pop("data", {})),
        "prompt": {"rounds": [{"role": "HUMAN", "prompt": "{question}"}]},
        "method": "Generation",
        "extraction": [{"name": "first_option@0.5", "arguments": {"options": "ABCD"}}],
    }
    return BenchmarkSpec.model_validate({**content, **changes})


def read_own(folder: Path, text: str | bytes, split: str = "val", **changes: Any) -> Reading:
    """What a benchmark of own data makes of a file with this text."""
    spec = spec_of(**changes)
    write(folder, spec.data, text, split)
    return read_subject(folder, spec, TOY, split)
