"""A cluster in memory where the operator dies at any request and its watches lag behind.

The worker is the real one, over ten questions and a store in memory; its pods die as well. What
happens is drawn from a seed, so a world that went wrong goes wrong again.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from perils import Died, Moment, Perilous
from unit.operator.world import KEY, World, endpoint_manifest, run_manifest
from unit.worker.runs import Bench

from kompass_api.outcomes import TerminationMessage
from kompass_api.results import Environment, Prediction
from kompass_operator.cluster import Cluster, ClusterError
from kompass_operator.cluster_fake import FakeCluster
from kompass_operator.reconciler import Reconciler
from kompass_worker.backends.fake import FakeBackend
from kompass_worker.backends.models import FakeModels
from kompass_worker.prompts.requests import Group
from kompass_worker.stages.plan import check_storage, run_plan
from kompass_worker.stages.shard import run_shard
from kompass_worker.stages.summarize import run_summarize

MODEL: Final = "model-0"
"""What the worker's trial run calls its model."""


class PodDied(Exception):
    """A pod's process is gone."""


@dataclass
class Ending:
    """A backend whose process may end after an answer."""

    chance: random.Random
    peril: float
    inner: FakeBackend = field(default_factory=FakeBackend)

    @property
    def environment(self) -> Environment:
        """What it runs on."""
        return self.inner.environment

    def answer(self, groups: Sequence[Group]) -> Iterator[Prediction]:
        """The answers, as far as they come."""
        for prediction in self.inner.answer(groups):
            if self.chance.random() < self.peril:
                raise PodDied
            yield prediction


class Restless(World):
    """A world with one run, where nothing goes undisturbed for long."""

    def __init__(
        self, bench: Bench, seed: int, *, peril: float = 0.3, lag: int = 3, **spec: Any
    ) -> None:
        self.chance = random.Random(seed)
        self.bench = bench
        self.peril = peril
        self.lag = lag
        self.deaths = 0
        self.created: Counter[str] = Counter()
        """Successful creations by name."""
        super().__init__()
        self.apply(endpoint_manifest(MODEL), run_manifest(models=[{"name": MODEL}], **spec))

    def __post_init__(self) -> None:
        """Begin with an operator that sees everything."""
        self.cluster = _Counting(self.now, self.created)
        self.shown = FakeCluster(self.now)
        self._past = [self.cluster.objects]
        self._known = 0
        """How many of the past states are known to be past: a watch never goes back."""
        self._shown: dict[str, str] = {}
        self.restart()

    def restart(self) -> None:
        """Another operator, whose first list may be an old one."""
        within = cast("Cluster", Perilous(self.cluster, self._moment))
        self.operator = Reconciler(within, self.shown, self.settings, self.now)
        self._shown, self._known = {}, 0

    def _moment(self) -> Moment:
        if self.chance.random() >= self.peril:
            return "never"
        return "before" if self.chance.random() < 0.5 else "after"

    async def live(self, steps: int = 3000) -> int:
        """Go on until the run has finished and nobody has anything to do; returns the steps."""
        for step in range(steps):
            self._remember()
            self._reveal()
            await self._pass()
            self._let_a_pod_work()
            self.wait(self.chance.choice((0.1, 1.0, 3.0)))
            if self._is_over():
                return step
        message = f"the run is not over: {self.status().model_dump_json()}"
        raise AssertionError(message)

    async def calm(self) -> None:
        """No peril any more: what is left to do is done."""
        self.peril, self.lag = 0.0, 0
        self.restart()
        for _ in range(10):
            self._remember()
            self._reveal()
            await self._pass()
            self.wait(3)

    def _remember(self) -> None:
        self._past.append(copy.deepcopy(self.cluster.objects))
        forgotten = max(0, len(self._past) - self.lag - 1)
        del self._past[:forgotten]
        self._known = max(0, self._known - forgotten)

    def _reveal(self) -> None:
        """The watches come nearer to what is, or stay as they are."""
        if self.lag and self.chance.random() < 0.4:
            return
        self._known = self.chance.randrange(self._known, len(self._past))
        self.shown.objects = self._past[self._known]
        now = {
            held["metadata"]["uid"]: held["metadata"]["resourceVersion"]
            for (kind, *_), held in self.shown.objects.items()
            if kind == "Job"
        }
        for uid, _ in now.items() ^ self._shown.items():
            self.operator.jobs.seen(uid)
        self._shown = now

    async def _pass(self) -> None:
        try:
            await self.operator.reconcile(KEY)
        except Died:
            self.deaths += 1
            self.restart()
        except ClusterError:
            # What the dispatcher does: another pass, later.
            self.wait(1)

    def _let_a_pod_work(self) -> None:
        at_work = [
            place
            for place in self.jobs()
            if "conditions" not in self.job(place).get("status", {})
            and "deletionTimestamp" not in self.job(place)["metadata"]
        ]
        if not at_work or self.chance.random() < 0.5:
            return
        place = self.chance.choice(at_work)
        try:
            said = self._work(place)
        except PodDied:
            # As after a drain: the Job makes another pod and counts no failure.
            return
        self.complete(place, said.model_dump_json(exclude_none=True, by_alias=True))

    def _work(self, place: str) -> TerminationMessage:
        bench = self.bench
        if place == "plan":
            check_storage(bench.store, bench.document.encoded())
            return TerminationMessage(plan=run_plan(bench.place()))
        if place == "summarize":
            report, _ = run_summarize(bench.place())
            return TerminationMessage(report=report)
        backend = Ending(self.chance, self.peril / 4)
        models = FakeModels(backend)
        run_shard(bench.place(models), int(place.removeprefix("s")), lambda _done, _total: None)
        return TerminationMessage()

    def _is_over(self) -> bool:
        return self.status().completion_time is not None


class _Counting(FakeCluster):
    """Remembers how often each name was given."""

    def __init__(self, now: Any, created: Counter[str]) -> None:
        super().__init__(now)
        self._created = created

    def put(self, manifest: Any, *, fresh: bool = False) -> Any:
        """Store it, and count what a request made."""
        held = super().put(manifest, fresh=fresh)
        self._created[f"{manifest['kind']} {manifest['metadata']['name']}"] += fresh
        return held
