"""The operator as a process that reaches the API server through a proxy."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from faults.proxy import Proxy

WATCHES: Final = 4
"""Kinds that it watches at least: runs, Jobs, endpoints, benchmarks."""


@dataclass
class PlayedOperator:
    """`kompass-operator` for the whole cluster; may be killed and started again."""

    proxy: Proxy
    kubeconfig: Path
    log: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Start it; the seconds until every watch was open."""
        before = self._watches()
        began = time.monotonic()
        with self.log.open("ab") as stream:
            self.process = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).parent / "kompass-operator"),
                env={
                    **os.environ,
                    "KUBECONFIG": str(self.kubeconfig),
                    "KOMPASS_WORKER_IMAGE": "bench:none",
                    "KOMPASS_STORAGE_URI": "s3://bucket/prefix",
                    "KOMPASS_LIVENESS_PORT": "0",
                    **self.settings,
                },
                stdout=stream,
                stderr=stream,
            )
        while self._watches() - before < WATCHES:
            if self.process.returncode is not None:
                message = f"the operator ended: {self.log.read_text()[-2000:]}"
                raise RuntimeError(message)
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def kill(self) -> None:
        """End it as a crash does."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    def resident_mebibytes(self) -> float:
        """Memory of the process."""
        return float(self._process().memory_info().rss) / 2**20

    def cpu_seconds(self) -> float:
        """Processor time since it started."""
        times = self._process().cpu_times()
        return float(times.user + times.system)

    def _process(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def _watches(self) -> int:
        counts = self.proxy.counts.items()
        return sum(count for kind, count in counts if kind.startswith("WATCH"))
