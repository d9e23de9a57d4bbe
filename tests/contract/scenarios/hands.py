"""What the scenarios do over and over: apply a run, play its pods, look at what is left."""

from __future__ import annotations

from dataclasses import dataclass

from contract.operator.stage import Object, Stage
from contract.operator.test_process import endpoint, run
from unit.operator.world import plan_message, report_message

from faults.proxy import Proxy

SHARDS = 3


@dataclass(frozen=True)
class Hands:
    """A stage whose operator asks through a proxy."""

    stage: Stage
    proxy: Proxy

    def apply(self, name: str, **spec: object) -> None:
        """A run, and the endpoint that it names."""
        self.stage.apply(endpoint(), run(name, **spec))

    def to_its_end(self, name: str, *, shards: int = SHARDS, seconds: float = 120) -> Object:
        """Every pod ends well until the run has finished; returns the run."""
        messages = {"plan": plan_message(shards), "summarize": report_message("61.54")}

        def finished() -> bool:
            self.stage.play(name, messages)
            return self.stage.condition(name, "Finished")[0] == "True"

        self.stage.until(finished, seconds=seconds)
        return self.stage.get("evalrun", name)

    def planned(self, name: str, shards: int = SHARDS) -> None:
        """The plan's pod ends well, and the first shard has a pod."""
        self.stage.end_pod(self.stage.open_pod(name, "plan"), 0, plan_message(shards))
        self.stage.open_pod(name, "shard", 0)

    def jobs(self, name: str) -> dict[str, str]:
        """The uids of a run's Jobs by the last part of their names."""
        held = self.stage.items("jobs", f"kompass.dev/run={name}")
        return {job["metadata"]["name"].rpartition("-")[2]: job["metadata"]["uid"] for job in held}

    def assert_undisturbed(self, name: str, shards: int = SHARDS) -> None:
        """The run ended well, and every Job and every pod is there once."""
        status = self.stage.get("evalrun", name)["status"]
        assert (status["phase"], status["score"]) == ("Succeeded", "61.54")
        assert status["progress"] == f"{shards}/{shards}"
        assert status["failures"] == []
        wanted = {"plan", "summarize", *(f"s{number}" for number in range(shards))}
        assert set(self.jobs(name)) == wanted
        pods = self.stage.items("pods", f"kompass.dev/run={name}")
        assert len(pods) == shards + 2, [pod["metadata"]["name"] for pod in pods]
        assert len(self.stage.items("configmaps", f"kompass.dev/run={name}")) == 1

    def status_writes(self) -> int:
        """Requests so far that wrote a status."""
        return self.proxy.counts["PATCH evalruns/status"]
