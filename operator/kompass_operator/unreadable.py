"""Resources that the API server took and the models refuse: said in the status. Pure.

The CRDs are generated from the models, so this happens only with CRDs of another release.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun, EvalRunSpec
from kompass_api.resources import ObjectMeta
from kompass_api.status import EvalRunStatus
from kompass_operator.conditions import Ending, when_failed
from kompass_operator.status import Phase, ended, is_accepted, is_finished, with_claims

_UNREAD = EvalRunSpec.model_construct(models=[], benchmarks=[])


def complaint(error: ValidationError) -> str:
    """What is wrong and where, in one line."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(str(step) for step in problem['loc']) or 'the object'}: {problem['msg']}"
        for problem in problems[:5]
    )


class NotYetKnown(Exception):
    """A run that was not accepted yet has fields that only a newer release knows."""


def read_run(body: Mapping[str, Any]) -> EvalRun:
    """The run; raises ValidationError, or NotYetKnown where waiting may help.

    While a chart is upgraded or taken back, operator and CRDs are of two releases for a moment: the
    API server fills in defaults that this operator does not know, and a status may hold what a
    newer one wrote. An accepted run goes by its document, so that this changes nothing for it.
    """
    try:
        return EvalRun.model_validate(body)
    except ValidationError as error:
        unknown = [held["loc"] for held in error.errors() if held["type"] == "extra_forbidden"]
        if len(unknown) < error.error_count():
            raise
        run = EvalRun.model_validate(body, extra="ignore")
        accepted = run.status is not None and is_accepted(run.status)
        if not accepted and any(place[0] == "spec" for place in unknown):
            raise NotYetKnown(complaint(error)) from error
        return run


def held_status(body: Mapping[str, Any]) -> EvalRunStatus:
    """What this release knows of the status."""
    return EvalRunStatus.model_validate(body.get("status") or {}, extra="ignore")


def refused_status(
    body: Mapping[str, Any], error: ValidationError, held: EvalRunStatus, now: datetime
) -> tuple[EvalRun, EvalRunStatus]:
    """The run, with nothing but its metadata to go by, and its failed status."""
    meta = ObjectMeta.model_validate(body["metadata"])
    run = EvalRun.model_construct(metadata=meta, spec=_UNREAD)
    if is_finished(held):
        return run, held
    ending = Ending(
        Reason.INVALID_SPEC,
        f"the operator cannot read this EvalRun ({complaint(error)}): are CRDs and operator of "
        "the same release?",
    )
    claims = when_failed(ending, held, accepted=is_accepted(held))
    failed = with_claims(held, Phase.FAILED, claims, generation=meta.generation, now=now)
    return run, ended(failed, now)
