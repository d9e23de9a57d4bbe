"""How every command ends: a status for programs, a sentence for a person, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import NoReturn

from rich.console import Console

from kompass_worker.cli.usage import Status, WrongUsage
from kompass_worker.errors import InputMissing, InvalidRequest, WorkerError
from kompass_worker.report.texts import visible

_BROKEN_PIPE = 141
"""128 and the signal: what a shell says of a program whose reader has gone."""


def end_with(work: Callable[[], Status]) -> NoReturn:
    """Do the work and leave with its status; what goes wrong is said on standard error."""
    try:
        status = work()
        sys.stdout.flush()
    except (WrongUsage, InvalidRequest, InputMissing) as error:
        say(f"Error: {error}")
        status = Status.WRONG_USAGE
    except WorkerError as error:
        say(f"Error ({error.failure}): {error}")
        status = Status.FAILED
    except BrokenPipeError:
        # `| head` has seen enough; Python would complain again while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_BROKEN_PIPE)
    sys.exit(status)


def say(text: str) -> None:
    """A line on standard error."""
    console = Console(stderr=True)
    console.print(visible(text, keep="\n"), markup=False, highlight=False, soft_wrap=True)
