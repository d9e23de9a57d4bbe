"""The cluster in memory and the real one answer alike."""

from __future__ import annotations

import copy

import pytest
from contract.operator.places import (
    Place,
    RealPlace,
    eventually,
    job_manifest,
    run_manifest,
)

from kompass_operator.cluster import (
    AlreadyExists,
    Conflict,
    Invalid,
    Manifest,
    NamespaceEnds,
    NotFound,
    QuotaExceeded,
)
from kompass_operator.names import RUN_UID_LABEL

pytestmark = pytest.mark.cluster


async def create_job(place: Place, name: str, run_uid: str = "run-1") -> Manifest:
    return await place.cluster.create("Job", job_manifest(place.namespace, name, run_uid))


async def is_gone(place: Place, name: str) -> bool:
    try:
        await place.cluster.get("Job", place.namespace, name)
    except NotFound:
        return True
    return False


async def test_created_object_has_an_identity(place: Place) -> None:
    created = await create_job(place, "a")
    held = await place.cluster.get("Job", place.namespace, "a")
    assert held["metadata"]["uid"] == created["metadata"]["uid"]
    assert int(created["metadata"]["resourceVersion"]) > 0
    assert created["metadata"]["creationTimestamp"].endswith("Z")


async def test_name_is_given_once(place: Place) -> None:
    await create_job(place, "a")
    with pytest.raises(AlreadyExists):
        await create_job(place, "a")


async def test_missing_object_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound):
        await place.cluster.get("ConfigMap", place.namespace, "none")


async def test_object_without_what_it_needs_is_invalid(place: Place) -> None:
    manifest = job_manifest(place.namespace, "a")
    manifest["spec"]["template"]["spec"]["containers"] = []
    with pytest.raises(Invalid, match=r"spec\.template\.spec\.containers"):
        await place.cluster.create("Job", manifest)


async def test_deleted_job_is_gone_and_deleting_it_again_is_no_error(place: Place) -> None:
    uid = (await create_job(place, "a"))["metadata"]["uid"]
    for _ in range(2):
        await place.cluster.delete_job(place.namespace, "a", uid=uid, propagation="Background")
    assert await is_gone(place, "a")


async def test_job_of_the_same_name_with_another_uid_is_left_alone(place: Place) -> None:
    await create_job(place, "a")
    await place.cluster.delete_job(
        place.namespace,
        "a",
        uid="00000000-0000-0000-0000-000000000000",
        propagation="Background",
    )
    assert not await is_gone(place, "a")


async def test_job_without_pods_is_gone_soon_in_the_foreground_too(place: Place) -> None:
    manifest = job_manifest(place.namespace, "a")
    manifest["spec"]["suspend"] = True
    uid = (await place.cluster.create("Job", manifest))["metadata"]["uid"]
    await place.cluster.delete_job(place.namespace, "a", uid=uid, propagation="Foreground")
    await eventually(lambda: is_gone(place, "a"))


async def test_jobs_are_deleted_by_their_label(place: Place) -> None:
    for name, run_uid in (("a", "run-1"), ("b", "run-1"), ("c", "run-2")):
        await create_job(place, name, run_uid)
    await place.cluster.delete_jobs(place.namespace, f"{RUN_UID_LABEL}=run-1")
    assert [await is_gone(place, name) for name in "abc"] == [True, True, False]


async def test_pods_are_those_of_the_job(place: Place) -> None:
    for name in "ab":
        await create_job(place, name)
        await place.have_a_pod(name)
    pods = await place.cluster.pods_of(place.namespace, "a")
    assert len(pods) == 1
    assert pods[0]["metadata"]["labels"]["batch.kubernetes.io/job-name"] == "a"


async def test_status_is_applied_to_the_run_and_what_is_left_out_goes(place: Place) -> None:
    run = await place.put_run("demo")
    status = {"observedGeneration": 1, "startTime": "2026-01-02T03:04:05Z"}
    first = await place.cluster.apply_status(applied(run, status))
    second = await place.cluster.apply_status(applied(first, {"observedGeneration": 1}))
    assert first["status"]["startTime"] == "2026-01-02T03:04:05Z"
    assert "startTime" not in second["status"]
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


async def test_unchanged_status_changes_nothing(place: Place) -> None:
    run = await place.put_run("demo")
    first = await place.cluster.apply_status(applied(run, {"phase": "Running"}))
    second = await place.cluster.apply_status(applied(first, {"phase": "Running"}))
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]


async def test_status_for_an_older_version_of_the_run_is_refused(place: Place) -> None:
    run = await place.put_run("demo")
    await place.cluster.apply_status(applied(run, {"phase": "Running"}))
    with pytest.raises(Conflict):
        await place.cluster.apply_status(applied(run, {"phase": "Failed"}))


async def test_status_of_a_run_that_is_gone_is_not_found(place: Place) -> None:
    run = await place.put_run("demo")
    other = {**run, "metadata": {**run["metadata"], "name": "other"}}
    with pytest.raises(NotFound):
        await place.cluster.apply_status(applied(other, {"phase": "Running"}))


async def test_uids_are_those_of_runs_and_of_their_jobs(place: Place) -> None:
    run = await place.put_run("demo")
    ours = await create_job(place, "ours")
    other = copy.deepcopy(job_manifest(place.namespace, "other"))
    other["metadata"]["labels"] = {}
    await place.cluster.create("Job", other)
    assert await place.cluster.uids("EvalRun", place.namespace) == {run["metadata"]["uid"]}
    assert await place.cluster.uids("Job", place.namespace) == {ours["metadata"]["uid"]}
    assert ours["metadata"]["uid"] in await place.cluster.uids("Job", None)


async def test_a_run_is_made_once_and_deleted_by_its_uid(place: Place) -> None:
    made = await place.cluster.create("EvalRun", run_manifest(place.namespace, "made"))
    with pytest.raises(AlreadyExists):
        await place.cluster.create("EvalRun", run_manifest(place.namespace, "made"))
    for uid in ("00000000-0000-0000-0000-000000000000", made["metadata"]["uid"]):
        assert await place.cluster.uids("EvalRun", place.namespace) == {made["metadata"]["uid"]}
        await place.cluster.delete_run(place.namespace, "made", uid=uid)
    assert await place.cluster.uids("EvalRun", place.namespace) == set()
    await place.cluster.delete_run(place.namespace, "made", uid=made["metadata"]["uid"])


async def test_quota_is_told_from_other_refusals(place: Place) -> None:
    await place.allow_jobs(1)
    await create_job(place, "a")
    with pytest.raises(QuotaExceeded, match="exceeded quota"):
        await create_job(place, "b")


async def test_namespace_that_ends_is_told_from_other_refusals(place: Place) -> None:
    await place.end_namespace()
    with pytest.raises(NamespaceEnds):
        await create_job(place, "a")
    if isinstance(place, RealPlace):
        place.let_go()


def applied(run: Manifest, status: Manifest) -> Manifest:
    """What a status writer sends for the version of the run that it saw."""
    kept = {key: run["metadata"][key] for key in ("name", "namespace", "resourceVersion")}
    return {
        "apiVersion": run["apiVersion"],
        "kind": "EvalRun",
        "metadata": kept,
        "status": status,
    }
