"""docs/endpoints.md, followed as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from contract.served.servers import Served

pytestmark = pytest.mark.timeout(300)


def test_the_example_for_this_machine_runs(
    transformers_serve: Served, root: Path, tmp_path: Path
) -> None:
    page = (root / "docs" / "endpoints.md").read_text(encoding="utf-8")
    found = re.search(r"cat > served\.yaml <<EOF\n(.*?)^EOF$", page, re.DOTALL | re.MULTILINE)
    assert found is not None
    manifest = (
        found.group(1)
        .replace("http://127.0.0.1:8001/v1", transformers_serve.url)
        .replace("$MODEL", transformers_serve.model)
        .replace("$PWD", str(root))
    )
    (tmp_path / "served.yaml").write_text(manifest, encoding="utf-8")
    command = [sys.executable, "-m", "kompass_worker.cli"]
    command += ["run", "served.yaml", "--out", "served-out"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=dict(os.environ), capture_output=True, check=False, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^ceval-arithmetic +\w{6} +accuracy +gen +\d", ended.stdout, re.MULTILINE)
    assert "2 answers" in ended.stderr
