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
