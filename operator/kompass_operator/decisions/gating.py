"""What gates make of a run's conditions. Pure.

A gate never changes what the run is: Complete stays True. In mode Gate a failed one makes Ready
False and Stalled True, which is what tools that wait for a run read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kompass_api.conditions import Claim, ConditionStatus, ConditionType, Reason
from kompass_api.evalrun import EvalRun
from kompass_api.gates import GateMode, GateOutcome
from kompass_api.status import EvalRunStatus

_HELD: Final[Mapping[str, ConditionStatus]] = {
    ConditionType.READY: ConditionStatus.FALSE,
    ConditionType.STALLED: ConditionStatus.TRUE,
}


def with_gates(run: EvalRun, status: EvalRunStatus, claims: list[Claim]) -> list[Claim]:
    """The claims with GatesPassed, of a run that has gates."""
    if not run.spec.gates:
        return claims
    verdict = _verdict(run, status, claims)
    if verdict.reason is not Reason.GATES_FAILED or run.spec.gate_mode is GateMode.RECORD:
        return [*claims, verdict]
    return [*(_held_back(claim, verdict) for claim in claims), verdict]


def _verdict(run: EvalRun, status: EvalRunStatus, claims: Iterable[Claim]) -> Claim:
    succeeded = next(claim for claim in claims if claim.type is ConditionType.SUCCEEDED)
    about = ConditionType.GATES_PASSED
    if succeeded.status is not ConditionStatus.TRUE:
        return succeeded.model_copy(update={"type": about})
    failed = [gate for gate in status.gates if not gate.passed]
    missing = {gate.name for gate in run.spec.gates} - {gate.name for gate in status.gates}
    if failed or missing:
        said = [_described(gate) for gate in failed]
        said += [f"gate {name} was not judged" for name in sorted(missing)]
        return Claim(
            type=about,
            status=ConditionStatus.FALSE,
            reason=Reason.GATES_FAILED,
            message="; ".join(said),
        )
    return Claim(
        type=about,
        status=ConditionStatus.TRUE,
        reason=Reason.GATES_PASSED,
        message="; ".join(_described(gate) for gate in status.gates),
    )


def _held_back(claim: Claim, verdict: Claim) -> Claim:
    status = _HELD.get(claim.type)
    if status is None:
        return claim
    return verdict.model_copy(update={"type": claim.type, "status": status})


def _described(gate: GateOutcome) -> str:
    words = f"gate {gate.name}: {gate.value or 'no value'}, wanted {gate.threshold}"
    return f"{words} ({gate.message})" if gate.message else words
