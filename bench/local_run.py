"""`kompass run` against a plain transformers loop over the same prompts, as whole commands.

Usage: python bench/local_run.py [--rounds 3]
Both are run in turn, after one run of `kompass run` that fills the caches and gives the prompts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plain_requests import plain_requests

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "examples" / "quickstart.yaml"


def measure(rounds: int, model: Path) -> dict[str, object]:
    """Seconds of each, and their ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run(_kompass(folder / "warm", model))
        asked = plain_requests(folder / "warm", model)
        requests = folder / "requests.json"
        requests.write_text(json.dumps(asked))
        loop = [sys.executable, str(ROOT / "bench" / "plain_loop.py"), str(requests), str(model)]
        pairs = [(run(_kompass(folder / str(n), model)), run(loop)) for n in range(rounds)]
    ours, theirs = zip(*pairs, strict=True)
    return {
        "prompts": len(asked),
        "kompass_run_seconds": round(statistics.median(ours), 1),
        "plain_loop_seconds": round(statistics.median(theirs), 1),
        "ratio": round(statistics.median(a / b for a, b in pairs), 2),
        "pairs_seconds": [[round(a, 1), round(b, 1)] for a, b in pairs],
    }


def run(command: list[str]) -> float:
    """Seconds a command took."""
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def _kompass(out: Path, model: Path) -> list[str]:
    return [
        str(Path(sys.executable).parent / "kompass"),
        "run",
        str(MANIFEST),
        f"--out={out}",
        f"--source=s3://kompass/models/smollm2-135m-instruct=file://{model}",
        f"--source=s3://kompass/data/quickstart=file://{ROOT / 'examples/data/quickstart'}",
    ]


def main() -> None:
    """Print the figures as JSON."""
    from smollm2 import model_folder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    figures = measure(parser.parse_args().rounds, model_folder())
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
