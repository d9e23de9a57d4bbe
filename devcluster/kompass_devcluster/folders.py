"""Where everything lies: a cache that survives, and for each cluster a folder that does not."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import DevClusterError

__all__ = ["NODE_CACHE", "NODE_HOME", "ClusterFolders", "Folders", "cluster_folders"]

# The same two places as the processes of a node see them: short, because the path of a unix socket
# may have no more than 107 characters.
NODE_HOME = Path("/run/kompass")
NODE_CACHE = Path("/run/cache")

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")


@dataclass(frozen=True)
class Folders:
    """Folders that all clusters of a person share."""

    cache: Path
    state: Path
    source: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Folders:
        """Read the settings KOMPASS_CACHE and KOMPASS_STATE, or the places XDG names for them."""
        home = Path(environment.get("HOME", "/root"))
        cache = environment.get("KOMPASS_CACHE")
        state = environment.get("KOMPASS_STATE")
        cache_home = environment.get("XDG_CACHE_HOME") or home / ".cache"
        state_home = environment.get("XDG_STATE_HOME") or home / ".local" / "state"
        return cls(
            cache=Path(cache).absolute() if cache else Path(cache_home) / "kompass",
            state=Path(state).absolute() if state else Path(state_home) / "kompass",
            source=Path(__file__).resolve().parent.parent,
        )

    @property
    def tools(self) -> Path:
        """Programs that were built."""
        return self.cache / "tools"

    @property
    def registry(self) -> Path:
        """What the registries of all clusters serve."""
        return self.cache / "registry"

    @property
    def buildah(self) -> Path:
        """Images and layers of builds."""
        return self.cache / "buildah"

    @property
    def downloads(self) -> Path:
        """A place for what is fetched and soon removed."""
        return self.cache / "downloads"


@dataclass(frozen=True)
class ClusterFolders:
    """Folders and files of one cluster."""

    name: str
    root: Path

    @property
    def node(self) -> Path:
        """What `down` removes; the node sees it as NODE_HOME."""
        return self.root / "node"

    @property
    def images(self) -> Path:
        """The image store of containerd, which `down` keeps."""
        return self.root / "images"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.node / "pki"

    @property
    def configs(self) -> Path:
        """Configuration files of the components."""
        return self.node / "etc"

    @property
    def logs(self) -> Path:
        """One file for each component."""
        return self.node / "logs"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's access from this machine."""
        return self.node / "kubeconfig"

    @property
    def prepared(self) -> Path:
        """A file that exists once the node is complete; without it a start was cut off."""
        return self.node / "prepared"

    @property
    def store_checked(self) -> Path:
        """A file that exists once the image store holds no container of an earlier node."""
        return self.node / "store-checked"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.node / "containerd" / "containerd.sock"

    @property
    def gpu_count(self) -> Path:
        """The file that says how many graphics cards are offered."""
        return self.node / "gpus"


def cluster_folders(folders: Folders, name: str) -> ClusterFolders:
    """Return the folders of the cluster of that name, which has to be a short DNS label."""
    if not _NAME.fullmatch(name):
        raise DevClusterError(
            f"cluster name {name!r}: expected up to 30 small letters, digits and '-'"
        )
    return ClusterFolders(name=name, root=folders.state / "clusters" / name)
