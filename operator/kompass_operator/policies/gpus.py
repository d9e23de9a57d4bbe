"""How the GPUs of a namespace are shared: runs wait for their turn, the oldest first. Pure.

A limit is a namespace's own, so that no namespace waits for another. Within one, a run that
waits for GPUs goes before every younger one: else a run with large shards would never start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_operator.actions import Action, CreateJob
from kompass_operator.names import Stage
from kompass_operator.observed import JobFacts
from kompass_operator.policies.sight import PolicySight
from kompass_operator.views import Json, has_condition

Jobs = Mapping[str, JobFacts]

GPU_LOOK_SECONDS: Final = 10.0
"""When a run that waits for GPUs looks again: what others give back wakes nobody."""


def with_peers(
    run: EvalRun, sight: PolicySight, runs: Iterable[Json], jobs_of: Callable[[str], Jobs]
) -> PolicySight:
    """The sight, with what the namespace's other runs hold and whether an older one waits.

    `runs` are those of the namespace, `jobs_of` finds the Jobs of a run by its UID.
    """
    mine = (run.metadata.creation_timestamp or "", run.metadata.uid)
    others = [body for body in runs if _age(body) != mine and not has_condition(body, "Finished")]
    jobs = [job for body in others for job in jobs_of(body["metadata"]["uid"]).values()]
    return replace(
        sight,
        gpus_elsewhere=sum(job.gpus for job in jobs if job.is_open),
        older_waits=any(_waits(body) and _age(body) < mine for body in others),
    )


def within(
    actions: Iterable[Action], free: int, gpus_of_model: dict[str, int]
) -> tuple[tuple[Action, ...], bool]:
    """The actions that the free GPUs are enough for, in their order, and whether some are left."""
    kept: list[Action] = []
    short = False
    for action in actions:
        needs = _needs(action, gpus_of_model)
        if needs and (short or needs > free):
            short = True
            continue
        free -= needs
        kept.append(action)
    return tuple(kept), short


def _needs(action: Action, gpus_of_model: dict[str, int]) -> int:
    if not isinstance(action, CreateJob) or action.stage is not Stage.SHARD:
        return 0
    return gpus_of_model.get(action.model or "", 0)


def _waits(body: Json) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or []
    return any(
        held["type"] == "Progressing" and held["reason"] == Reason.WAITING_FOR_GPUS
        for held in conditions
    )


def _age(body: Json) -> tuple[str, str]:
    meta = body["metadata"]
    return (meta.get("creationTimestamp") or "", meta["uid"])
