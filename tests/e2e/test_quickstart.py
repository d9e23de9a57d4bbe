"""The quickstart: what the README promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.kube import Kube
from e2e.objects import Objects
from e2e.results import succeeded

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def quickstart(kube: Kube, uploaded: None, root: Path) -> None:
    kube.run("apply", "--validate=strict", "-f", str(root / "examples" / "quickstart.yaml"))


def test_quickstart_earns_a_score_for_every_subject(
    kube: Kube, objects: Objects, quickstart: None
) -> None:
    outcome = succeeded(kube, objects, "quickstart")
    rows = {one["rowName"]: one for one in outcome.report["scores"] if one["kind"] == "subject"}
    assert len(rows) >= 6
    assert all(0 <= one["value"] <= 100 and one["n"] > 0 for one in rows.values())
    assert all(one["stderr"] is not None and one["interval"] for one in rows.values())
    status = outcome.run["status"]
    assert status["score"]
    assert status["progress"] == f"{status['shards']['total']}/{status['shards']['total']}"


def test_waiting_for_the_end_takes_one_command(kube: Kube, quickstart: None) -> None:
    kube.run(
        "wait", "--for=condition=Finished", "evalrun/quickstart", "--timeout=600s", timeout=620
    )
    assert "evalrun.kompass.dev/quickstart" in kube.run("get", "evals")


def test_pods_have_no_token(kube: Kube, quickstart: None) -> None:
    kube.run(
        "wait", "--for=condition=Finished", "evalrun/quickstart", "--timeout=600s", timeout=620
    )
    pods = kube.items("pods", "kompass.dev/run=quickstart")
    assert pods
    assert all(pod["spec"]["automountServiceAccountToken"] is False for pod in pods)
