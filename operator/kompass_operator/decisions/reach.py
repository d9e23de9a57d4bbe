"""Whether what a run names can be reached through the network it asks for. Pure.

Without this a run would begin, and its pods would wait for a host that they may not reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kompass_api.built_in import BUILT_IN_DATA
from kompass_api.conditions import Reason
from kompass_api.evalrun import EvalRun
from kompass_api.resolution import Problem
from kompass_api.rundocument import RunDocument
from kompass_api.security import Network
from kompass_api.sources import HUB
from kompass_operator.settings import Settings

MIRROR: Final = ("HF_ENDPOINT", "HTTPS_PROXY", "https_proxy")
"""Variables of the worker's environment that lead to the hub another way."""


def network_problems(run: EvalRun, document: RunDocument, settings: Settings) -> list[Problem]:
    """Why a run cannot work with less than the whole network; empty where it can."""
    network = run.spec.security.network
    if network is Network.ONLINE:
        return []
    if not settings.network_policies:
        return [_unenforced(network)]
    return list(_unreachable(network, document, settings))


def _unenforced(network: Network) -> Problem:
    message = (
        f"spec.security.network is {network}, and this operator writes no NetworkPolicies: set "
        "networkPolicies.enabled in the chart, or network to Online"
    )
    return Problem(Reason.NETWORK_UNENFORCED, message, may_pass=False)


def _unreachable(network: Network, document: RunDocument, settings: Settings) -> Iterator[Problem]:
    asked = f"spec.security.network is {network}"
    hub = sorted(uri for uri in _uris(document) if uri.startswith(HUB))
    if hub and not any(settings.worker_env.get(name) for name in MIRROR):
        yield _invalid(
            f"{asked}, which does not reach the hub for {', '.join(hub)}: set HF_ENDPOINT to a "
            "mirror in the chart's worker.env, or use s3:// or pvc:// sources"
        )
    if network is not Network.OFFLINE:
        return
    if not settings.network_offline:
        yield _invalid(
            f"{asked}, and the chart's networkPolicies.offline lists nothing that such runs "
            "reach: name at least the storage there"
        )
    served = sorted(model.name for model in document.models if model.spec.backend.is_served)
    if served:
        yield _invalid(
            f"{asked}, which does not reach the servers of {', '.join(served)}: ask for "
            "Restricted (servers at private addresses) or Online"
        )


def _invalid(message: str) -> Problem:
    return Problem(Reason.INVALID_SPEC, message, may_pass=False)


def _uris(document: RunDocument) -> Iterator[str]:
    for model in document.models:
        yield from (source.uri for source in model.spec.sources)
    for benchmark in document.benchmarks:
        yield from (source.uri for source in benchmark.sources)
        if benchmark.source is None and benchmark.spec is None:
            yield from (BUILT_IN_DATA[name] for name in (benchmark.name,) if name in BUILT_IN_DATA)
