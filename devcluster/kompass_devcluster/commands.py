"""Running other programs and saying clearly what they said when they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import CommandFailed

__all__ = ["COMPONENT_PATH", "output", "succeeds"]

COMPONENT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def output(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    given: bytes | None = None,
) -> str:
    """Run a program to its end and return its standard output."""
    done = subprocess.run(
        list(argv),
        env={**os.environ, **(env or {})},
        cwd=cwd,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        raise CommandFailed(argv, done.returncode, said)
    return done.stdout.decode(errors="replace")


def succeeds(argv: Sequence[str]) -> bool:
    """Whether a program ends with 0; what it says is dropped."""
    try:
        output(argv)
    except (CommandFailed, OSError):
        return False
    return True
