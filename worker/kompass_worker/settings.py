"""Settings of a worker process, read once from the environment."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_TERMINATION_LOG: Final = Path("/dev/termination-log")
"""Kubernetes' default; the file is there in every container."""


class WorkerSettings(BaseSettings):
    """What a pod may set by environment variables such as KOMPASS_PART_ITEMS."""

    model_config = SettingsConfigDict(env_prefix="KOMPASS_", frozen=True, extra="ignore")

    work_dir: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()) / "kompass")
    """Fetched models and data; may be a cache that pods share."""
    pvc_root: Path = Path("/mnt/pvc")
    """`pvc://claim/path` is mounted at `<pvc_root>/<claim>`."""
    termination_log: Path = DEFAULT_TERMINATION_LOG
    """Where the termination message goes, if the file is there."""
    part_items: PositiveInt = 512
    """Answers after which a part is committed."""
    part_seconds: PositiveFloat = 30.0
    """Seconds after which a part is committed."""
    progress_seconds: PositiveFloat = 5.0
    """Seconds between progress lines."""
    progress_port: int | None = Field(default=None, ge=1, le=65535)
    """Where a shard tells how far it is (/progress, /metrics); without one it does not."""
    storage_patience_seconds: PositiveFloat = 600.0
    """How long storage that does not answer is waited for."""
    preflight_patience_seconds: PositiveFloat = 90.0
    """The same for the first request of a plan, where nothing is lost yet."""
    job_uid: str = ""
    """UID of the Job whose pod this is; empty outside a cluster."""
    image: str | None = None
    """Image of the pod, for the lineage."""
    hub_endpoint: str | None = Field(default=None, validation_alias="HF_ENDPOINT")
    """A mirror of the hub."""
    log_level: str = "INFO"
