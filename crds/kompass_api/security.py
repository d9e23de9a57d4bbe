"""What a run's pods may do: reach a network, run code that a model wrote or brings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kompass_api.resources import ApiModel


class Network(StrEnum):
    """How far a run's pods reach; each includes the ones after it."""

    ONLINE = "Online"
    """Everywhere but the cloud's metadata address."""
    RESTRICTED = "Restricted"
    """Private addresses: what runs in the cluster or beside it."""
    OFFLINE = "Offline"
    """Storage, DNS, and what the chart lists as mirrors."""


class CodeExecution(StrEnum):
    """Whether code that a model wrote may run."""

    DENY = "Deny"
    SANDBOXED = "Sandboxed"
    """In a pod of its own, without network, credentials and GPU."""


class RemoteCode(StrEnum):
    """Whether Python code that comes with a model may run."""

    DENY = "Deny"
    ALLOW = "Allow"
    """Pinned by commit or digest, as ModelEndpoints demand."""


class Security(ApiModel):
    """What a run asks to be allowed; nothing less is given silently."""

    network: Annotated[
        Network,
        Field(
            description="How far the pods reach: Online everywhere but the cloud's metadata "
            "address, Restricted private addresses, Offline storage, DNS and the mirrors of the "
            "chart. Less than Online needs a network plugin that enforces NetworkPolicies."
        ),
    ] = Network.ONLINE
    code_execution: Annotated[
        CodeExecution,
        Field(
            description="Whether a benchmark may run code that a model wrote. No built-in one "
            "does; an EvalPolicy may forbid to ask for it."
        ),
    ] = CodeExecution.DENY


def exceeds(wanted: Network, ceiling: Network) -> bool:
    """Whether a network reaches further than a ceiling allows."""
    order = list(Network)
    return order.index(wanted) < order.index(ceiling)
