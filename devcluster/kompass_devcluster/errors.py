"""What can go wrong, by whose fault it is.

DevClusterError
├── MissingPrerequisite   the machine lacks something: the message names the command that helps
├── CommandFailed         a program that was run said no
├── NotRunning            the cluster that was named is down
└── NotReady              something did not become ready in time
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "CommandFailed",
    "DevClusterError",
    "MissingPrerequisite",
    "NotReady",
    "NotRunning",
]


class DevClusterError(Exception):
    """Anything a person is told in one message, without a traceback."""

    exit_code = 1


class MissingPrerequisite(DevClusterError):
    """The machine lacks something."""

    exit_code = 69


class NotRunning(DevClusterError):
    """The cluster that was named is down."""

    exit_code = 3


class NotReady(DevClusterError):
    """Something did not become ready in time, or died."""

    exit_code = 75


class CommandFailed(DevClusterError):
    """A program that was run said no."""

    def __init__(self, argv: Sequence[str], code: int, output: str) -> None:
        tail = "\n".join(output.strip().splitlines()[-20:])
        super().__init__(f"{' '.join(argv[:6])} … ended with code {code}:\n{tail}")
        self.code = code
