"""Building container images with buildah, and handing them to a cluster's registry."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .allocation import Network, locked
from .commands import COMPONENT_PATH, output
from .console import step
from .errors import CommandFailed
from .folders import Folders
from .package_sources import build_mounts

__all__ = ["Build", "build_image", "image_label", "push_image"]

# A file system of its own for buildah's run folder: whatever happens to a build, no mount is left.
_PRIVATE = 'mount -t tmpfs tmpfs "$1" && shift && exec "$@"'


@dataclass(frozen=True)
class Build:
    """What to build: a Dockerfile, the folder it copies from, and the name of the result."""

    file: Path
    tag: str
    context: Path
    arguments: Sequence[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    with_package_sources: bool = True


def build_image(folders: Folders, build: Build) -> None:
    """Build an image into the cache; layers that did not change are taken from there.

    One at a time: buildah fails when another one removes an image that it is about to list.
    """
    with locked(folders.buildah / "lock"), tempfile.TemporaryDirectory() as scratch:
        argv = ["bud", "--layers", "--isolation", "chroot", "--pull=ifmissing"]
        argv += ["--file", str(build.file), "--tag", _local(build.tag)]
        argv += [f"--build-arg={argument}" for argument in build.arguments]
        argv += [f"--label={name}={value}" for name, value in build.labels.items()]
        if build.with_package_sources:
            for mount in build_mounts(Path(scratch)):
                argv += ["--volume", mount]
        with step(f"built image {build.tag}"):
            _run_shown(_buildah(folders, [*argv, str(build.context)]))
        _forget_older(folders, build.tag)


def push_image(folders: Folders, net: Network, tag: str) -> str:
    """Push an image to the cluster's registry and return the name that pods pull it by."""
    target = f"docker://{net.node}:5000/{tag}"
    # A registry gets compressed layers whatever one asks, and zstd takes less time than gzip.
    fast = ["--compression-format", "zstd", "--compression-level", "1"]
    push = ["push", "--quiet", "--tls-verify=false", *fast, _local(tag), target]
    with step(f"pushed image {tag}"):
        output(_buildah(folders, push), env={"NO_PROXY": net.node, "no_proxy": net.node})
    return f"localhost:5000/{tag}"


def image_label(folders: Folders, tag: str, label: str) -> str | None:
    """Return a label of an image in the cache, or None where there is no such image."""
    template = f'{{{{index .OCIv1.Config.Labels "{label}"}}}}'
    argv = ["inspect", "--type", "image", "--format", template, _local(tag)]
    try:
        return output(_buildah(folders, argv)).strip()
    except CommandFailed:
        return None


def _forget_older(folders: Folders, tag: str) -> None:
    """Remove earlier images of the same name, but for the newest of them: their layers are big."""
    name = _local(tag).rpartition(":")[0]
    # Newest first.
    listed = output(_buildah(folders, ["images", "--format", "{{.Name}}:{{.Tag}}"])).split()
    others = [line for line in listed if line.startswith(f"{name}:") and line != _local(tag)]
    if others[1:]:
        output(_buildah(folders, ["rmi", *others[1:]]))


def _local(tag: str) -> str:
    return f"localhost/{tag}"


def _buildah(folders: Folders, arguments: Sequence[str]) -> list[str]:
    storage, run = folders.buildah / "storage", folders.buildah / "run"
    for folder in (storage, run):
        folder.mkdir(parents=True, exist_ok=True)
    buildah = ["buildah", "--storage-driver", "overlay", "--root", str(storage)]
    private = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", _PRIVATE, "sh"]
    return [*private, str(run), *buildah, "--runroot", str(run), *arguments]


def _run_shown(argv: Sequence[str]) -> None:
    """Run a build with its output on standard error, as it comes."""
    path = f"{os.environ.get('PATH', '')}:{COMPONENT_PATH}"
    done = subprocess.run(
        list(argv),
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=2,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailed(["buildah", "bud"], done.returncode, shlex.join(argv))
