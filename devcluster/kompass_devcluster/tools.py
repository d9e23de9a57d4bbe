"""The programs that are built from source once, kept in the cache by the hash of their recipe.

Those of GO_MODULES make a cluster; those of EXTRA_MODULES are built when somebody asks for one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .allocation import locked
from .console import step
from .errors import CommandFailed, MissingPrerequisite
from .folders import Folders
from .golang import find_go

__all__ = [
    "EXTRA_MODULES",
    "GO_MODULES",
    "GoModule",
    "build_extra",
    "build_tools",
    "missing_tools",
    "needed_go",
    "tools_folder",
]

_KUBERNETES = "1.34.4"
_HELM = "3.22.0"


@dataclass(frozen=True)
class GoModule:
    """A folder under tools/ with the programs to build in it, by name."""

    folder: str
    programs: Mapping[str, str]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def linker_flags(self) -> str:
        """What the linker is told: no debug tables, and the version to report."""
        return " ".join(["-s -w", *(f"-X {key}={value}" for key, value in self.variables.items())])


GO_MODULES = (
    GoModule("pause", {"pause": "."}),
    GoModule("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    GoModule(
        "kubernetes",
        {
            "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
            "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
            "kubelet": "k8s.io/kubernetes/cmd/kubelet",
            "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
            "kubectl": "k8s.io/kubernetes/cmd/kubectl",
            "fakegpu": "./fakegpu",
        },
        {
            "k8s.io/component-base/version.gitVersion": f"v{_KUBERNETES}",
            "k8s.io/component-base/version.gitMajor": "1",
            "k8s.io/component-base/version.gitMinor": "34",
        },
    ),
    GoModule("coredns", {"coredns": "."}),
    GoModule(
        "helm",
        {"helm": "helm.sh/helm/v3/cmd/helm"},
        {"helm.sh/helm/v3/internal/version.version": f"v{_HELM}"},
    ),
)

EXTRA_MODULES = (
    GoModule(
        "kwok",
        {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        {"sigs.k8s.io/kwok/pkg/consts.Version": "0.8.0"},
    ),
)


def tools_folder(folders: Folders) -> Path:
    """Return the folder that holds a link to every program of this recipe."""
    keys = "".join(_key(folders, module) for module in GO_MODULES)
    return folders.tools / f"bin-{hashlib.sha256(keys.encode()).hexdigest()[:16]}"


def missing_tools(folders: Folders) -> list[str]:
    """Return the programs that have to be built before a cluster can start."""
    held = tools_folder(folders)
    names = [name for module in GO_MODULES for name in module.programs]
    return [name for name in names if not (held / name).exists()]


def build_tools(folders: Folders) -> Path:
    """Build what is missing and return the folder of the programs; no two builds run at a time."""
    if missing_tools(folders):
        with locked(folders.tools / "lock"):
            _build_missing(folders)
    return tools_folder(folders)


def build_extra(folders: Folders, name: str) -> Path:
    """Build one of the extra programs unless it is there, and return its path."""
    module = next(one for one in EXTRA_MODULES if name in one.programs)
    held = _place(folders, module) / name
    if not held.exists():
        with locked(folders.tools / "lock"):
            _built(_found_go(folders), folders, module, name)
    return held


def needed_go(folders: Folders) -> tuple[int, int]:
    """Return the oldest Go that builds all programs."""
    files = [folders.source / "tools" / module.folder / "go.mod" for module in GO_MODULES]
    found = [re.search(r"^go (\d+)\.(\d+)", file.read_text(), re.MULTILINE) for file in files]
    return max((int(match[1]), int(match[2])) for match in found if match)


def _build_missing(folders: Folders) -> None:
    go = _found_go(folders)
    links = tools_folder(folders)
    links.mkdir(parents=True, exist_ok=True)
    for module in GO_MODULES:
        for name in module.programs:
            held = _built(go, folders, module, name)
            link = links / name
            if not link.is_symlink():
                link.symlink_to(Path("..") / held.parent.name / name)


def _found_go(folders: Folders) -> str:
    go = find_go(folders, needed_go(folders))
    if go is None:
        raise MissingPrerequisite("no Go that is new enough: `doctor --install` gets one")
    return go


def _built(go: str, folders: Folders, module: GoModule, name: str) -> Path:
    held = _place(folders, module)
    held.mkdir(parents=True, exist_ok=True)
    if not (held / name).exists():
        _build(go, folders.source / "tools" / module.folder, module, held / name)
    return held / name


def _place(folders: Folders, module: GoModule) -> Path:
    return folders.tools / f"{module.folder}-{_key(folders, module)}"


def _build(go: str, source: Path, module: GoModule, target: Path) -> None:
    partial = target.with_suffix(".partial")
    argv = [go, "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", module.linker_flags]
    argv += ["-o", str(partial), module.programs[target.name]]
    packages = 0
    said: list[str] = []
    with step(f"built {target.name}") as progress:
        progress.detail = lambda: f"({packages} packages so far)"
        with subprocess.Popen(
            argv,
            cwd=source,
            env={**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as build:
            assert build.stdout is not None
            for line in build.stdout:
                packages += 1
                said.append(line)
        if build.returncode != 0:
            raise CommandFailed(argv, build.returncode, "".join(said))
    partial.replace(target)


def _key(folders: Folders, module: GoModule) -> str:
    source = folders.source / "tools" / module.folder
    recipe = hashlib.sha256(f"{platform.machine()} {module.linker_flags}".encode())
    recipe.update(repr(sorted(module.programs.items())).encode())
    for file in sorted(source.rglob("*")):
        if file.name in ("go.mod", "go.sum") or file.suffix == ".go":
            recipe.update(str(file.relative_to(source)).encode() + b"\0" + file.read_bytes())
    return recipe.hexdigest()[:16]
