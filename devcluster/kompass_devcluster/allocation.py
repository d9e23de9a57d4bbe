"""Which cluster has which number, and so which network: several stand side by side."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cgroups import create_cgroups, has_cgroups
from .commands import output
from .console import say
from .errors import DevClusterError

__all__ = ["Network", "allocated", "claim", "locked", "network", "release"]

_RANGE = ipaddress.IPv4Network("10.213.0.0/16")
_MOST = 200


@dataclass(frozen=True)
class Network:
    """The two ends of the wire between the machine and a node, and the ranges inside the node."""

    link: str
    host: str
    node: str
    prefix: int
    pods: str = "10.42.0.0/16"
    services: str = "10.43.0.0/16"
    first_service: str = "10.43.0.1"
    dns_service: str = "10.43.0.10"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock that ends with the process; others wait."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that holds {file}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def network(index: int) -> Network:
    """Return the network of a number: a /30 of its own."""
    subnet = _subnet(index)
    return Network(
        link=f"kompass{index}", host=str(subnet[1]), node=str(subnet[2]), prefix=subnet.prefixlen
    )


def allocated(state: Path, name: str) -> Network | None:
    """Return the network of a cluster that has one."""
    index = _read(state).get(name)
    return None if index is None else network(index)


def claim(state: Path, name: str) -> Network:
    """Give a cluster that is down the lowest number that nothing on this machine uses.

    Its cgroups are created with it: they tell clusters under other folders of state that the number
    is taken.
    """
    with _machine_locked():
        held = _read(state)
        held[name] = _free(set(held.values()), _used_networks())
        _write(state, held)
        claimed = network(held[name])
        create_cgroups(claimed.link)
        return claimed


def release(state: Path, name: str) -> None:
    """Take a cluster's number back."""
    with _machine_locked():
        held = _read(state)
        if held.pop(name, None) is not None:
            _write(state, held)


@contextmanager
def _machine_locked() -> Iterator[None]:
    """Hold a lock that all clusters of the machine share and that leaves no file behind."""
    handle = os.open("/run", os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _subnet(index: int) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network((int(_RANGE[0]) + 4 * index, 30))


def _free(taken: set[int], used: Sequence[ipaddress.IPv4Network]) -> int:
    for index in range(_MOST):
        if index in taken or any(_subnet(index).overlaps(other) for other in used):
            continue
        if not has_cgroups(network(index).link):
            return index
    raise DevClusterError(f"no free network in {_RANGE}: {len(taken)} clusters hold one")


def _used_networks() -> list[ipaddress.IPv4Network]:
    routes = json.loads(output(["ip", "-json", "-4", "route", "show", "table", "all"]) or "[]")
    destinations = [str(route.get("dst", "default")) for route in routes]
    return [ipaddress.IPv4Network(found) for found in destinations if found[0].isdigit()]


def _file(state: Path) -> Path:
    return state / "allocation.json"


def _read(state: Path) -> dict[str, int]:
    try:
        held: dict[str, int] = json.loads(_file(state).read_text())
    except FileNotFoundError:
        return {}
    return held


def _write(state: Path, held: dict[str, int]) -> None:
    state.mkdir(parents=True, exist_ok=True)
    fresh = _file(state).with_suffix(".new")
    fresh.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n")
    fresh.replace(_file(state))
