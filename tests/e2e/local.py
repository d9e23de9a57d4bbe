"""The same manifests through `kompass run`, for comparison."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml
import zstandard
from e2e.kube import Object


def answers(manifests: list[Object], folder: Path, sources: dict[str, Path]) -> dict[str, object]:
    """What `kompass run` answered, in the form of `Outcome.answers`."""
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump_all(manifests, allow_unicode=True))
    mapped = [f"--source={uri}=file://{path}" for uri, path in sources.items()]
    command = Path(sys.executable).parent / "kompass"
    subprocess.run(
        [str(command), "run", str(file), "--out", str(folder / "out"), *mapped], check=True
    )
    stored = (folder / "out" / "report" / "samples.jsonl.zst").read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(stored).read().decode()
    samples = [json.loads(line) for line in text.splitlines()]
    return {
        f"{one['model']}/{one['item']}": (one["prediction"], one["extracted"], one["score"])
        for one in samples
    }
