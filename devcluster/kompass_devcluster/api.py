"""The few requests that the cluster's own set-up makes to its API server."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from .allocation import Network
from .errors import DevClusterError
from .folders import ClusterFolders

__all__ = ["Api", "fetch_ok"]

# Neither a proxy of the environment nor one of the system: the address is on this machine.
_NO_PROXY = urllib.request.ProxyHandler({})


class Api:
    """The API server as its administrator sees it."""

    def __init__(self, cluster: ClusterFolders, net: Network) -> None:
        context = ssl.create_default_context(cafile=str(cluster.pki / "ca.crt"))
        context.load_cert_chain(cluster.pki / "admin.crt", cluster.pki / "admin.key")
        https = urllib.request.HTTPSHandler(context=context)
        self._opener = urllib.request.build_opener(_NO_PROXY, https)
        self._url = f"https://{net.node}:6443"

    def get(self, path: str) -> Any | None:
        """Return an object, or None while it or the server is absent."""
        try:
            with self._opener.open(self._url + path, timeout=5) as answer:
                return json.loads(answer.read())
        except (OSError, ValueError):
            return None

    def is_ready(self) -> bool:
        """Whether the API server says that it is ready."""
        try:
            with self._opener.open(self._url + "/readyz", timeout=2) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def apply(self, path: str, document: dict[str, Any]) -> None:
        """Create an object or bring it to the given state."""
        request = urllib.request.Request(
            f"{self._url}{path}?fieldManager=kompass-devcluster&force=true",
            data=json.dumps(document).encode(),
            method="PATCH",
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        try:
            with self._opener.open(request, timeout=10) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise DevClusterError(f"apply {path}: {error.code} {said}") from error


def fetch_ok(url: str) -> bool:
    """Whether a plain HTTP address of the node answers 200."""
    try:
        with urllib.request.build_opener(_NO_PROXY).open(url, timeout=2) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False
