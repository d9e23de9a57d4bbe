"""Keys of Secrets, as the environment of the pod holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kompass_api.credentials import HUB_KEYS, S3_KEYS, variable_of
from kompass_api.outcomes import FailureClass
from kompass_worker.errors import AccessDenied


class S3Keys(NamedTuple):
    """What signs requests to S3."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return "S3Keys(...)"


class Credentials:
    """Reads keys out of the environment it is given; shows none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def s3(self, secret: str | None) -> S3Keys | None:
        """The keys of a Secret; None without one: the pod's own identity is used then."""
        if secret is None:
            return None
        return S3Keys(*(self._value(secret, key) for key in S3_KEYS))

    def hub_token(self, secret: str | None) -> str | None:
        """The hub's token in a Secret; None without one."""
        return None if secret is None else self._value(secret, HUB_KEYS[0])

    def _value(self, secret: str, key: str) -> str:
        variable = variable_of(secret, key)
        value = self._environment.get(variable, "")
        if not value:
            raise AccessDenied(
                f"Secret {secret!r}: key {key} is not there or empty (environment variable "
                f"{variable}); put it into the Secret, or with `kompass run` export the variable",
                failure=FailureClass.SECRET_MISSING,
            )
        return value
