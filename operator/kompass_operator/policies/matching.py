"""When a value is within a limit: once in Python, once in CEL, for operator and API server. Pure.

Each test exists twice and says the same; tests/policy_cases.py is tried with both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from kompass_api.evalpolicy import EvalPolicySpec
from kompass_api.security import CodeExecution, Network, RemoteCode, exceeds

T = TypeVar("T")

_DIGEST: Final = r"@sha256:[0-9a-f]{64}$"


@dataclass(frozen=True)
class Limit(Generic[T]):
    """One field of a policy: whether it is set, and which values it permits."""

    field: str
    """Path below spec, which is also the rule's name: images.allowed."""
    of: Callable[[EvalPolicySpec], T | None]
    permits: Callable[[T, Any], bool]
    shown: Callable[[T], str]
    cel_permits: str
    """The same as CEL, about `value` and `limit`."""
    cel_shown: str = "string(limit)"
    cel_set: str = ""
    """Whether it is set, where `has` does not say it."""

    @property
    def cel_limit(self) -> str:
        """The field in CEL."""
        return f"params.spec.{self.field}"

    @property
    def cel_is_set(self) -> str:
        """Whether it is set, in CEL."""
        return self.cel_set or f"has({self.cel_limit})"


def is_image(allowed: Sequence[str], image: str) -> bool:
    """Whether an image is one of the patterns."""
    return any(
        re.fullmatch(pattern.replace(".", "[.]").replace("*", ".*"), image) for pattern in allowed
    )


def is_below(allowed: Sequence[str], uri: str) -> bool:
    """Whether a URI is one of the beginnings or lies below it."""
    return any(uri == prefix or uri.startswith(_folder(prefix)) for prefix in allowed)


def is_host(allowed: Sequence[str], host: str) -> bool:
    """Whether a host is named, or lies below a named domain."""
    return any(
        host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
        for pattern in allowed
    )


def _folder(prefix: str) -> str:
    return prefix if prefix.endswith("/") else f"{prefix}/"


def _listed(allowed: Sequence[str]) -> str:
    return ", ".join(allowed) or "none"


_CEL_LISTED: Final = "(size(limit) == 0 ? 'none' : limit.join(', '))"
_CEL_IMAGE: Final = (
    "limit.exists(p, value.matches('^' + p.replace('.', '[.]').replace('*', '.*') + '$'))"
)
_CEL_BELOW: Final = "limit.exists(p, value == p || value.startsWith(p.endsWith('/') ? p : p + '/'))"
_CEL_HOST: Final = (
    "value.matches('^[a-z0-9._:-]+$') && "
    "limit.exists(p, p.startsWith('*.') ? value.endsWith(p.substring(1)) : value == p)"
)


def images(field: str, of: Callable[[EvalPolicySpec], list[str] | None]) -> Limit[list[str]]:
    """Patterns of images."""
    return Limit(field, of, is_image, _listed, _CEL_IMAGE, _CEL_LISTED)


def prefixes(field: str, of: Callable[[EvalPolicySpec], list[str] | None]) -> Limit[list[str]]:
    """Beginnings of URIs."""
    return Limit(field, of, is_below, _listed, _CEL_BELOW, _CEL_LISTED)


def hosts(field: str, of: Callable[[EvalPolicySpec], list[str] | None]) -> Limit[list[str]]:
    """Hosts and domains."""
    return Limit(field, of, is_host, _listed, _CEL_HOST, _CEL_LISTED)


def names(field: str, of: Callable[[EvalPolicySpec], list[str] | None]) -> Limit[list[str]]:
    """Names as they are."""
    return Limit(
        field,
        of,
        lambda allowed, name: name in allowed,
        _listed,
        "value in limit",
        _CEL_LISTED,
    )


def at_most(field: str, of: Callable[[EvalPolicySpec], int | None]) -> Limit[int]:
    """A number that is not exceeded."""
    return Limit(
        field,
        of,
        lambda ceiling, number: number <= ceiling,
        lambda ceiling: f"at most {ceiling}",
        "value <= limit",
        "'at most ' + string(limit)",
    )


DIGEST_ONLY: Final = Limit[bool](
    "images.digestOnly",
    lambda spec: spec.images.digest_only or None,
    lambda _, image: re.search(_DIGEST, image) is not None,
    lambda _: "an image by digest (name@sha256:...)",
    f"value.matches('{_DIGEST}')",
    "'an image by digest (name@sha256:...)'",
    "params.spec.images.digestOnly",
)

NETWORK: Final = Limit[Network](
    "network",
    lambda spec: spec.network,
    lambda ceiling, wanted: not exceeds(wanted, ceiling),
    lambda ceiling: f"{ceiling} or less",
    "{'Online': 2, 'Restricted': 1, 'Offline': 0}[value] <= "
    "{'Online': 2, 'Restricted': 1, 'Offline': 0}[limit]",
    "limit + ' or less'",
)

CODE_EXECUTION: Final = Limit[CodeExecution](
    "codeExecution",
    lambda spec: spec.code_execution,
    lambda ceiling, wanted: ceiling is CodeExecution.SANDBOXED or wanted is CodeExecution.DENY,
    str,
    "limit == 'Sandboxed' || value == 'Deny'",
    "limit",
)

REMOTE_CODE: Final = Limit[RemoteCode](
    "trustRemoteCode",
    lambda spec: spec.trust_remote_code,
    lambda ceiling, trusts: ceiling is RemoteCode.ALLOW or trusts == "false",
    lambda ceiling: "true, pinned" if ceiling is RemoteCode.ALLOW else "false",
    "limit == 'Allow' || value == 'false'",
    "(limit == 'Allow' ? 'true, pinned' : 'false')",
)

QUEUE_REQUIRED: Final = Limit[bool](
    "queues.required",
    lambda spec: spec.queues.required or None,
    lambda _, name: name != "none",
    lambda _: "a queue's name",
    "value != 'none'",
    "'a queue\\'s name'",
    "params.spec.queues.required",
)
