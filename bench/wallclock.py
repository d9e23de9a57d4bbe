"""How long the commands of the README take, as whole commands.

Usage: python bench/wallclock.py [--cold]
`--cold` runs `make demo` in a fresh clone with an empty home, so that only Debian packages
are there; it takes about a quarter of an hour and some 30 GB of disk, which it gives back.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = "kompass-bench"


def warm() -> dict[str, float]:
    """Seconds of cluster-up and of the demo, when everything was there before."""
    make("cluster-up")
    make("cluster-down")
    up = make("cluster-up")
    make("demo")
    demo = make("demo")
    make("cluster-down")
    return {"cluster_up_warm_seconds": up, "demo_warm_seconds": demo}


def cold() -> dict[str, float]:
    """Seconds of the demo in a fresh clone with empty caches."""
    home = Path(tempfile.mkdtemp(prefix="kompass-cold-"))
    clone = home / "kompass"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KOMPASS_", "XDG_", "MAKE"))}
    environment = {**kept, "HOME": str(home)}
    try:
        seconds = make("demo", folder=clone, environment=environment)
    finally:
        make("cluster-down", folder=clone, environment=environment)
        # Go makes its module cache read-only.
        subprocess.run(["chmod", "-R", "u+w", str(home)], check=False)
        shutil.rmtree(home)
    return {"demo_cold_seconds": seconds}


def make(target: str, *, folder: Path = ROOT, environment: dict[str, str] | None = None) -> float:
    """Seconds that a target took; its output goes to stderr."""
    start = time.monotonic()
    subprocess.run(
        ["make", "--no-print-directory", target, f"CLUSTER={CLUSTER}"],
        cwd=folder,
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    return round(time.monotonic() - start, 1)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true")
    figures = cold() if parser.parse_args().cold else warm()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
