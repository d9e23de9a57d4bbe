"""Recordings of Kompass are told apart by the code that made them."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.sources import digest_of_sources


def write(folder: Path, **texts: str) -> Path:
    (folder / "inner").mkdir(parents=True)
    for name, text in {"code": "x = 1\n", "inner/more": "y = 2\n", **texts}.items():
        (folder / name).with_suffix(".py").write_text(text, encoding="utf-8")
    return folder


def test_the_same_code_elsewhere_is_the_same(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one"), write(tmp_path / "two")
    (two / "inner" / "more.pyc").write_text("made out of it", encoding="utf-8")
    assert digest_of_sources([one]) == digest_of_sources([two])


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param({"code": "x = 2\n"}, id="changed"),
        pytest.param({"new": ""}, id="added"),
        pytest.param({"code": "y = 2\n", "inner/more": "x = 1\n"}, id="in-other-places"),
    ],
)
def test_other_code_is_another(tmp_path: Path, texts: dict[str, str]) -> None:
    one, other = write(tmp_path / "one"), write(tmp_path / "other", **texts)
    assert digest_of_sources([one]) != digest_of_sources([other])
