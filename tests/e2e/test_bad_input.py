"""Every mistake ends where the user looks: in the EvalRun, said for a person, nothing lost."""

from __future__ import annotations

import json

import pytest
from e2e.kube import Kube, Object, condition, until
from e2e.manifests import endpoint, evalrun
from e2e.objects import Objects
from e2e.release import STORAGE_ENDPOINT
from e2e.results import finished

pytestmark = [pytest.mark.timeout(600), pytest.mark.shared]

MODEL = "s3://kompass/models/tiny-mc"
DATA = {"uri": "s3://kompass/data/tiny_mc"}


def small(run: str, *, model: str = "tiny-mc", **benchmark: object) -> Object:
    """Two questions of one subject, with fields of the benchmark as given."""
    asked = {"name": "ceval-gen", "source": DATA, "subjects": ["geography"], "limit": 2}
    return evalrun(run, models=[model], benchmarks=[{**asked, **benchmark}])


def said(kube: Kube, name: str) -> str:
    """What `kubectl get evalrun -o yaml` shows of the status."""
    return json.dumps(kube.get("evalrun", name).get("status", {}), ensure_ascii=False)


def shows(kube: Kube, name: str, *texts: str, seconds: float = 120) -> None:
    """Wait until every text stands in the status."""
    until(
        lambda: all(text in said(kube, name) for text in texts),
        seconds=seconds,
        what=f"{texts} in the status of {name}",
        every=1,
    )


def failed(kube: Kube, name: str, reason: str, *texts: str, seconds: float = 240) -> None:
    """Wait until the run has failed for the reason, and the texts are there."""
    run = finished(kube, name, seconds=seconds)
    verdict = condition(run, "Failed")
    assert (verdict["status"], verdict["reason"]) == ("True", reason), said(kube, name)
    assert condition(run, "Succeeded")["status"] == "False"
    for text in texts:
        assert text in said(kube, name)


def test_unknown_benchmark_names_the_nearest(tiny_mc: Kube) -> None:
    tiny_mc.apply(small("unknown-benchmark", name="ceval-gne"))
    shows(tiny_mc, "unknown-benchmark", "BenchmarkNotFound", "ceval-gne", "did you mean ceval-gen")
    failed(tiny_mc, "unknown-benchmark", "BenchmarkNotFound")


def test_unknown_subject_names_the_nearest(tiny_mc: Kube) -> None:
    tiny_mc.apply(small("unknown-subject", subjects=["geografy"]))
    failed(tiny_mc, "unknown-subject", "SubjectNotFound", "geografy", "did you mean geography")


def test_missing_endpoint_is_waited_for_and_then_used(tiny_mc: Kube) -> None:
    tiny_mc.apply(small("late-endpoint", model="late"))
    shows(tiny_mc, "late-endpoint", "EndpointNotFound", "'late' does not exist")
    assert condition(tiny_mc.get("evalrun", "late-endpoint"), "Finished")["status"] == "False"
    tiny_mc.apply(endpoint("late", uri=MODEL))
    run = finished(tiny_mc, "late-endpoint", seconds=240)
    assert condition(run, "Succeeded")["status"] == "True", said(tiny_mc, "late-endpoint")


def test_endpoint_that_never_comes_fails_the_run(tiny_mc: Kube) -> None:
    tiny_mc.apply(small("no-endpoint", model="never"))
    failed(tiny_mc, "no-endpoint", "EndpointNotFound", "ModelEndpoint", "'never'")


def test_missing_secret_is_named(tiny_mc: Kube) -> None:
    connection = {"endpoint": STORAGE_ENDPOINT, "credentialsSecret": "no-such-secret"}
    run = small("no-secret")
    run["spec"]["storage"] = {"uri": "s3://kompass/runs", "s3": connection}
    tiny_mc.apply(run)
    shows(tiny_mc, "no-secret", "no-such-secret")
    failed(tiny_mc, "no-secret", "SecretMissing", "no-such-secret")


def test_weights_that_do_not_load_are_named(tiny_mc: Kube, objects: Objects) -> None:
    for key in objects.keys("models/tiny-mc/"):
        content = objects.get(key)
        broken = content[:-1000] if key.endswith(".safetensors") else content
        objects.put(key.replace("models/tiny-mc/", "models/broken/"), broken)
    tiny_mc.apply(
        endpoint("broken", uri="s3://kompass/models/broken"), small("broken", model="broken")
    )
    failed(tiny_mc, "broken", "ModelLoadFailed", "model.safetensors")


def test_missing_column_names_file_row_found_and_expected(tiny_mc: Kube, objects: Objects) -> None:
    objects.put("data/no-column/val/geography_val.csv", b"id,question,A,B,C,answer\n0,q,a,b,c,A\n")
    examples = objects.get("data/tiny_mc/dev/geography_dev.csv")
    objects.put("data/no-column/dev/geography_dev.csv", examples)
    objects.put(
        "data/no-column/subject_mapping.json",
        json.dumps({"geography": ["Geography", "地理", "Humanities"]}).encode(),
    )
    tiny_mc.apply(small("no-column", source={"uri": "s3://kompass/data/no-column"}))
    failed(tiny_mc, "no-column", "InvalidData", "geography_val.csv", "question, A, B, C, answer")


def test_wrong_credentials_are_said_to_be_wrong(tiny_mc: Kube) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "not-the-secret"}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "wrong-keys"},
        "stringData": keys,
    }
    connection = {"endpoint": STORAGE_ENDPOINT, "credentialsSecret": "wrong-keys"}
    run = small("wrong-keys")
    run["spec"]["storage"] = {"uri": "s3://kompass/runs", "s3": connection}
    tiny_mc.apply(secret, run)
    failed(tiny_mc, "wrong-keys", "StorageDenied", "wrong-keys", STORAGE_ENDPOINT)
    assert "not-the-secret" not in said(tiny_mc, "wrong-keys")


def test_missing_bucket_is_named(tiny_mc: Kube, storage_secret: str) -> None:
    connection = {"endpoint": STORAGE_ENDPOINT, "credentialsSecret": storage_secret}
    run = small("no-bucket")
    run["spec"]["storage"] = {"uri": "s3://no-such-bucket/runs", "s3": connection}
    tiny_mc.apply(run)
    failed(tiny_mc, "no-bucket", "StorageDenied", "no-such-bucket")


def test_storage_away_at_the_start_is_waited_for_and_said(
    tiny_mc: Kube, storage_secret: str
) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "away"},
        "spec": {"selector": {"nobody": "here"}, "ports": [{"port": 8333}]},
    }
    endpoint_url = f"http://away.{tiny_mc.namespace}.svc:8333"
    connection = {"endpoint": endpoint_url, "credentialsSecret": storage_secret}
    tiny_mc.apply(service)
    run = small("no-storage")
    run["spec"]["storage"] = {"uri": "s3://kompass/runs", "s3": connection}
    tiny_mc.apply(run)
    failed(tiny_mc, "no-storage", "StorageUnavailable", endpoint_url, seconds=700)


def test_prompt_longer_than_the_model_takes(tiny_mc: Kube) -> None:
    tiny_mc.apply(
        endpoint("short", uri=MODEL, maxSequenceLength=24), small("too-long", model="short")
    )
    failed(tiny_mc, "too-long", "PromptTooLong", "geography", "24")


def test_image_that_cannot_be_pulled(tiny_mc: Kube) -> None:
    image = "localhost:5000/no-such-image:1"
    tiny_mc.apply(endpoint("no-image", uri=MODEL, image=image), small("no-image", model="no-image"))
    shows(tiny_mc, "no-image", "ImagePullBackOff", image)
    failed(tiny_mc, "no-image", "ImageUnavailable", image)


def test_out_of_memory_is_seen_as_such_with_the_limit(tiny_mc: Kube) -> None:
    tiny_mc.apply(
        endpoint("small", uri=MODEL, resources={"limits": {"memory": "100Mi"}}),
        small("out-of-memory", model="small"),
    )
    failed(tiny_mc, "out-of-memory", "OutOfMemory", "OOMKilled", "100Mi", seconds=300)


def test_gpu_request_that_no_node_meets_waits(tiny_mc: Kube) -> None:
    tiny_mc.apply(
        endpoint("many-gpus", uri=MODEL, device="CUDA", gpu={"count": 16}),
        small("unschedulable", model="many-gpus"),
    )
    shows(tiny_mc, "unschedulable", "Unschedulable", "nvidia.com/gpu")
    run = tiny_mc.get("evalrun", "unschedulable")
    assert condition(run, "Finished")["status"] == "False"
    assert condition(run, "Failed")["status"] == "False"
    tiny_mc.run("delete", "evalrun", "unschedulable")


def test_cuda_where_there_is_none_is_an_error(tiny_mc: Kube) -> None:
    tiny_mc.apply(endpoint("cuda", uri=MODEL, device="CUDA"), small("no-cuda", model="cuda"))
    failed(tiny_mc, "no-cuda", "DeviceUnavailable", "CUDA")
