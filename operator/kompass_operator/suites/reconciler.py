"""One pass over a suite: gather what is seen, ask `plan_suite`, do it, write the status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import ValidationError

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.evalsuite import (
    EvalSuite,
    EvalSuiteSpec,
    EvalSuiteStatus,
    RunTemplate,
    TemplateSpec,
)
from kompass_api.resolution import Problem
from kompass_api.resources import API_VERSION, ObjectMeta
from kompass_operator.cluster import (
    AlreadyExists,
    Cluster,
    Invalid,
    NamespaceEnds,
    NotFound,
    QuotaExceeded,
)
from kompass_operator.executor import slow_start
from kompass_operator.observed import Observed
from kompass_operator.reconciler import Outcome
from kompass_operator.suites import claims
from kompass_operator.suites.manifests import evalrun
from kompass_operator.suites.matrix import WantedRun
from kompass_operator.suites.planning import SuiteSight, plan_suite
from kompass_operator.suites.views import SuiteKey, SuiteWatches
from kompass_operator.surroundings import surroundings_of
from kompass_operator.unreadable import complaint
from kompass_operator.views import Json, Watches, version_of

_UNREAD = RunTemplate.model_construct(spec=TemplateSpec.model_construct(models=[], benchmarks=[]))

logger = logging.getLogger(__name__)


class SuiteReconciler:
    """Brings suites on; safe to call at any time, any number of times."""

    def __init__(
        self,
        cluster: Cluster,
        watches: Watches,
        suites: SuiteWatches,
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._watches = watches
        self._suites = suites
        self._now = now

    async def reconcile(self, key: SuiteKey) -> Outcome:
        """One pass over a suite; ClusterError means: try again later."""
        body = self._suites.suite(key)
        if body is None:
            return Outcome()
        try:
            return await self._bring_on(body)
        except QuotaExceeded as error:
            logger.warning("no run could be made: %s", error, extra={"suite": key.name})
            return Outcome(refused=True)
        except (NotFound, NamespaceEnds):
            return Outcome()

    async def _bring_on(self, body: Json) -> Outcome:
        before = EvalSuiteStatus.model_validate(body.get("status") or {})
        try:
            suite = EvalSuite.model_validate(body)
        except ValidationError as error:
            await self._refuse(body, before, complaint(error))
            return Outcome()
        decision = plan_suite(suite, self._observe(suite, before), self._now())
        refusals = await self._make(suite, decision.creates)
        for run in decision.deletes:
            await self._cluster.delete_run(suite.metadata.namespace, run.name, uid=run.uid)
        status = decision.status
        if refusals:
            status = claims.stated(suite, status, claims.of_problems(refusals), self._now())
        await self._write(body, before, status)
        return Outcome(self._until(decision.again_at))

    def _observe(self, suite: EvalSuite, before: EvalSuiteStatus) -> SuiteSight:
        meta = suite.metadata
        own = tuple(self._suites.runs_of(meta.uid))
        names = {key.name for key, _ in self._watches.runs() if key.namespace == meta.namespace}
        whole = EvalRun(metadata=meta, spec=suite.spec.template.spec)
        found = surroundings_of(whole, self._watches, Observed())
        return SuiteSight(
            status=before,
            runs=own,
            others=frozenset(names - {run.name for run in own}),
            around=found.surroundings,
            broken=found.broken,
        )

    async def _make(self, suite: EvalSuite, wanted: Sequence[WantedRun]) -> list[Problem]:
        """Create the runs in growing batches; what the API server does not take is told."""
        for batch in slow_start(wanted):
            results = await asyncio.gather(
                *(self._create(suite, run) for run in batch), return_exceptions=True
            )
            refused = [one for one in results if isinstance(one, Invalid)]
            for result in results:
                if isinstance(result, BaseException) and not isinstance(result, Invalid):
                    raise result
            if refused:
                return [Problem(Reason.INVALID_SPEC, str(refused[0]), may_pass=False)]
        return []

    async def _create(self, suite: EvalSuite, wanted: WantedRun) -> None:
        try:
            await self._cluster.create("EvalRun", evalrun(suite, wanted))
        except AlreadyExists:
            # Ours, and not in the watch yet; or another's, which the next pass sees and tells.
            return
        about = {"suite": suite.metadata.name, "namespace": suite.metadata.namespace}
        logger.info("run made", extra={**about, "run": wanted.name})

    async def _refuse(self, body: Json, before: EvalSuiteStatus, words: str) -> None:
        meta = ObjectMeta.model_validate(body["metadata"])
        spec = EvalSuiteSpec.model_construct(template=_UNREAD)
        suite = EvalSuite.model_construct(metadata=meta, spec=spec)
        message = (
            f"the operator cannot read this EvalSuite ({words}): are CRDs and operator of the same "
            "release?"
        )
        problem = Problem(Reason.INVALID_SPEC, message, may_pass=False)
        found = claims.of_problems([problem])
        await self._write(body, before, claims.stated(suite, before, found, self._now()))

    async def _write(self, body: Json, before: EvalSuiteStatus, after: EvalSuiteStatus) -> None:
        if after == before:
            return
        meta = body["metadata"]
        await self._cluster.apply_status(
            {
                "apiVersion": API_VERSION,
                "kind": "EvalSuite",
                "metadata": {
                    "name": meta["name"],
                    "namespace": meta["namespace"],
                    # Another status or spec meanwhile: the server refuses, the next pass decides.
                    "resourceVersion": str(version_of(body)),
                },
                "status": after.model_dump(mode="json", by_alias=True, exclude_none=True),
            }
        )

    def _until(self, moment: datetime | None) -> float | None:
        return None if moment is None else max(1.0, (moment - self._now()).total_seconds())
