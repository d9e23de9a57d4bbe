"""What matters of the EvalRuns of a suite. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from kompass_api.status import EvalRunStatus, HeadlineScore
from kompass_operator.views import Json


@dataclass(frozen=True)
class RunFacts:
    """An EvalRun that a suite owns."""

    name: str
    uid: str
    created: datetime
    is_finished: bool = False
    is_ready: bool = False
    """Complete, with every gate passed."""
    trouble: str = ""
    """Why it is stalled."""
    scores: tuple[HeadlineScore, ...] = ()
    is_deleting: bool = False

    @property
    def failed(self) -> bool:
        """Whether it will not become ready by itself."""
        return bool(self.trouble) or (self.is_finished and not self.is_ready)


def run_facts(body: Json) -> RunFacts:
    """What matters of an EvalRun."""
    meta = body["metadata"]
    raw = body.get("status") or {}
    held = {one["type"]: one for one in raw.get("conditions") or []}
    stalled = held.get("Stalled", {})
    trouble = str(stalled.get("message") or "stalled") if stalled.get("status") == "True" else ""
    return RunFacts(
        name=meta["name"],
        uid=meta["uid"],
        created=datetime.fromisoformat(meta["creationTimestamp"]),
        is_finished=held.get("Finished", {}).get("status") == "True",
        is_ready=held.get("Ready", {}).get("status") == "True",
        trouble=trouble,
        scores=_scores(raw),
        is_deleting="deletionTimestamp" in meta,
    )


def owner_of(body: Json) -> str | None:
    """UID of the EvalSuite that controls an object."""
    references = body["metadata"].get("ownerReferences") or []
    return next(
        (
            str(held["uid"])
            for held in references
            if held.get("controller") and held.get("kind") == "EvalSuite"
        ),
        None,
    )


def minute_of(suite: str, run: str) -> int | None:
    """The minute of the clock that a run was made for; None if it was made for its content."""
    found = re.fullmatch(rf"{re.escape(suite)}-(\d{{8,9}})(-\d{{1,3}})?", run)
    return int(found[1]) if found else None


def _scores(raw: Json) -> tuple[HeadlineScore, ...]:
    try:
        status = EvalRunStatus.model_validate(raw)
    except ValidationError:
        # Of another release; its conditions are read all the same.
        return ()
    return tuple(status.results.headline) if status.results is not None else ()
