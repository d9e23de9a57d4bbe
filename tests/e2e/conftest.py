"""The chart and the images on a real cluster, with models and data in its storage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.kube import Kube, Object
from e2e.manifests import endpoint
from e2e.objects import Objects, forwarded
from e2e.objects import connect as connect_objects
from e2e.release import STORAGE_SECRET, STORAGE_SERVICE, values

from chart import NAMESPACE, RELEASE, install
from clusters import Cluster, connect
from images import build_images
from smollm2 import model_folder


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster that KOMPASS_CLUSTER names; kubectl in tests reaches it."""
    found = connect(os.environ.get("KOMPASS_CLUSTER", "kompass-test"))
    os.environ.update(found.environment)
    return found


@pytest.fixture(scope="session")
def release(cluster: Cluster) -> Iterator[Kube]:
    """The installed chart; uninstalled at the end unless KOMPASS_KEEP is set."""
    install(cluster, values(build_images(cluster)))
    yield Kube(NAMESPACE)
    if not os.environ.get("KOMPASS_KEEP"):
        cluster.run("helm", "uninstall", RELEASE, "--namespace", NAMESPACE, "--wait")


@pytest.fixture(scope="session")
def objects(release: Kube) -> Iterator[Objects]:
    """The bucket of the release."""
    secret = release.get("secret", STORAGE_SECRET)
    with forwarded(release, STORAGE_SERVICE, 8333) as url:
        yield connect_objects(url, secret)


@pytest.fixture(scope="session")
def storage_secret(release: Kube) -> str:
    """Name of the Secret that opens the bucket; every test namespace has a copy."""
    return STORAGE_SECRET


@pytest.fixture(scope="module")
def kube(request: pytest.FixtureRequest, release: Kube) -> Iterator[Kube]:
    """A namespace for one test file, as strict as PodSecurity can be."""
    name = f"e2e-{Path(request.module.__file__ or '').stem.removeprefix('test_').replace('_', '-')}"
    here = Kube(name)
    here.run("delete", "namespace", name, "--ignore-not-found", "--wait=true")
    here.apply(_namespace(name), _copied(release.get("secret", STORAGE_SECRET), name))
    yield here
    if not os.environ.get("KOMPASS_KEEP"):
        here.run("delete", "namespace", name, "--wait=true", timeout=300)


@pytest.fixture(scope="session")
def uploaded(objects: Objects, shared: Path, root: Path) -> None:
    """Models and data in the bucket."""
    objects.upload(shared / "models" / "tiny-mc", "models/tiny-mc")
    objects.upload(shared / "data" / "tiny_mc", "data/tiny_mc")
    objects.upload(shared / "data" / "gaokao_ceval", "data/gaokao_ceval")
    objects.upload(root / "examples" / "data" / "quickstart", "data/quickstart")
    objects.upload(model_folder(), "models/smollm2-135m-instruct")


@pytest.fixture(scope="module")
def tiny_mc(kube: Kube, uploaded: None) -> Kube:
    """A namespace with the smallest model; what does not fit its 1024 tokens is cut."""
    kube.apply(endpoint("tiny-mc", uri="s3://kompass/models/tiny-mc", longPrompt="TruncateLeft"))
    return kube


@pytest.fixture(scope="module")
def smollm2(kube: Kube, uploaded: None) -> Kube:
    """A namespace with a real chat model."""
    uri = "s3://kompass/models/smollm2-135m-instruct"
    # Its five-shot prompts are long: eight at a time would take more than 2 GiB.
    resources = {"requests": {"cpu": "200m", "memory": "1Gi"}, "limits": {"memory": "4Gi"}}
    kube.apply(endpoint("smollm2", uri=uri, modelType="Chat", batchSize=2, resources=resources))
    return kube


def _namespace(name: str) -> Object:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _copied(secret: Object, namespace: str) -> Object:
    kept = {"name": secret["metadata"]["name"], "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": kept, "data": secret["data"]}
