"""Keys of Secrets, as the environment of the pod holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from kompass_api.credentials import HUB_KEYS, S3_KEYS, api_key_names, variable_of
from kompass_api.modelendpoint import ModelEndpointSpec
from kompass_api.outcomes import FailureClass
from kompass_worker.errors import AccessDenied

# Any other variable may hold what no server but its own should see, and a manifest names it.
_OWN_VARIABLES: Final = ("API_KEY", "API_SECRET", "APP_ID")


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

    def api_keys(self, endpoint: ModelEndpointSpec) -> tuple[str, ...]:
        """The keys of a served model, in the order of `api_key_names`; empty without a Secret."""
        return tuple(self._api_key(*names) for names in api_key_names(endpoint))

    def _api_key(self, secret: str, key: str) -> str:
        """A person's own variable serves as well, if its name says that it is for this."""
        own = self._environment.get(key, "") if key.endswith(_OWN_VARIABLES) else ""
        return own if own and not self._holds(secret, key) else self._value(secret, key)

    def _holds(self, secret: str, key: str) -> bool:
        return bool(self._environment.get(variable_of(secret, key)))

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
