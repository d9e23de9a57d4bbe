"""How the operator is set up: read once from KOMPASS_* variables, then passed down."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kompass_api.resources import DnsLabel, DnsName
from kompass_api.sources import S3Connection, Storage

Names = Annotated[tuple[DnsName, ...], NoDecode]
"""Names, as a JSON list or separated by commas."""


class Settings(BaseSettings):
    """The operator's settings; every field is a variable KOMPASS_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="KOMPASS_", frozen=True, extra="ignore")

    watch_namespaces: Names = ()
    """Namespaces to watch. Empty: the whole cluster."""

    policies: bool = True
    """Whether EvalPolicies count; without the rights to see them nothing could be accepted."""

    worker_image: Annotated[str, Field(min_length=1)]
    worker_image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    worker_image_pull_secrets: Names = ()
    worker_service_account: DnsName = "default"
    worker_env: dict[str, str] = {}
    """More environment variables of every worker pod, as a JSON object: proxies, mirrors."""

    network_policies: bool = False
    """Whether each run gets a NetworkPolicy. Without, no run may ask for less than Online."""
    network_offline: tuple[dict[str, Any], ...] = ()
    """Egress rules of runs that are Offline, as in a NetworkPolicy: storage and mirrors."""
    network_ingress: tuple[dict[str, Any], ...] = ()
    """Who may reach a run's pods, as peers in a NetworkPolicy."""

    storage_uri: str | None = None
    """Where runs without spec.storage keep their results."""
    storage_endpoint: str | None = None
    storage_region: str = "us-east-1"
    storage_path_style: bool = True
    storage_credentials_secret: DnsLabel | None = None

    small_cpu: str = "250m"
    """What plan and summarize Jobs ask for."""
    small_memory: str = "512Mi"
    small_memory_limit: str = "4Gi"
    termination_grace_seconds: Annotated[int, Field(ge=1)] = 120

    reference_grace_seconds: Annotated[float, Field(ge=0)] = 300
    """How long an endpoint or benchmark may be missing."""
    pod_grace_seconds: Annotated[float, Field(ge=0)] = 300
    """How long a pod may wait for an image or a Secret that does not exist."""
    image_grace_seconds: Annotated[float, Field(ge=0)] = 900
    """How long a pod may wait for a registry that does not answer."""
    pod_check_seconds: Annotated[float, Field(gt=0)] = 10
    """How long a pod may start before the operator looks at it, and pause between looks."""

    no_progress_seconds: Annotated[float, Field(gt=0)] = 1800
    """After which running shards that answer nothing are called stuck."""
    node_lost_grace_seconds: Annotated[float, Field(ge=0)] = 300
    """How long a pod may be there after it should have ended, before its node counts as lost."""

    status_interval_seconds: Annotated[float, Field(ge=0)] = 10
    """Least time between two writes of a status; a run's beginning and end are told at once."""
    resync_seconds: Annotated[float, Field(gt=0)] = 120
    queue_check_seconds: Annotated[float, Field(gt=0)] = 60
    """Between two looks whether Kueue was installed, or may be read by now."""
    sweep_seconds: Annotated[float, Field(gt=0)] = 600
    """Between two looks whether the watches missed a deletion."""
    workers: Annotated[int, Field(ge=1, le=64)] = 8
    liveness_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """0 switches the probe off."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    """Where Prometheus finds /metrics; 0 switches it off."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("watch_namespaces", "worker_image_pull_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("storage_uri", "storage_endpoint", "storage_credentials_secret", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _storage_is_valid(self) -> Settings:
        # At the start, in the operator's own log, rather than in every run's status.
        _ = self.storage
        return self

    @property
    def storage(self) -> Storage | None:
        """Where runs without spec.storage keep their results."""
        if self.storage_uri is None:
            return None
        return Storage(
            uri=self.storage_uri,
            s3=S3Connection(
                endpoint=self.storage_endpoint,
                region=self.storage_region,
                path_style=self.storage_path_style,
                credentials_secret=self.storage_credentials_secret,
            ),
        )
