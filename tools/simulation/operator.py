"""The operator as a process that reaches the API server through a proxy."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

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
        pages = int(self._proc("statm").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Processor time since it started."""
        # The program's name, in brackets, may hold blanks; user and system time are 14th and 15th.
        ticks = self._proc("stat").rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def _proc(self, file: str) -> str:
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/{file}").read_text()

    def _watches(self) -> int:
        counts = self.proxy.counts.items()
        return sum(count for kind, count in counts if kind.startswith("WATCH"))
