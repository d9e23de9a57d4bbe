"""Build the two images and bring them to a cluster, unless the same content is there already."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clusters import ROOT, Cluster, CommandFailed, connect, devcluster, output
from kompass_devcluster.allocation import allocated
from kompass_devcluster.console import step
from kompass_devcluster.folders import Folders

PINS: Final = {"operator": "operator.txt", "worker": "huggingface.txt"}
PACKAGES: Final = (
    "crds/kompass_api",
    "operator/kompass_kubectl",
    "operator/kompass_operator",
    "worker/kompass_worker",
)
DEVCLUSTER_REGISTRY: Final = "localhost:5000"
DEVCLUSTER_BASE: Final = "kompass-base:bookworm"
DEVCLUSTER_S3: Final = "seaweedfs:4.48"


@dataclass(frozen=True)
class Image:
    """An image as a chart's values name it."""

    repository: str
    tag: str

    @property
    def reference(self) -> str:
        """What a pod pulls."""
        return f"{self.repository}:{self.tag}"


@dataclass(frozen=True)
class Images:
    """The images that a cluster can pull; where `s3` or `python` is absent, the chart's own are."""

    operator: Image
    worker: Image
    s3: Image | None = None
    python: Image | None = None


def build_images(cluster: Cluster) -> Images:
    """Build what is missing and return what the cluster can pull."""
    if cluster.is_current:
        registry = os.environ.get("REGISTRY", "")
        if not registry:
            raise CommandFailed(
                "CLUSTER=current needs REGISTRY=host/folder: a registry that this machine may push "
                "to and the cluster pulls from"
            )
        return Images(_pushed("operator", registry), _pushed("worker", registry))
    return Images(
        python=_made_by_devcluster(cluster, "base-image", DEVCLUSTER_BASE),
        s3=_made_by_devcluster(cluster, "seaweedfs-image", DEVCLUSTER_S3),
        operator=_in_devcluster(cluster, "operator"),
        worker=_in_devcluster(cluster, "worker"),
    )


def content_tag(name: str, base: str) -> str:
    """A tag that is the same exactly as long as what goes into the image is."""
    content = hashlib.sha256(base.encode())
    for file in content_files(name):
        content.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return content.hexdigest()[:16]


def content_files(name: str) -> Iterator[Path]:
    """Every file that goes into an image, and its recipe."""
    yield from (ROOT / ".dockerignore", ROOT / "images" / name / "Dockerfile")
    yield from (ROOT / "requirements" / pins for pins in ("build.txt", PINS[name]))
    yield from (ROOT / file for file in ("pyproject.toml", "README.md", "LICENSE"))
    for package in PACKAGES:
        files = (file for file in (ROOT / package).rglob("*") if file.is_file())
        yield from sorted(file for file in files if "__pycache__" not in file.parts)


def build_ahead(cluster_name: str) -> None:
    """Fill the cache of image layers for a development cluster that need not be up."""
    for name in PINS:
        _devcluster_build(cluster_name, name)


def _in_devcluster(cluster: Cluster, name: str) -> Image:
    image = Image(f"{DEVCLUSTER_REGISTRY}/kompass-{name}", content_tag(name, DEVCLUSTER_BASE))
    if not _registry_has(cluster, image):
        _devcluster_build(cluster.name, name)
    return image


def _devcluster_build(cluster_name: str, name: str) -> None:
    devcluster("base-image", "--name", cluster_name)
    devcluster(
        "build",
        *("--name", cluster_name),
        *("--file", str(ROOT / "images" / name / "Dockerfile"), "--context", str(ROOT)),
        *("--tag", f"kompass-{name}:{content_tag(name, DEVCLUSTER_BASE)}"),
        *("--build-arg", f"BASE_IMAGE={DEVCLUSTER_BASE}"),
    )


def _made_by_devcluster(cluster: Cluster, verb: str, name: str) -> Image:
    repository, _, tag = name.partition(":")
    image = Image(f"{DEVCLUSTER_REGISTRY}/{repository}", tag)
    if not _registry_has(cluster, image):
        devcluster(verb, "--name", cluster.name)
    return image


def _registry_has(cluster: Cluster, image: Image) -> bool:
    network = allocated(Folders.from_environment().state, cluster.name)
    if network is None:
        return False
    connection = http.client.HTTPConnection(network.node, 5000, timeout=10)
    repository = image.repository.partition("/")[2]
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    try:
        connection.request("HEAD", f"/v2/{repository}/manifests/{image.tag}", headers=accept)
        return connection.getresponse().status == http.client.OK
    finally:
        connection.close()


def _pushed(name: str, registry: str) -> Image:
    base = os.environ.get("BASE_IMAGE", "")
    image = Image(f"{registry.rstrip('/')}/kompass-{name}", content_tag(name, base))
    argv = ["--file", str(ROOT / "images" / name / "Dockerfile"), "--tag", image.reference]
    argv += [f"--build-arg=BASE_IMAGE={base}"] if base else []
    engine = _engine()
    with step(f"built {image.reference}"):
        _show([*engine.build, *argv, str(ROOT)])
    with step(f"pushed {image.reference}"):
        _show([*engine.push, image.reference])
    return image


@dataclass(frozen=True)
class _Engine:
    build: tuple[str, ...]
    push: tuple[str, ...]


def _engine() -> _Engine:
    if shutil.which("docker") and _answers("docker", "info"):
        return _Engine(("docker", "build"), ("docker", "push"))
    if shutil.which("buildah"):
        return _Engine(("buildah", "build", "--layers"), ("buildah", "push"))
    raise CommandFailed("building images takes docker (with its daemon running) or buildah")


def _answers(*argv: str) -> bool:
    try:
        output(argv)
    except CommandFailed:
        return False
    return True


def _show(argv: list[str]) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise CommandFailed(f"{' '.join(argv[:2])} ended with status {done.returncode}, see above")


def main() -> None:
    """Build and push for the cluster that KOMPASS_CLUSTER names; print what a chart needs."""
    images = build_images(connect(os.environ.get("KOMPASS_CLUSTER", "kompass")))
    references = {"operator": images.operator.reference, "worker": images.worker.reference}
    print(json.dumps(references))


if __name__ == "__main__":
    try:
        main()
    except CommandFailed as error:
        sys.exit(f"error: {error}")
