"""A run's gates, judged where its report and samples lie."""

from __future__ import annotations

from kompass_api.gates import GateOutcome, ResolvedGate
from kompass_api.plandocument import Plan
from kompass_api.results import Report
from kompass_worker.errors import InputMissing, InvalidData
from kompass_worker.inference.layout import REPORT_FOLDER
from kompass_worker.runs.gates import judged_by_baseline, judged_by_value
from kompass_worker.runs.reading import StoredRun, run_in
from kompass_worker.stages.workplace import Workplace
from kompass_worker.store.protocol import ObjectStore


def gate_outcomes(
    place: Workplace, plan: Plan, report: Report, store: ObjectStore
) -> list[GateOutcome]:
    """What comes of each gate; a baseline that cannot be read fails its gate, not the run."""
    run = StoredRun(store.uri, report, store)
    return [_outcome(place, plan, run, held) for held in place.document.gates or []]


def _outcome(place: Workplace, plan: Plan, run: StoredRun, held: ResolvedGate) -> GateOutcome:
    gate = held.gate
    if gate.value is not None:
        return judged_by_value(gate, gate.value, run)
    assert gate.baseline is not None
    assert held.baseline_uri is not None
    try:
        before = _stored(place, held.baseline_uri)
        return judged_by_baseline(gate, gate.baseline, run, before, plan)
    except (InputMissing, InvalidData) as error:
        return GateOutcome(
            name=gate.name,
            passed=False,
            threshold="not worse than its baseline",
            message=f"the baseline cannot be read: {error}"[:256],
        )


def _stored(place: Workplace, uri: str) -> StoredRun:
    store = place.beside(uri.rstrip("/").removesuffix(f"/{REPORT_FOLDER}"))
    return run_in(store, uri)
