"""The operator's page for Prometheus, on a port of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from kompass_operator.metrics import CONTENT_TYPE, Metrics

logger = logging.getLogger(__name__)


@asynccontextmanager
async def metrics_page(metrics: Metrics, port: int, host: str = "0.0.0.0") -> AsyncIterator[int]:  # noqa: S104
    """Serve /metrics while the block runs; yields the port, which 0 lets the system choose."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.page(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
        bound = runner.addresses[0][1]
        logger.info("metrics are served", extra={"port": bound})
        yield bound
    finally:
        await asyncio.shield(runner.cleanup())
