"""The words the command line understands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeAlias

from .components import COMPONENTS
from .tools import EXTRA_MODULES

__all__ = ["parser"]

DEFAULT_NAME = "kompass"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    root = argparse.ArgumentParser(
        prog="kompass_devcluster",
        description="A real single-node Kubernetes on this machine, without a container engine.",
    )
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    _lifecycle(verbs)
    _images(verbs)
    _inspection(verbs)
    return root


# argparse has no public name for what add_subparsers returns.
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def _verb(verbs: _Verbs, name: str, about: str) -> argparse.ArgumentParser:
    added = verbs.add_parser(name, help=about, description=about)
    added.add_argument("--name", default=DEFAULT_NAME, help="the cluster's name (%(default)s)")
    return added


def _lifecycle(verbs: _Verbs) -> None:
    install = "get missing Debian packages, and Go, first"
    up = _verb(verbs, "up", "start a cluster, or what is missing of it, and wait until it is ready")
    up.add_argument("--gpus", type=int, help="fake graphics cards (4, or as many as it has)")
    up.add_argument("--install", action="store_true", help=install)
    down = _verb(verbs, "down", "end a cluster without a trace; images are kept for the next start")
    down.add_argument("--purge", action="store_true", help="remove its image store as well")
    doctor = _verb(verbs, "doctor", "say what this machine lacks, and the command that helps")
    doctor.add_argument("--install", action="store_true", help=install)
    restart = _verb(verbs, "restart", "stop one component and start it again")
    restart.add_argument("component", choices=COMPONENTS)


def _images(verbs: _Verbs) -> None:
    build = _verb(verbs, "build", "build an image, push it to the cluster, print its name there")
    build.add_argument("--file", type=Path, required=True, help="the Dockerfile")
    build.add_argument("--tag", required=True, metavar="NAME:TAG")
    build.add_argument("--context", type=Path, help="folder to copy from (the Dockerfile's)")
    build.add_argument("--build-arg", action="append", default=[], metavar="KEY=VALUE")
    _verb(verbs, "base-image", "build and push kompass-base:bookworm, a small Debian with Python")
    _verb(verbs, "seaweedfs-image", "build and push seaweedfs:4.48, an S3 server")


def _inspection(verbs: _Verbs) -> None:
    _verb(verbs, "status", "show processes, node, addresses and disk use")
    _verb(verbs, "env", "print the shell lines that make kubectl and helm use this cluster")
    _verb(verbs, "tools", "build kubectl, helm and the rest, and print their folder")
    extra = _verb(verbs, "extra", "build a program that no cluster needs, and print its path")
    extra.add_argument("program", choices=[name for one in EXTRA_MODULES for name in one.programs])
    logs = _verb(verbs, "logs", "show the end of the components' logs")
    logs.add_argument("component", nargs="?", choices=COMPONENTS)
    logs.add_argument("--lines", type=int, default=50)
    logs.add_argument("--follow", action="store_true")
    inside = _verb(verbs, "exec", "run a command (or a shell) inside the node's namespaces")
    inside.add_argument("command", nargs=argparse.REMAINDER)
