"""Reads the pages of running shards now and then; a page that cannot be read changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

import aiohttp
from pydantic import ValidationError

from kompass_api.progress import PROGRESS_PATH, PROGRESS_PORT, ShardProgress
from kompass_operator.cluster import Cluster, ClusterError, Manifest
from kompass_operator.manifests.owners import owner_uid
from kompass_operator.names import RUN_UID_LABEL, STAGE_LABEL, Stage
from kompass_operator.observed import JobFacts
from kompass_operator.progress_board import ProgressBoard
from kompass_operator.progress_rounds import Rounds, is_worth, pause, running, wants_list
from kompass_operator.views import Json, RunKey

PAGE_SECONDS: Final = 2.0
PAGE_BYTES: Final = 4096
AT_A_TIME: Final = 32
TICK_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)


class Seen(Protocol):
    """What the watches hold."""

    def runs(self) -> Iterable[tuple[RunKey, Json]]:
        """Every EvalRun."""

    def jobs(self, namespace: str, run_uid: str) -> Iterable[JobFacts]:
        """The Jobs of a run."""


class Pages(Protocol):
    """Where pages are read."""

    async def read(self, address: str) -> ShardProgress | None:
        """The page of the pod at this address, or None."""


class ProgressReader:
    """Goes round the runs whose shards are at work."""

    def __init__(
        self,
        cluster: Cluster,
        seen: Seen,
        pages: Pages,
        board: ProgressBoard,
        *,
        wake: Callable[[RunKey], None],
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._seen = seen
        self._pages = pages
        self._board = board
        self._wake = wake
        self._now = now
        self._rounds: dict[str, Rounds] = {}
        self._reading = asyncio.Semaphore(AT_A_TIME)

    async def serve(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self.tick()

    async def tick(self) -> None:
        """One look at every run, and a round through the pages of those that are due."""
        active = {
            body["metadata"]["uid"]: (key, body)
            for key, body in self._seen.runs()
            if (body.get("status") or {}).get("phase") == "Running"
        }
        self._board.keep_only(active)
        self._rounds = {uid: held for uid, held in self._rounds.items() if uid in active}
        await asyncio.gather(*(self._look(key, body, uid) for uid, (key, body) in active.items()))

    async def _look(self, key: RunKey, body: Json, uid: str) -> None:
        now = self._now()
        jobs = running(self._seen.jobs(key.namespace, uid))
        rounds = self._rounds.setdefault(uid, Rounds(due=now))
        if now < rounds.due or not is_worth(jobs, now):
            return
        begun = min(job.started for job in jobs if job.started is not None)
        rounds.due = now + pause((now - begun).total_seconds())
        total = body["status"].get("shards", {}).get("total", 0)
        if wants_list(rounds, jobs, total):
            await self._find(key, uid, jobs, rounds)
        read = await asyncio.gather(
            *(self._read(pod, address, rounds) for pod, address in rounds.next_addresses())
        )
        if self._board.note(uid, [page for page in read if page is not None]):
            self._wake(key)

    async def _find(self, key: RunKey, uid: str, jobs: Iterable[JobFacts], rounds: Rounds) -> None:
        rounds.lists += 1
        selector = f"{RUN_UID_LABEL}={uid},{STAGE_LABEL}={Stage.SHARD}"
        try:
            pods = await self._cluster.pods_with(key.namespace, selector)
        except ClusterError as error:
            logger.debug("no pods to ask for their progress: %s", error)
            return
        rounds.addresses = addresses_of(pods, {job.uid for job in jobs})

    async def _read(self, pod: str, address: str, rounds: Rounds) -> ShardProgress | None:
        async with self._reading:
            page = await self._pages.read(address)
        if page is None:
            # It has ended, or its page is closed to us: its successor is looked for in turn.
            rounds.addresses.pop(pod, None)
        return page


def addresses_of(pods: Iterable[Manifest], job_uids: set[str]) -> dict[str, str]:
    """IP address by UID of the pods that are up and belong to these Jobs."""
    return {
        pod["metadata"]["uid"]: pod["status"]["podIP"]
        for pod in pods
        if owner_uid(pod) in job_uids
        and pod.get("status", {}).get("phase") == "Running"
        and pod["status"].get("podIP")
    }


class HttpPages:
    """Pages over HTTP, straight to the pod: no proxy, no redirect, a few numbers."""

    def __init__(self, session: aiohttp.ClientSession, port: int = PROGRESS_PORT) -> None:
        self._session = session
        self._port = port

    async def read(self, address: str) -> ShardProgress | None:
        """The page of the pod at this address, or None."""
        host = f"[{address}]" if ":" in address else address
        url = f"http://{host}:{self._port}{PROGRESS_PATH}"
        timeout = aiohttp.ClientTimeout(total=PAGE_SECONDS)
        try:
            async with self._session.get(url, timeout=timeout, allow_redirects=False) as answer:
                if answer.status != 200:  # noqa: PLR2004  (HTTP)
                    return None
                content = await answer.content.read(PAGE_BYTES)
            return ShardProgress.model_validate_json(content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as trouble:
            logger.debug("a shard's page was not read: %s", trouble)
            return None
