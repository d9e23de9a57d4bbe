"""helm, the chart rendered with given values, and a namespace as strict as PodSecurity can be."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters import Cluster, output
from kompass_devcluster.folders import Folders
from kompass_devcluster.tools import tools_folder

Render = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def helm(root: Path) -> Callable[..., str]:
    """Run helm against the chart: `helm("template", values={...})`."""
    built = tools_folder(Folders.from_environment()) / "helm"
    program = str(built) if built.exists() else shutil.which("helm")
    if program is None:
        message = "needs helm (make cluster-up builds it)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)

    def run(
        verb: str,
        *arguments: str,
        values: dict[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        argv = [program, verb, *arguments, str(root / "helm" / "kompass"), "--values", "-"]
        return output(argv, environment=environment, text=json.dumps(values or {}))

    return run


@pytest.fixture(scope="session")
def render(helm: Callable[..., str]) -> Render:
    """The chart's objects for given values."""

    def objects(values: dict[str, Any] | None = None, *, namespace: str = "kompass") -> Any:
        place = ("kompass", "--namespace", namespace, "--kube-version", "1.34.0")
        texts = yaml.safe_load_all(helm("template", *place, values=values))
        return [document for document in texts if document]

    return objects


@pytest.fixture(scope="module")
def restricted(cluster: Cluster) -> Iterator[str]:
    """A namespace that enforces PodSecurity `restricted`."""
    name = f"contract-chart-{uuid.uuid4().hex[:8]}"
    cluster.run("kubectl", "create", "namespace", name)
    label = "pod-security.kubernetes.io/enforce=restricted"
    cluster.run("kubectl", "label", "namespace", name, label)
    yield name
    cluster.run("kubectl", "delete", "namespace", name, "--wait=false")
