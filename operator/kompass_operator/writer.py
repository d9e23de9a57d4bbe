"""Writes statuses: only what changed, at most one each ten seconds a run, ends at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kompass_api.evalrun import EvalRun
from kompass_api.resources import API_VERSION
from kompass_api.status import EvalRunStatus
from kompass_operator.cluster import AlreadyExists, Cluster, ClusterError, NamespaceEnds
from kompass_operator.manifests.events import announcements, event
from kompass_operator.metrics import Metrics
from kompass_operator.settings import Settings
from kompass_operator.status import is_finished
from kompass_operator.views import RunKey, SeenRun, version_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Written:
    """The newest status of a run, which its watch may not show yet."""

    uid: str
    status: EvalRunStatus
    version: int
    at: datetime


class StatusWriter:
    """The one writer of statuses, by server-side apply."""

    def __init__(
        self, cluster: Cluster, settings: Settings, now: Callable[[], datetime], metrics: Metrics
    ) -> None:
        self._cluster = cluster
        self._metrics = metrics
        self._settings = settings
        self._now = now
        self._written: dict[RunKey, _Written] = {}

    def latest(self, seen: SeenRun) -> EvalRunStatus:
        """The status as last written or seen, whichever is newer."""
        written = self._own(seen)
        if written is not None and seen.version < written.version:
            return written.status
        status = seen.run.status or EvalRunStatus()
        if is_finished(status):
            self.forget(seen.key)
        return status

    def forget(self, key: RunKey) -> None:
        """The run is gone."""
        self._written.pop(key, None)

    async def write(
        self, seen: SeenRun, before: EvalRunStatus, after: EvalRunStatus, *, at_once: bool
    ) -> float | None:
        """Write the status if it changed; the seconds to wait if it is too early."""
        if after == before:
            return None
        written = self._own(seen)
        early = self._early_seconds(written)
        if early > 0 and not at_once:
            return early
        newest = max(seen.version, written.version if written is not None else 0)
        answer = await self._cluster.apply_status(_applied(seen.run, after, newest))
        self._written[seen.key] = _Written(
            seen.run.metadata.uid, after, version_of(answer), self._now()
        )
        self._metrics.status_written(before, after)
        await self._announce(seen.run, before, after)
        return None

    def _own(self, seen: SeenRun) -> _Written | None:
        written = self._written.get(seen.key)
        same = written is not None and written.uid == seen.run.metadata.uid
        return written if same else None

    def _early_seconds(self, written: _Written | None) -> float:
        if written is None:
            return 0.0
        passed = (self._now() - written.at).total_seconds()
        return self._settings.status_interval_seconds - passed

    async def _announce(self, run: EvalRun, before: EvalRunStatus, after: EvalRunStatus) -> None:
        for announcement in announcements(before, after):
            logger.info(
                announcement.message,
                extra={
                    "run": run.metadata.name,
                    "namespace": run.metadata.namespace,
                    "reason": announcement.reason,
                },
            )
            try:
                await self._cluster.create("Event", event(run, announcement))
            except (AlreadyExists, NamespaceEnds):
                continue
            except ClusterError as error:
                # The status says the same: an Event is not worth another pass.
                logger.warning("Event was not written: %s", error)


def _applied(run: EvalRun, status: EvalRunStatus, version: int) -> dict[str, object]:
    return {
        "apiVersion": API_VERSION,
        "kind": "EvalRun",
        "metadata": {
            "name": run.metadata.name,
            "namespace": run.metadata.namespace,
            # A run that was deleted and applied again, or that another operator has written to,
            # is another one: the server then refuses. (It does not compare uids here.)
            "resourceVersion": str(version),
        },
        "status": status.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
