"""What a ModelEndpoint's status says: whether the model can be asked, and who asks it."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from kompass_api.conditions import Condition
from kompass_api.resources import ApiModel, Count, DnsName, ObservedGeneration
from kompass_api.rules import KeyedBy

SHOWN_RUNS: Final = 10
"""Runs that `usedBy` names."""


class EndpointFailure(ApiModel):
    """The last time that the model could not be asked."""

    reason: Annotated[
        str, Field(description="As the condition's reason, such as Timeout.", max_length=64)
    ]
    message: Annotated[str, Field(description="What was seen and what to do.", max_length=512)] = ""
    exit_code: Annotated[
        Annotated[int, Field(ge=-2_147_483_648, le=2_147_483_647)] | None,
        Field(description="Exit status of a managed server's container."),
    ] = None
    time: Annotated[str, Field(description="When it began (UTC).", max_length=32)]


class ModelEndpointStatus(ApiModel):
    """What is known of a model."""

    observed_generation: Annotated[
        ObservedGeneration, Field(description="Generation of the spec this status is about.")
    ] = 0
    conditions: Annotated[
        list[Condition],
        Field(
            description="Ready says whether shards are started; the others say why not.",
            max_length=20,
        ),
        KeyedBy("type"),
    ] = []
    url: Annotated[
        str,
        Field(
            description="Address that shards ask; of a managed server its Service.", max_length=512
        ),
    ] = ""
    active_runs: Annotated[Count, Field(description="Unfinished runs that ask the model.")] = 0
    used_by: Annotated[
        list[DnsName],
        Field(description="Their names, the first ten.", max_length=SHOWN_RUNS),
    ] = []
    idle_since: Annotated[
        str | None, Field(description="When the last run needed it (UTC).", max_length=32)
    ] = None
    last_failure: Annotated[
        EndpointFailure | None, Field(description="The last time it could not be asked.")
    ] = None
    replicas: Annotated[Count, Field(description="Managed: servers that are wanted now.")] = 0
    ready_replicas: Annotated[Count, Field(description="Managed: servers that are up.")] = 0
