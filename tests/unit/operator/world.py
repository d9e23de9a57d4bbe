"""A cluster in memory with a clock in hand: runs are applied, pods end as a test says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kompass_api.status import EvalRunStatus
from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.names import SHARD_LABEL, STAGE_LABEL
from kompass_operator.queueing import WorkloadView
from kompass_operator.reconciler import Outcome, Reconciler
from kompass_operator.settings import Settings
from kompass_operator.views import RunKey

NAMESPACE = "team"
DIGEST = "sha256:" + "0" * 64
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEY = RunKey(NAMESPACE, "demo")

Json = dict[str, Any]


def settings(**changes: object) -> Settings:
    """The operator's settings, with changes."""
    wanted: Json = {
        "worker_image": "kompass-worker:test",
        "storage_uri": "s3://results/runs",
        # Shorter than any wait that a test is about.
        "status_interval_seconds": 2,
    }
    return Settings(**{**wanted, **changes})


def run_manifest(name: str = "demo", **spec: object) -> Json:
    """An EvalRun of one model and one benchmark; `spec` replaces fields of the spec."""
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "EvalRun",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"models": [{"name": "m"}], "benchmarks": [{"name": "ceval-gen"}], **spec},
    }


def endpoint_manifest(name: str = "m", **spec: object) -> Json:
    """A ModelEndpoint; `spec` replaces fields of the spec."""
    return {
        "apiVersion": "kompass.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"source": {"uri": "s3://models/m"}, **spec},
    }


def plan_message(shards: int = 3, model: str = "m") -> str:
    """What a plan pod leaves."""
    models = [{"name": model, "shards": shards}]
    return json.dumps({"plan": {"models": models, "items": 10, "digest": DIGEST}})


def report_message(value: str = "61.54", *, partial: bool = False) -> str:
    """What a summarize pod leaves."""
    headline = {
        "benchmark": "ceval",
        "model": "m",
        "metric": "accuracy",
        "mode": "gen",
        "value": value,
        "n": 10,
    }
    report = {
        "uri": "s3://results/runs/team/demo/report",
        "digest": DIGEST,
        "items": {
            "planned": 10,
            "answered": 7 if partial else 10,
            "missing": 3 if partial else 0,
            "unscored": 1,
        },
        "partial": partial,
        "missing": ["m/law/1", "m/law/2", "m/law/3"] if partial else [],
        "headline": [headline],
    }
    return json.dumps({"report": report})


def failure_message(kind: str, message: str, **more: str) -> str:
    """What a failing worker leaves."""
    return json.dumps({"failure": kind, "message": message, **more})


@dataclass
class World:
    """The cluster, its operator and the time."""

    settings: Settings = field(default_factory=settings)
    time: datetime = START

    def __post_init__(self) -> None:
        self.cluster = FakeCluster(self.now)
        self.workloads = WorkloadView()
        self._shown: dict[str, str] = {}
        self.restart()

    def now(self) -> datetime:
        """The time in this world."""
        return self.time

    def restart(self) -> None:
        """Kill the operator and start another: it knows what the cluster holds."""
        self.operator = Reconciler(self.cluster, self.cluster, self.settings, self.now)
        self.operator.workloads = self.workloads

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)

    def apply(self, *manifests: Json) -> None:
        """Create objects, as kubectl does."""
        for manifest in manifests:
            self.cluster.put(manifest)

    def patch_execution(self, **execution: object) -> None:
        """Change spec.execution of the run."""
        held = self.cluster.objects["EvalRun", *KEY]
        spec = {**held["spec"], "execution": {**held["spec"].get("execution", {}), **execution}}
        held["metadata"]["generation"] += 1
        self.cluster.change("EvalRun", *KEY, spec=spec)

    async def settle(self, key: RunKey = KEY) -> Outcome:
        """Passes until nothing changes any more; the status interval passes between them."""
        for _ in range(20):
            before = json.dumps(list(self.cluster.objects.values()))
            outcome = await self.operator.reconcile(key)
            self._watch()
            self.wait(self.settings.status_interval_seconds)
            if json.dumps(list(self.cluster.objects.values())) == before:
                return outcome
        message = "the run does not come to rest"
        raise AssertionError(message)

    def status(self, key: RunKey = KEY) -> EvalRunStatus:
        """The run's status."""
        held = self.cluster.objects["EvalRun", *key].get("status")
        return EvalRunStatus.model_validate(held or {}, extra="ignore")

    def condition(self, wanted: str) -> tuple[str, str]:
        """Status and reason of a condition."""
        held = next(one for one in self.status().conditions if one.type == wanted)
        return held.status.value, held.reason

    def message(self, wanted: str) -> str:
        """Message of a condition."""
        return next(one for one in self.status().conditions if one.type == wanted).message

    def jobs(self) -> list[str]:
        """`plan`, `s0`, ...: the Jobs that exist, by the last part of their names."""
        names = [name for kind, _, name in self.cluster.objects if kind == "Job"]
        return sorted(place_of(name) for name in names)

    def job(self, place: str) -> Json:
        """A Job by the last part of its name."""
        return next(
            held
            for (kind, _, name), held in self.cluster.objects.items()
            if kind == "Job" and name.endswith(f"-{place}")
        )

    def job_status(self, place: str, **status: object) -> None:
        """Replace parts of a Job's status."""
        held = self.job(place)
        meta = held["metadata"]
        changed = {**held.get("status", {}), **status}
        self.cluster.change("Job", meta["namespace"], meta["name"], status=changed)

    def pod(self, place: str, number: int = 0, **status: object) -> str:
        """Put a pod of a Job, with this status; returns its name."""
        job = self.job(place)
        name = f"{job['metadata']['name']}-{number}"
        labels = {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
        labels |= {key: job["metadata"]["labels"][key] for key in (STAGE_LABEL,)}
        owner = {"uid": job["metadata"]["uid"], "kind": "Job", "controller": True}
        self.cluster.put(
            {
                "kind": "Pod",
                "metadata": {
                    "name": name,
                    "namespace": job["metadata"]["namespace"],
                    "labels": labels,
                    "ownerReferences": [owner],
                },
                "spec": {**job["spec"]["template"]["spec"], "nodeName": "node-1"},
                "status": status,
            }
        )
        return name

    def ended_pod(self, place: str, code: int, message: str = "", **more: object) -> str:
        """Put a pod of a Job that ended."""
        number = int(self.job(place).get("status", {}).get("failed", 0))
        terminated = {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "message": message,
            "finishedAt": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **more,
        }
        return self.pod(
            place,
            number,
            phase="Succeeded" if code == 0 else "Failed",
            containerStatuses=[{"name": "worker", "state": {"terminated": terminated}}],
        )

    def waiting_pod(self, place: str, reason: str, message: str) -> None:
        """Put a pod of a Job that a node tries to start."""
        stamp = self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.pod(
            place,
            phase="Pending",
            conditions=[{"type": "PodScheduled", "status": "True", "lastTransitionTime": stamp}],
            containerStatuses=[
                {"name": "worker", "state": {"waiting": {"reason": reason, "message": message}}}
            ],
        )
        self.job_status(place, active=1, ready=0, startTime=stamp)

    def unschedulable_pod(self, place: str, message: str) -> None:
        """Put a pod of a Job that finds no node."""
        stamp = self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": message,
        }
        self.pod(place, phase="Pending", conditions=[condition])
        self.job_status(place, active=1, ready=0, startTime=stamp)

    def run_pod(self, place: str) -> None:
        """The Job's pod is up."""
        stamp = self.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.job_status(place, active=1, ready=1, startTime=stamp)

    def complete(self, place: str, message: str = "{}") -> None:
        """The Job's pod ended well."""
        self.ended_pod(place, 0, message)
        self._end(place, "Complete", succeeded=1)

    def retry(self, place: str, code: int, message: str = "", **more: object) -> None:
        """The Job's pod failed, and the Job tries again."""
        self.ended_pod(place, code, message, **more)
        failed = int(self.job(place).get("status", {}).get("failed", 0))
        self.job_status(place, failed=failed + 1, active=0, ready=0)

    def fail(self, place: str, code: int, message: str = "", **more: object) -> None:
        """The Job's pod failed for good."""
        self.retry(place, code, message, **more)
        self.give_up(place, "PodFailurePolicy", "a rule says so")

    def give_up(self, place: str, reason: str, message: str) -> None:
        """The Job failed for good."""
        self._end(place, "Failed", reason=reason, message=message)

    def delete_job(self, place: str) -> None:
        """Somebody deletes a Job."""
        self.cluster.remove("Job", NAMESPACE, self.job(place)["metadata"]["name"])

    def restart_run(self) -> None:
        """Delete the run and apply it again."""
        held = self.cluster.objects["EvalRun", *KEY]
        self.cluster.remove("EvalRun", *KEY)
        self.apply(run_manifest(**held["spec"]))

    async def shards_done(self) -> None:
        """Bring a planned run to its summary."""
        while any(place.startswith("s") for place in self.open_jobs()):
            for place in self.open_jobs():
                self.complete(place)
            await self.settle()
            if "summarize" in self.jobs():
                return

    def open_jobs(self) -> list[str]:
        """Jobs that have not ended."""
        return [
            place
            for place in self.jobs()
            if "conditions" not in self.job(place).get("status", {})
            and "deletionTimestamp" not in self.job(place)["metadata"]
        ]

    def _watch(self) -> None:
        """Tell the operator of every Job that changed, as a watch does."""
        shown = {
            held["metadata"]["uid"]: held["metadata"]["resourceVersion"]
            for (kind, *_), held in self.cluster.objects.items()
            if kind == "Job"
        }
        for uid, _ in shown.items() ^ self._shown.items():
            self.operator.jobs.seen(uid)
        self._shown = shown

    async def planned(self, shards: int = 3) -> None:
        """Bring an applied run to its shards."""
        await self.settle()
        self.complete("plan", plan_message(shards))
        await self.settle()

    def _end(self, place: str, kind: str, **more: object) -> None:
        condition: Json = {
            "type": kind,
            "status": "True",
            "lastTransitionTime": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        condition |= {key: more[key] for key in ("reason", "message") if key in more}
        counts = {key: value for key, value in more.items() if key == "succeeded"}
        self.job_status(place, active=0, ready=0, conditions=[condition], **counts)


def place_of(name: str) -> str:
    """`s3` or `s3-t1` of a Job's name."""
    front, _, last = name.rpartition("-")
    turns = last.startswith("t") and last[1:].isdigit()
    return f"{front.rpartition('-')[2]}-{last}" if turns else last


def shard_of(job: Json) -> int:
    """A shard Job's index."""
    return int(job["metadata"]["labels"][SHARD_LABEL])


def applied(**spec: Any) -> World:
    """A world with a run just applied, and the endpoint it names."""
    world = World()
    world.apply(endpoint_manifest(), run_manifest(**spec))
    return world
