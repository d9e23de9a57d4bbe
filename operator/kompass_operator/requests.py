"""What a request to the API server is about, as its audit log would say. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

_NAMED_VERBS: Final = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
_API_PARTS: Final = {"api": 2, "apis": 3}
"""Path segments before the resource: api/v1, apis/group/version."""
_WITH_SUBRESOURCE: Final = 3


class RequestKind(NamedTuple):
    """Verb, resource (with its subresource) and namespace of a request."""

    verb: str
    resource: str
    namespace: str | None


def kind_of(method: str, path: str, *, watch: bool = False) -> RequestKind:
    """What a request is about; one outside the resources counts as `discovery`."""
    parts = [part for part in path.split("?", 1)[0].split("/") if part]
    rest = parts[_API_PARTS.get(parts[0] if parts else "", len(parts)) :]
    namespace = None
    if rest[:1] == ["namespaces"] and len(rest) > 2:  # noqa: PLR2004  (namespaces, name, resource)
        namespace, rest = rest[1], rest[2:]
    if not rest:
        return RequestKind("get", "discovery", None)
    resource = f"{rest[0]}/{rest[2]}" if len(rest) >= _WITH_SUBRESOURCE else rest[0]
    return RequestKind(_verb(method, named=len(rest) > 1, watch=watch), resource, namespace)


def _verb(method: str, *, named: bool, watch: bool) -> str:
    if method == "GET":
        return "watch" if watch else ("get" if named else "list")
    if method == "DELETE" and not named:
        return "deletecollection"
    return _NAMED_VERBS.get(method, method.lower())
