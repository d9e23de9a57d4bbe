"""Documents know the lines of their fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from kompass_worker.cli.documents import FieldPath, files_in, read_documents
from kompass_worker.cli.usage import WrongUsage

TEXT = """\
# a comment
kind: EvalRun
spec:
  models:
    - name: a
    - name: b
  limit: 3
  limit: 4
---
---
kind: Benchmark
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param((), 2, id="the-document"),
        pytest.param(("spec",), 3, id="an-object"),
        pytest.param(("spec", "models", 1, "name"), 6, id="in-a-list"),
        pytest.param(("spec", "models", 7), 4, id="nearest-that-is-there"),
        pytest.param(("metadata", "name"), 2, id="nothing-there"),
    ],
)
def test_lines(tmp_path: Path, path: FieldPath, line: int) -> None:
    (tmp_path / "a.yaml").write_text(TEXT)
    first, second = read_documents(tmp_path / "a.yaml")
    assert first.line(path) == line
    assert second.line() == 11
    assert list(first.repeated_keys()) == [(8, "limit")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"a: [1\n", r"a\.yaml:2: not YAML", id="not-yaml"),
        pytest.param(b"a: \xff\n", r"a\.yaml: not UTF-8", id="not-utf-8"),
        pytest.param(b"- 1\n", r"a\.yaml:1: expected an object", id="a-list"),
        pytest.param(b"a: !!python/name:os.system x\n", "could not determine", id="python-tag"),
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(WrongUsage, match=message):
        read_documents(tmp_path / "a.yaml")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfkind: EvalRun\n")
    assert read_documents(tmp_path / "a.yaml")[0].content == {"kind": "EvalRun"}


def test_files_of_folders(tmp_path: Path) -> None:
    for name in ("b/two.yml", "b/one.yaml", "b/data.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    named = tmp_path / "no-suffix"
    assert files_in([tmp_path / "b", named]) == [
        tmp_path / "b/one.yaml",
        tmp_path / "b/two.yml",
        named,
    ]
