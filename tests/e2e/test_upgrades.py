"""The chart from the release before to this one, back, and away, with runs under way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.kube import Kube, until
from e2e.manifests import gaokao
from e2e.objects import Objects
from e2e.release import OPERATOR_LABEL, values
from e2e.results import Outcome, succeeded
from previous_release import previous_checkout, previous_commit

from chart import NAMESPACE, RELEASE, install
from clusters import Cluster, devcluster
from images import DEVCLUSTER_BASE, DEVCLUSTER_REGISTRY, build_images

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800), pytest.mark.shared]


@pytest.fixture(scope="module")
def before(cluster: Cluster, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release before, with its operator's image in the cluster."""
    if cluster.is_current:
        pytest.skip("builds an image of the release before, for the development cluster")
    folder = previous_checkout(root, tmp_path_factory.mktemp("previous"))
    devcluster(
        "build",
        *("--name", cluster.name),
        *("--file", str(folder / "images" / "operator" / "Dockerfile"), "--context", str(folder)),
        *("--tag", f"kompass-operator:{previous_commit(root)[:16]}"),
        *("--build-arg", f"BASE_IMAGE={DEVCLUSTER_BASE}"),
    )
    return folder


@pytest.fixture(autouse=True)
def restored(cluster: Cluster, release: Kube) -> Iterator[None]:
    """This release is installed again afterwards."""
    yield
    install(cluster, values(build_images(cluster)))


@pytest.fixture(scope="module")
def undisturbed(tiny_mc: Kube, objects: Objects) -> Outcome:
    tiny_mc.apply(gaokao("undisturbed"))
    return succeeded(tiny_mc, objects, "undisturbed")


def install_before(cluster: Cluster, root: Path, before: Path) -> None:
    """helm upgrade to the chart and the operator of the release before."""
    held = values(build_images(cluster))
    held["image"] = {
        "repository": f"{DEVCLUSTER_REGISTRY}/kompass-operator",
        "tag": previous_commit(root)[:16],
    }
    cluster.run(
        *("helm", "upgrade", "--install", RELEASE, str(before / "helm" / "kompass")),
        *("--namespace", NAMESPACE, "--values", "-", "--wait", "--timeout", "5m"),
        text=json.dumps(held),
    )


def jobs(kube: Kube, name: str) -> dict[str, str]:
    """UID of each Job of a run."""
    held = kube.items("jobs", f"kompass.dev/run={name}")
    return {job["metadata"]["name"]: job["metadata"]["uid"] for job in held}


def under_way(kube: Kube, name: str) -> dict[str, str]:
    """The run's Jobs, once a shard is at work."""
    until(
        lambda: kube.items("pods", f"kompass.dev/run={name},kompass.dev/stage=shard"),
        seconds=180,
        what=f"a shard pod of {name}",
    )
    return jobs(kube, name)


def assert_not_run_again(
    kube: Kube, objects: Objects, undisturbed: Outcome, name: str, before: dict[str, str]
) -> None:
    outcome = succeeded(kube, objects, name, seconds=900)
    assert (outcome.answers, outcome.scores) == (undisturbed.answers, undisturbed.scores)
    after = jobs(kube, name)
    assert before.items() <= after.items()
    assert len(after) == 6, "a plan, four shards, a summary"
    pods = kube.items("pods", f"kompass.dev/run={name}")
    assert len(pods) == 6, [pod["metadata"]["name"] for pod in pods]


def test_scenario_24_chart_upgrade_and_rollback_with_runs_under_way(
    cluster: Cluster,
    root: Path,
    before: Path,
    tiny_mc: Kube,
    objects: Objects,
    undisturbed: Outcome,
) -> None:
    install_before(cluster, root, before)
    tiny_mc.apply(gaokao("upgraded"))
    seen = under_way(tiny_mc, "upgraded")
    install(cluster, values(build_images(cluster)))
    assert_not_run_again(tiny_mc, objects, undisturbed, "upgraded", seen)

    tiny_mc.apply(gaokao("rolled-back", seed=1))
    seen = under_way(tiny_mc, "rolled-back")
    cluster.run("helm", "rollback", RELEASE, "--namespace", NAMESPACE, "--wait")
    assert_not_run_again(tiny_mc, objects, undisturbed, "rolled-back", seen)


def test_scenario_25_chart_removed_and_installed_again_with_runs_under_way(
    cluster: Cluster, release: Kube, tiny_mc: Kube
) -> None:
    """The CRDs are kept; the embedded storage goes with the chart, so the run need not succeed."""
    tiny_mc.apply(gaokao("outlived", seed=2))
    seen = under_way(tiny_mc, "outlived")
    cluster.run("helm", "uninstall", RELEASE, "--namespace", NAMESPACE, "--wait")
    assert not release.items("pods", OPERATOR_LABEL)
    assert tiny_mc.get("evalrun", "outlived")["metadata"].get("finalizers", []) == []
    assert seen.items() <= jobs(tiny_mc, "outlived").items()
    install(cluster, values(build_images(cluster)))
    assert seen.items() <= jobs(tiny_mc, "outlived").items(), "it is taken over, not begun anew"
    tiny_mc.run("delete", "evalrun", "outlived", "--timeout=60s")
    until(
        lambda: not tiny_mc.items("jobs,pods,configmaps", "kompass.dev/run=outlived"),
        seconds=120,
        what="nothing is left of the deleted run",
    )
