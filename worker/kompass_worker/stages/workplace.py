"""What every stage is given."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from kompass_api.plandocument import Plan
from kompass_api.rundocument import RunDocument, digest_of
from kompass_worker.backends.models import Models
from kompass_worker.errors import InvalidData, InvalidRequest
from kompass_worker.inference.layout import PLAN_KEY
from kompass_worker.inference.stopping import StopSignal
from kompass_worker.prompts import Manner
from kompass_worker.settings import WorkerSettings
from kompass_worker.sources.fetching import Fetcher
from kompass_worker.store.protocol import ObjectStore

logger = logging.getLogger(__name__)


def _nowhere(uri: str) -> ObjectStore:
    raise InvalidRequest(f"{uri} is not reached: this run has its own folder only")


@dataclass(frozen=True)
class Workplace:
    """A run's document, its objects, and the means to do something about them."""

    document: RunDocument
    store: ObjectStore
    fetcher: Fetcher
    models: Models
    settings: WorkerSettings
    clock: Callable[[], float]
    stop: StopSignal = field(default_factory=StopSignal)
    beside: Callable[[str], ObjectStore] = field(default=_nowhere)
    """Another folder of the run's storage, by its URI."""

    @property
    def manner(self) -> Manner:
        """How the run asks."""
        return Manner(self.document.profile, self.document.seed)


@dataclass(frozen=True)
class StoredPlan:
    """The plan, and the digest of its bytes."""

    plan: Plan
    digest: str


def read_plan(place: Workplace) -> StoredPlan:
    """The run's plan; InvalidData if it is another run's."""
    content = place.store.get(PLAN_KEY)
    plan = Plan.model_validate_json(content)
    if plan.run_digest != place.document.digest:
        raise InvalidData(
            f"{place.store.uri}/{PLAN_KEY} is the plan of run document {plan.run_digest}, expected "
            f"{place.document.digest}: the folder belongs to another run"
        )
    return StoredPlan(plan, digest_of(content))
