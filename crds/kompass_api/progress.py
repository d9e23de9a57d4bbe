"""What a shard's pod tells of itself while it works; nothing depends on it."""

from __future__ import annotations

from typing import Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from kompass_api.resources import ApiModel

PROGRESS_PORT: Final = 8082
"""Where a shard's pod serves /progress and /metrics."""
PROGRESS_PATH: Final = "/progress"
PROGRESS_PORT_NAME: Final = "progress"


class ShardProgress(ApiModel):
    """How far a shard is, in whole numbers."""

    # A pod of the next version may tell more.
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        extra="ignore",
        frozen=True,
    )

    shard: int = Field(ge=0, le=1_000_000)
    done: int = Field(ge=0, le=2_000_000_000)
    """Items with an answer, earlier attempts' included."""
    planned: int = Field(ge=0, le=2_000_000_000)
    """Items of the shard; 0 before it knows."""
    items_per_minute: int = Field(ge=0, le=2_000_000_000)
    """Over the last minute."""
    eta_seconds: int | None = Field(default=None, ge=0, le=2_000_000_000)
    """Until the last answer, at this rate."""
