"""The operator's own watch of Kueue's Workloads: installed, removed, refused, interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from kompass_operator.cluster import ClusterError, Denied, NotFound, Unavailable
from kompass_operator.queueing import Place, WorkloadView
from kompass_operator.queueing.watching import WorkloadWatch

Json = dict[str, Any]
RUN = Place("team", "demo")


def workload(name: str, job_uid: str = "job-1", namespace: str = "team", **status: Any) -> Json:
    labels = {"kompass.dev/run": "demo", "kompass.dev/run-uid": "run-1"}
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "resourceVersion": "7",
            "labels": {"kueue.x-k8s.io/job-uid": job_uid},
        },
        "spec": {"active": True, "podSets": [{"template": {"metadata": {"labels": labels}}}]},
        "status": status,
    }


def foreign(name: str) -> Json:
    held = workload(name)
    held["spec"]["podSets"][0]["template"]["metadata"]["labels"] = {"app": "training"}
    return held


@dataclass
class FakeSource:
    """An API server that answers and streams what a test says."""

    versions: tuple[str, ...] = ("v1beta2", "v1beta1")
    items: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    refusal: ClusterError | None = None
    asked: list[str] = field(default_factory=list)

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        self.asked.append(path)
        if path == "/apis/kueue.x-k8s.io":
            if not self.versions:
                raise NotFound(path)
            return {"versions": [{"version": version} for version in self.versions]}
        if self.refusal is not None:
            raise self.refusal
        at = int((query or {}).get("continue", 0))
        more = str(at + 1) if at + 1 < len(self.items) else ""
        found = self.items[at : at + 1]
        return {"items": found, "metadata": {"resourceVersion": "5", "continue": more}}

    async def stream(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Json]:
        self.asked.append(f"{path}?watch from {query['resourceVersion']}")
        while True:
            while self.events:
                yield self.events.pop(0)
            await asyncio.sleep(0.001)


@dataclass
class Following:
    """A watch at work, and the runs it woke."""

    source: FakeSource
    view: WorkloadView = field(default_factory=WorkloadView)
    woken: list[Place] = field(default_factory=list)

    async def until(self, claim: Callable[[], bool], namespaces: tuple[str, ...] = ()) -> None:
        """Follow until the claim holds."""
        watch = WorkloadWatch(
            self.source, self.view, namespaces, self.woken.append, check_seconds=0.001
        )
        task = asyncio.create_task(watch.serve())
        try:
            for _ in range(2000):
                if claim():
                    return
                await asyncio.sleep(0.001)
            pytest.fail(f"it did not come to be; asked: {self.source.asked[-5:]}")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_only_workloads_of_runs_are_kept_of_a_list_in_pages() -> None:
    items = [workload("a"), foreign("b"), workload("c", "job-2")]
    following = Following(FakeSource(items=items))
    await following.until(lambda: len(following.view.of("run-1")) == 2)
    assert set(following.view.of("run-1")) == {"job-1", "job-2"}
    assert following.woken == [RUN]
    assert following.view.reachable


async def test_without_kueue_nothing_is_asked_but_whether_it_is_there() -> None:
    source = FakeSource(versions=())
    following = Following(source)
    await following.until(lambda: len(source.asked) > 3)
    assert set(source.asked) == {"/apis/kueue.x-k8s.io"}
    assert not following.view.reachable


async def test_kueue_that_is_installed_later_is_noticed() -> None:
    source = FakeSource(versions=(), items=[workload("a")])
    following = Following(source)
    await following.until(lambda: len(source.asked) > 2)
    source.versions = ("v1beta1",)
    await following.until(lambda: following.view.reachable)
    assert any("v1beta1/workloads" in path for path in source.asked)


async def test_events_change_the_view_and_wake_the_run_only_for_news() -> None:
    source = FakeSource(items=[workload("a")])
    following = Following(source)
    reserved = {"type": "QuotaReserved", "status": "True", "reason": "QuotaReserved"}
    source.events = [
        {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}},
        {"type": "MODIFIED", "object": workload("a")},
        {"type": "MODIFIED", "object": workload("a", conditions=[reserved])},
    ]
    await following.until(lambda: len(following.woken) == 2)
    word = following.view.of("run-1")["job-1"].reserved
    assert word is not None
    assert word.is_true
    source.events = [{"type": "DELETED", "object": workload("a")}]
    await following.until(lambda: not following.view.of("run-1"))


async def test_watch_that_is_too_old_lists_anew() -> None:
    source = FakeSource(items=[workload("a")])
    source.events = [{"type": "ERROR", "object": {"code": 410}}]
    following = Following(source)
    await following.until(lambda: sum("watch" in path for path in source.asked) >= 2)
    assert sum(path.endswith("/workloads") for path in source.asked) >= 2


async def test_api_server_that_is_away_takes_nothing_from_the_view() -> None:
    source = FakeSource(items=[workload("a")])
    following = Following(source)
    await following.until(lambda: following.view.reachable)
    source.refusal = Unavailable("connection refused")
    asked = len(source.asked)
    await following.until(lambda: len(source.asked) > asked + 1)
    assert following.view.reachable
    assert following.view.of("run-1")


async def test_right_that_is_missing_is_told_and_runs_go_on_without() -> None:
    source = FakeSource(items=[workload("a")], refusal=Denied("forbidden"))
    following = Following(source)
    await following.until(lambda: len(source.asked) > 4)
    assert not following.view.reachable


async def test_only_the_watched_namespaces_are_read() -> None:
    source = FakeSource(items=[workload("a")])
    following = Following(source)
    await following.until(lambda: following.view.reachable, namespaces=("team", "other"))
    read = {path for path in source.asked if path.endswith("/workloads")}
    assert read == {
        "/apis/kueue.x-k8s.io/v1beta2/namespaces/team/workloads",
        "/apis/kueue.x-k8s.io/v1beta2/namespaces/other/workloads",
    }


@pytest.mark.parametrize("namespace", [None, "team"])
def test_list_of_a_namespace_leaves_the_others_alone(namespace: str | None) -> None:
    view = WorkloadView()
    view.put(workload("a"))
    view.put(workload("b", "job-2", "other"))
    concerned = view.replace(namespace, [])
    assert (Place("other", "demo") in concerned) == (namespace is None)
    assert len(view.of("run-1")) == (0 if namespace is None else 1)
