"""A certificate authority of the cluster's own, and the keys of everyone who talks in it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .allocation import Network
from .commands import output
from .folders import ClusterFolders

__all__ = ["CLIENTS", "Identity", "create_certificates"]

_DAYS = "3650"


@dataclass(frozen=True)
class Identity:
    """Who a certificate speaks for: user, group, and the addresses it serves."""

    file: str
    user: str
    group: str = ""
    addresses: Sequence[str] = ()


CLIENTS = (
    Identity("admin", "kubernetes-admin", "system:masters"),
    Identity("apiserver-client", "kube-apiserver-kubelet-client", "system:masters"),
    Identity("controller-manager", "system:kube-controller-manager"),
    Identity("scheduler", "system:kube-scheduler"),
    Identity("proxy", "system:kube-proxy"),
    Identity("coredns", "coredns"),
)


def create_certificates(cluster: ClusterFolders, net: Network) -> None:
    """Create every key and certificate of the cluster; what is there already is replaced."""
    pki = cluster.pki
    pki.mkdir(parents=True, exist_ok=True)
    pki.chmod(0o700)
    _key(pki / "ca.key")
    subject = f"/CN=kompass-devcluster-{cluster.name}"
    authority: list[str | Path] = ["-new", "-key", pki / "ca.key", "-subj", subject, "-days", _DAYS]
    _openssl("req", "-x509", *authority, "-out", pki / "ca.crt")
    _key(pki / "service-account.key")
    public = pki / "service-account.pub"
    _openssl("pkey", "-in", pki / "service-account.key", "-pubout", "-out", public)
    identities = [*CLIENTS, *_servers(cluster, net)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda identity: _issue(pki, identity), identities))


def _servers(cluster: ClusterFolders, net: Network) -> list[Identity]:
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    names += ["kubernetes.default.svc.cluster.local", "localhost"]
    addresses = ["127.0.0.1", net.first_service, net.node]
    served = [f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses]
    return [
        Identity("apiserver", "kube-apiserver", addresses=served),
        Identity(
            "kubelet",
            f"system:node:{cluster.name}",
            "system:nodes",
            [f"DNS:{cluster.name}", f"IP:{net.node}", "IP:127.0.0.1"],
        ),
    ]


def _key(file: Path) -> None:
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file)
    file.chmod(0o600)


def _issue(pki: Path, identity: Identity) -> None:
    key, request = pki / f"{identity.file}.key", pki / f"{identity.file}.csr"
    extensions = pki / f"{identity.file}.ext"
    _key(key)
    group = f"/O={identity.group}" if identity.group else ""
    subject = f"{group}/CN={identity.user}"
    _openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
    usage = "serverAuth,clientAuth" if identity.addresses else "clientAuth"
    lines = ["basicConstraints=CA:FALSE", f"extendedKeyUsage={usage}"]
    if identity.addresses:
        lines.append("subjectAltName=" + ",".join(identity.addresses))
    extensions.write_text("\n".join(lines) + "\n")
    # Serials at random: certificates are issued at the same time.
    signed_by: list[str | Path] = [
        "-CA",
        pki / "ca.crt",
        "-CAkey",
        pki / "ca.key",
        "-set_serial",
        _serial(),
    ]
    result: list[str | Path] = [
        "-days",
        _DAYS,
        "-extfile",
        extensions,
        "-out",
        pki / f"{identity.file}.crt",
    ]
    _openssl("x509", "-req", "-in", request, *signed_by, *result)
    request.unlink()
    extensions.unlink()


def _serial() -> str:
    return str(secrets.randbits(63))


def _openssl(*arguments: str | Path) -> None:
    output(["openssl", *map(str, arguments)])
