"""A cluster in memory, held to the same contract tests as the real one.

It is the API server and the garbage collector, and its watches never lag. It is no Job controller
and no kubelet: a test says how Jobs and pods fare.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from kompass_operator.cluster import (
    AlreadyExists,
    Conflict,
    Invalid,
    Kind,
    Manifest,
    NamespaceEnds,
    NotFound,
    Propagation,
    QuotaExceeded,
    WatchedKind,
)
from kompass_operator.facts import job_facts
from kompass_operator.names import RUN_LABEL, RUN_UID_LABEL
from kompass_operator.observed import JobFacts
from kompass_operator.suites.facts import RunFacts, owner_of, run_facts
from kompass_operator.suites.views import SuiteKey
from kompass_operator.views import Json, RunKey

Place = tuple[str, str, str]
"""Kind, namespace and name."""


class FakeCluster:
    """Objects by kind, namespace and name."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.objects: dict[Place, Manifest] = {}
        self.requests: Counter[str] = Counter()
        self.job_quota: int | None = None
        """Jobs that a namespace may have."""
        self.ending_namespaces: set[str] = set()
        self.before_request: Callable[[str], None] = lambda _request: None
        """Called with each request's name; may raise, as a network does."""
        self._now = now
        self._versions = itertools.count(1)

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The object as it was created."""
        self._ask(f"create {kind}")
        return self.put({"kind": kind, **manifest}, fresh=True)

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """The object as it is."""
        self._ask(f"get {kind}")
        return copy.deepcopy(self._held(kind, namespace, name))

    async def delete_job(
        self, namespace: str, name: str, *, uid: str, propagation: Propagation
    ) -> None:
        """Delete this very Job; that it is gone already is as good."""
        self._ask("delete Job")
        held = self.objects.get(("Job", namespace, name))
        if held is None or held["metadata"]["uid"] != uid:
            return
        if propagation == "Foreground" and self._pods(namespace, name):
            held["metadata"]["deletionTimestamp"] = self._stamp()
            self._touch(held)
        else:
            self.remove("Job", namespace, name)

    async def delete_jobs(self, namespace: str, selector: str) -> None:
        """Delete the Jobs with these labels, and their pods."""
        self._ask("delete Jobs")
        key, _, value = selector.partition("=")
        for held in list(self._all("Job", namespace)):
            if held["metadata"].get("labels", {}).get(key) == value:
                self.remove("Job", namespace, held["metadata"]["name"])

    async def delete_run(self, namespace: str, name: str, *, uid: str) -> None:
        """Delete this very EvalRun; that it is gone already is as good."""
        self._ask("delete EvalRun")
        held = self.objects.get(("EvalRun", namespace, name))
        if held is not None and held["metadata"]["uid"] == uid:
            self.remove("EvalRun", namespace, name)

    async def pods_of(self, namespace: str, job: str) -> list[Manifest]:
        """The pods of a Job."""
        self._ask("list Pods")
        return copy.deepcopy(self._pods(namespace, job))

    async def pods_with(self, namespace: str, selector: str) -> list[Manifest]:
        """The running pods with these labels."""
        self._ask("list Pods")
        wanted = dict(pair.split("=", 1) for pair in selector.split(","))
        return [
            copy.deepcopy(pod)
            for pod in self._all("Pod", namespace)
            if wanted.items() <= pod["metadata"].get("labels", {}).items()
            and pod.get("status", {}).get("phase") == "Running"
        ]

    async def refusal_of(self, namespace: str, job_uid: str) -> str:
        """Why the Job controller may not create a pod, by the newest Event; empty if none says."""
        self._ask("list Events")
        told = [
            event["message"]
            for event in self._all("Event", namespace)
            if event["involvedObject"]["uid"] == job_uid and event["reason"] == "FailedCreate"
        ]
        return told[-1] if told else ""

    async def uids(self, kind: WatchedKind, namespace: str | None) -> set[str]:
        """UIDs of all EvalRuns, or of all Jobs of runs; of every namespace if none is named."""
        self._ask(f"list {kind}s")
        return set(self._uids(kind, namespace))

    async def apply_status(self, run: Manifest) -> Manifest:
        """The run with its new status."""
        kind = run["kind"]
        self._ask("apply status" if kind == "EvalRun" else f"apply {kind} status")
        meta = run["metadata"]
        held = self._held(kind, meta["namespace"], meta["name"])
        if held["metadata"]["resourceVersion"] != meta["resourceVersion"]:
            raise Conflict(f"{kind} {meta['name']} has been modified")
        if held.get("status") != run["status"]:
            held["status"] = copy.deepcopy(run["status"])
            self._touch(held)
        return copy.deepcopy(held)

    def put(self, manifest: Manifest, *, fresh: bool = False) -> Manifest:
        """Store an object as the API server would; `fresh` refuses a name that is taken."""
        meta = manifest["metadata"]
        place = (manifest["kind"], meta.get("namespace", ""), meta["name"])
        if fresh:
            self._admit(place, manifest)
        number = next(self._versions)
        stamped = {
            "uid": f"uid-{number}",
            "generation": 1,
            "creationTimestamp": self._stamp(),
            **meta,
            "resourceVersion": str(number),
        }
        self.objects[place] = copy.deepcopy({**manifest, "metadata": stamped})
        return copy.deepcopy(self.objects[place])

    def change(self, kind: str, namespace: str, name: str, **parts: Any) -> None:
        """Replace parts of an object, such as `status`."""
        held = self._held(kind, namespace, name)
        held.update(copy.deepcopy(parts))
        self._touch(held)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object and what it owns."""
        gone = self.objects.pop((kind, namespace, name), None)
        if gone is None:
            return
        for place in list(self.objects):
            owners = self.objects.get(place, {"metadata": {}})["metadata"].get("ownerReferences")
            if any(owner["uid"] == gone["metadata"]["uid"] for owner in owners or []):
                self.remove(*place)

    def run(self, key: RunKey) -> Json | None:
        """The EvalRun, as a watch shows it."""
        return copy.deepcopy(self.objects.get(("EvalRun", key.namespace, key.name)))

    def runs(self) -> Iterable[tuple[RunKey, Json]]:
        """Every EvalRun."""
        return [
            (RunKey(namespace, name), copy.deepcopy(held))
            for (kind, namespace, name), held in self.objects.items()
            if kind == "EvalRun"
        ]

    def jobs(self, namespace: str, run_uid: str) -> Iterable[JobFacts]:
        """The Jobs of a run."""
        return [
            job_facts(held)
            for held in self._all("Job", namespace)
            if held["metadata"].get("labels", {}).get(RUN_UID_LABEL) == run_uid
        ]

    def suite(self, key: SuiteKey) -> Json | None:
        """The EvalSuite, as a watch shows it."""
        return copy.deepcopy(self.objects.get(("EvalSuite", key.namespace, key.name)))

    def suites(self) -> Iterable[SuiteKey]:
        """Every EvalSuite."""
        return [SuiteKey(space, name) for kind, space, name in self.objects if kind == "EvalSuite"]

    def runs_of(self, suite_uid: str) -> Iterable[RunFacts]:
        """The EvalRuns that a suite owns."""
        bodies = [held for (kind, *_), held in self.objects.items() if kind == "EvalRun"]
        return [run_facts(body) for body in bodies if owner_of(body) == suite_uid]

    def known(self) -> set[str]:
        """UIDs of every EvalRun, EvalSuite, and of every Job of a run."""
        return {*self._uids("EvalRun"), *self._uids("EvalSuite"), *self._uids("Job")}

    def endpoints(self, namespace: str) -> Iterable[Json]:
        """The ModelEndpoints of a namespace."""
        return copy.deepcopy(list(self._all("ModelEndpoint", namespace)))

    def benchmarks(self, namespace: str) -> Iterable[Json]:
        """The Benchmarks of a namespace."""
        return copy.deepcopy(list(self._all("Benchmark", namespace)))

    def policies(self) -> Iterable[Json]:
        """Every EvalPolicy."""
        return copy.deepcopy(list(self._all("EvalPolicy", "")))

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace, which exist as soon as they are asked for."""
        held = self.objects.get(("Namespace", "", namespace), {"metadata": {}})
        named = {"kubernetes.io/metadata.name": namespace}
        return {**held["metadata"].get("labels", {}), **named}

    def _ask(self, request: str) -> None:
        self.before_request(request)
        self.requests[request] += 1

    def _admit(self, place: Place, manifest: Manifest) -> None:
        kind, namespace, name = place
        if namespace in self.ending_namespaces:
            raise NamespaceEnds(f"namespace {namespace} is being terminated")
        if place in self.objects:
            raise AlreadyExists(f"{kind} {name} already exists")
        if kind == "Job" and not manifest["spec"]["template"]["spec"]["containers"]:
            raise Invalid(f"Job {name}: spec.template.spec.containers: Required value")
        quota = self.job_quota if kind == "Job" else None
        if quota is not None and sum(1 for _ in self._all("Job", namespace)) >= quota:
            raise QuotaExceeded(f"jobs {name} is forbidden: exceeded quota: jobs={quota}")

    def _held(self, kind: str, namespace: str, name: str) -> Manifest:
        try:
            return self.objects[kind, namespace, name]
        except KeyError as error:
            message = f"{kind} {namespace}/{name} does not exist"
            raise NotFound(message) from error

    def _all(self, kind: str, namespace: str) -> Iterator[Manifest]:
        for (held_kind, held_namespace, _), held in list(self.objects.items()):
            if (held_kind, held_namespace) == (kind, namespace):
                yield held

    def _uids(self, kind: WatchedKind, namespace: str | None = None) -> Iterator[str]:
        for (held_kind, place, _), held in self.objects.items():
            ours = kind != "Job" or RUN_LABEL in held["metadata"].get("labels", {})
            if held_kind == kind and namespace in (None, place) and ours:
                yield held["metadata"]["uid"]

    def _pods(self, namespace: str, job: str) -> list[Manifest]:
        label = "batch.kubernetes.io/job-name"
        return [
            pod
            for pod in self._all("Pod", namespace)
            if pod["metadata"].get("labels", {}).get(label) == job
        ]

    def _touch(self, held: Manifest) -> None:
        held["metadata"]["resourceVersion"] = str(next(self._versions))

    def _stamp(self) -> str:
        return self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
