"""`kompass render` of benchmarks whose data lies on no hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kompass_worker.cli.app import app

pytestmark = pytest.mark.shared


@pytest.mark.parametrize(
    ("name", "folder", "options", "shown"),
    [
        pytest.param("gsm8k-0shot-gen", "gsm8k", [], "Teresa sells large stuffed animals", id="0"),
        pytest.param("bbh-gen", "bbh", ["--subject", "navigate"], "\nQ: If you follow", id="text"),
    ],
)
def test_a_folder_takes_the_place_of_the_data(
    name: str, folder: str, options: list[str], shown: str, shared: Path
) -> None:
    command = ["render", name, "--source", str(shared / "data" / folder), *options]
    ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 0, ended.output
    assert shown in ended.output
