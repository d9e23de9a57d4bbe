"""What a build needs of the machine to reach its package sources: certificates, indexes, caches."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path

from .commands import output
from .package_index import find_pip

__all__ = ["build_mounts"]

_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout")


def build_mounts(scratch: Path) -> list[str]:
    """Return the volumes of a build, SOURCE:TARGET:MODE; small files are written to `scratch`.

    Nothing of them gets into the image but empty places to mount on.
    """
    mounts = []
    bundle = _certificates()
    if bundle is not None:
        mounts.append(f"{bundle}:{_BUNDLE}:ro")
    settings = _pip_settings()
    pip = scratch / "pip.conf"
    pip.write_text(_pip_conf(settings, has_bundle=bundle is not None))
    uv = scratch / "uv.toml"
    uv.write_text(_uv_toml(settings))
    mounts += [f"{pip}:/etc/pip.conf:ro", f"{uv}:/etc/uv/uv.toml:ro"]
    for name, folder in (("uv", _uv_cache()), ("pip", _home() / ".cache" / "pip")):
        if folder.is_dir():
            mounts.append(f"{folder}:/root/.cache/{name}:rw")
    return mounts


def _certificates() -> Path | None:
    named = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or _BUNDLE
    bundle = Path(named)
    return bundle.resolve() if bundle.is_file() else None


def _pip_settings() -> dict[str, str]:
    """Read what pip on this machine is told, by file or environment."""
    pip = find_pip()
    said = "" if pip is None else output([*pip, "config", "list"])
    found: dict[str, str] = {}
    for line in said.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in _PIP_SETTINGS:
            found[name] = value.strip("'\"")
    return found


def _pip_conf(settings: dict[str, str], *, has_bundle: bool) -> str:
    lines = [f"{name} = {value}" for name, value in settings.items()]
    if has_bundle:
        lines.append(f"cert = {_BUNDLE}")
    return "\n".join(["[global]", *lines, ""])


def _uv_toml(settings: dict[str, str]) -> str:
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    index = index or settings.get("index-url")
    lines = ["native-tls = true", 'link-mode = "copy"']
    if index:
        lines += ["[[index]]", f"url = {json.dumps(index)}", "default = true"]
    return "\n".join([*lines, ""])


def _uv_cache() -> Path:
    uv = shutil.which("uv")
    if uv is not None:
        said = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=False)
        if said.returncode == 0 and said.stdout.strip():
            return Path(said.stdout.strip())
    return _home() / ".cache" / "uv"


def _home() -> Path:
    return Path(os.environ.get("HOME", "/root"))
