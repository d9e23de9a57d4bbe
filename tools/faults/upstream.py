"""The server behind a proxy: where it is, and how the proxy logs in where its clients do not."""

from __future__ import annotations

import base64
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Upstream:
    """A server's URL; for TLS the context, with a client certificate where there is one."""

    url: str
    context: ssl.SSLContext | None = None

    @classmethod
    def of_kubeconfig(cls, kubeconfig: Path) -> Upstream:
        """The API server of a kubeconfig's only cluster."""
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        return cls(cluster["server"], _context(cluster, user))


def leading_to(url: str, kubeconfig: Path) -> str:
    """The kubeconfig's text with a proxy instead of its server; a token stays the client's own."""
    config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
    user = config["users"][0]["user"]
    config["clusters"][0]["cluster"] = {"server": url}
    # A client certificate is of no use on the way to the proxy, which presents it itself.
    config["users"][0]["user"] = {"token": user["token"]} if "token" in user else {}
    return yaml.safe_dump(config)


def _context(cluster: dict[str, str], user: dict[str, str]) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder)
        context = ssl.create_default_context(cafile=_file(cluster, "certificate-authority", held))
        if any(key.startswith("client-certificate") for key in user):
            context.load_cert_chain(
                _file(user, "client-certificate", held), _file(user, "client-key", held)
            )
    return context


def _file(held: dict[str, str], name: str, folder: Path) -> str:
    if name in held:
        return held[name]
    path = folder / name
    path.write_bytes(base64.b64decode(held[f"{name}-data"]))
    return str(path)
