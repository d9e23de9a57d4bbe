"""The image of the process that holds a pod's namespaces, as an archive containerd can import."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path

__all__ = ["pause_archive"]

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def pause_archive(program: Path, tag: str) -> bytes:
    """Return an image archive with one file, the program; the same program gives the same bytes."""
    layer = _tar({"pause": program.read_bytes()}, mode=0o755)
    machine = platform.machine()
    config = {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": ["/pause"], "User": "65535:65535"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": ["layer.tar"]}]
    files = {
        "layer.tar": layer,
        "config.json": json.dumps(config).encode(),
        "manifest.json": json.dumps(manifest).encode(),
    }
    return _tar(files, mode=0o644)


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
