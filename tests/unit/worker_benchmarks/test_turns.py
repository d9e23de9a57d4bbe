"""The tool that writes OpenCompass' worked examples beside the data."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

CONFIG = r"""
from opencompass.somewhere import PromptTemplate
cfg = dict(
    prompt_template=dict(type=PromptTemplate, template=dict(round=[
        dict(role='HUMAN', prompt='Q: \sqrt{1}?\nA:'),
        dict(role='BOT', prompt='One.\n'),
        dict(role='HUMAN', prompt='Q: {question}\nA:'),
    ])),
)
"""

WRITTEN = r"""--- turn 1
Q: \sqrt{1}?
A:
--- turn 2
One.

--- end
"""


def run(root: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The tool's exit status."""
    monkeypatch.setattr(sys, "argv", ["opencompass_turns.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(root / "tools/opencompass_turns.py"), run_name="__main__")
    return int(ended.value.code or 0)


def test_turns_but_the_question_are_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy_gen.py").write_text(CONFIG, "utf-8")
    assert run(root, monkeypatch, str(tmp_path / "toy_gen.py"), str(tmp_path)) == 0
    assert (tmp_path / "prompts/toy_gen.txt").read_text("utf-8") == WRITTEN


def test_a_configuration_without_examples_is_refused(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "toy_gen.py").write_text("x = dict(role='HUMAN', prompt='Q')", "utf-8")
    assert run(root, monkeypatch, str(tmp_path / "toy_gen.py"), str(tmp_path)) == 1
    assert "has no dialogue with examples" in capsys.readouterr().err
