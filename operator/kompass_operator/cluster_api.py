"""The cluster over HTTP: the official client's transport, without its generated classes.

The generated classes cost 110 MiB of memory, the transport 2 (docs/adr/0002-kubernetes-client.md).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import kopf
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration

from kompass_api.resources import API_VERSION
from kompass_operator.cluster import (
    AlreadyExists,
    ClusterError,
    Conflict,
    Denied,
    Invalid,
    Kind,
    Manifest,
    NamespaceEnds,
    NotFound,
    Propagation,
    QuotaExceeded,
    Unavailable,
    WatchedKind,
    WebhookDown,
)
from kompass_operator.names import MANAGER, RUN_LABEL
from kompass_operator.requests import kind_of

Heard = Callable[[str, str, str, float], None]
"""Told of each request: verb, resource, HTTP status (or `error`) and seconds."""

REQUEST_SECONDS: Final = 30.0
SILENT_SECONDS: Final = 150.0
_TOKEN: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_META: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "EvalRun": (f"/apis/{API_VERSION}", "evalruns"),
    "EvalSuite": (f"/apis/{API_VERSION}", "evalsuites"),
    "Job": ("/apis/batch/v1", "jobs"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Event": ("/api/v1", "events"),
}


async def load_configuration(kubeconfig: str | None = None) -> Configuration:
    """Where the API server is and how to log in: the pod's own account, else a kubeconfig."""
    loaded = Configuration()
    if kubeconfig is None and os.environ.get("KUBERNETES_SERVICE_HOST") and _TOKEN.is_file():
        config.load_incluster_config(client_configuration=loaded)  # type: ignore[no-untyped-call]
    else:
        await config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=kubeconfig, client_configuration=loaded
        )
    return loaded


async def connection_info() -> kopf.ConnectionInfo:
    """The same, for kopf's watches."""
    loaded = await load_configuration()
    header = await loaded.get_api_key_with_prefix("BearerToken")
    scheme, _, token = (header or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=loaded.host,
        ca_path=loaded.ssl_ca_cert,
        insecure=not loaded.verify_ssl,
        certificate_path=loaded.cert_file,
        private_key_path=loaded.key_file,
        scheme=scheme or None,
        token=token or None,
        proxy_url=loaded.proxy,
    )


class ApiCluster:
    """The real cluster."""

    def __init__(self, configuration: Configuration, heard: Heard | None = None) -> None:
        configuration.connection_pool_maxsize = 20
        self._heard = heard
        self._client = ApiClient(configuration)
        self._client.user_agent = MANAGER

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def plurals(self, group: str, version: str) -> set[str]:
        """Plural names of the kinds that a group's version has just now; none if it is unknown."""
        listed = await self._request("GET", "/apis")
        # The list of groups lags behind the groups themselves, and kopf goes by the list.
        if not any(held["name"] == group for held in listed["groups"]):
            return set()
        try:
            answer = await self._request("GET", f"/apis/{group}/{version}")
        except NotFound:
            return set()
        return {kind["name"] for kind in answer["resources"] if "/" not in kind["name"]}

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Manifest:
        """What is at a path."""
        return await self._request("GET", path, query=query)

    async def stream(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Manifest]:
        """The events of a watch, until it ends."""
        url = f"{path}?{urlencode(query)}"
        request = await self._client.param_serialize(
            "GET", url, header_params={"Accept": "application/json"}, auth_settings=["BearerToken"]
        )
        # Bookmarks come about once a minute: a stream that is silent for longer is dead.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=SILENT_SECONDS)
        try:
            answer = await self._client.call_api(*request, _request_timeout=timeout)
            async with answer.response as response:
                if response.status >= 400:  # noqa: PLR2004  (HTTP)
                    raise error_of(response.status, await response.read(), f"GET {path}")
                async for line in response.content:
                    yield dict(json.loads(line))
        except (TimeoutError, aiohttp.ClientError, OSError) as cause:
            message = f"GET {path}: {type(cause).__name__} {cause}"
            raise Unavailable(message) from cause

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The object as it was created."""
        path = _collection(kind, manifest["metadata"]["namespace"])
        return await self._request("POST", path, body=manifest)

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """The object as it is."""
        return await self._request("GET", f"{_collection(kind, namespace)}/{name}")

    async def delete_job(
        self, namespace: str, name: str, *, uid: str, propagation: Propagation
    ) -> None:
        """Delete this very Job; that it is gone already is as good."""
        await self._delete("Job", namespace, name, uid, propagation)

    async def delete_run(self, namespace: str, name: str, *, uid: str) -> None:
        """Delete this very EvalRun; that it is gone already is as good."""
        await self._delete("EvalRun", namespace, name, uid, "Background")

    async def _delete(
        self, kind: Kind, namespace: str, name: str, uid: str, propagation: Propagation
    ) -> None:
        body = {"propagationPolicy": propagation, "preconditions": {"uid": uid}}
        try:
            await self._request("DELETE", f"{_collection(kind, namespace)}/{name}", body=body)
        except (NotFound, Conflict):
            return

    async def delete_jobs(self, namespace: str, selector: str) -> None:
        """Delete the Jobs with these labels, and their pods."""
        await self._request(
            "DELETE",
            _collection("Job", namespace),
            query={"labelSelector": selector},
            body={"propagationPolicy": "Background"},
        )

    async def pods_of(self, namespace: str, job: str) -> list[Manifest]:
        """The pods of a Job."""
        query = {"labelSelector": f"batch.kubernetes.io/job-name={job}"}
        answer = await self._request("GET", f"/api/v1/namespaces/{namespace}/pods", query=query)
        return list(answer["items"])

    async def pods_with(self, namespace: str, selector: str) -> list[Manifest]:
        """The running pods with these labels."""
        query = {"labelSelector": selector, "fieldSelector": "status.phase=Running"}
        answer = await self._request("GET", f"/api/v1/namespaces/{namespace}/pods", query=query)
        return list(answer["items"])

    async def refusal_of(self, namespace: str, job_uid: str) -> str:
        """Why the Job controller may not create a pod, by the newest Event; empty if none says."""
        query = {"fieldSelector": f"involvedObject.uid={job_uid},reason=FailedCreate"}
        answer = await self._request("GET", _collection("Event", namespace), query=query)
        return newest_message(answer["items"])

    async def uids(self, kind: WatchedKind, namespace: str | None) -> set[str]:
        """UIDs of all EvalRuns, or of all Jobs of runs; of every namespace if none is named."""
        prefix, plural = _PATHS[kind]
        scope = f"namespaces/{namespace}/" if namespace is not None else ""
        query = {"labelSelector": RUN_LABEL} if kind == "Job" else {}
        answer = await self._request("GET", f"{prefix}/{scope}{plural}", query=query, accept=_META)
        # A list of none may come as null.
        return {item["metadata"]["uid"] for item in answer["items"] or ()}

    async def apply_status(self, run: Manifest) -> Manifest:
        """The run with its new status."""
        meta = run["metadata"]
        return await self._request(
            "PATCH",
            f"{_collection(run['kind'], meta['namespace'])}/{meta['name']}/status",
            query={"fieldManager": MANAGER, "force": "true"},
            body=run,
            content_type="application/apply-patch+yaml",
        )

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Manifest:
        url = f"{path}?{urlencode(query)}" if query else path
        headers = {"Accept": accept, "Content-Type": content_type}
        began, code = time.monotonic(), "error"
        try:
            request = await self._client.param_serialize(
                method, url, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
            response = await self._client.call_api(*request, _request_timeout=timeout)
            content = await response.read()  # type: ignore[no-untyped-call]
            code = str(response.status)
        except (TimeoutError, aiohttp.ClientError, OSError) as cause:
            message = f"{method} {path}: {type(cause).__name__} {cause}"
            raise Unavailable(message) from cause
        finally:
            self._tell(method, path, code, time.monotonic() - began)
        if response.status < 400:  # noqa: PLR2004  (HTTP)
            return dict(json.loads(content))
        later = response.headers.get("Retry-After", "")
        raise error_of(response.status, content, f"{method} {path}", later=later)

    def _tell(self, method: str, path: str, code: str, seconds: float) -> None:
        if self._heard is not None:
            kind = kind_of(method, path)
            self._heard(kind.verb, kind.resource, code, seconds)


def newest_message(events: Sequence[Manifest]) -> str:
    """What the Event said that happened last."""
    told = [(str(event.get("lastTimestamp") or ""), event.get("message", "")) for event in events]
    return max(told, default=("", ""))[1]


def error_of(status: int, content: bytes, request: str, *, later: str = "") -> ClusterError:
    """What an answer of the API server means; `later` is its Retry-After, in seconds."""
    answer = _status(content)
    said = answer.get("message") or content[:200].decode(errors="replace")
    message = f"{request}: {status} {said}"
    if answer.get("reason") == "Conflict":
        return Conflict(message)
    if status == 403:  # noqa: PLR2004
        return _refusal(answer, message)
    if "failed calling webhook" in said:
        return WebhookDown(message)
    kinds: Mapping[int, type[ClusterError]] = {
        400: Invalid,
        404: NotFound,
        409: AlreadyExists,
        422: Invalid,
    }
    if status in kinds:
        return kinds[status](message)
    return Unavailable(message, later_seconds=float(later) if later.isdecimal() else 0.0)


def _refusal(answer: Mapping[str, Any], message: str) -> ClusterError:
    causes = (answer.get("details") or {}).get("causes") or []
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        return NamespaceEnds(message)
    if "exceeded quota" in message:
        return QuotaExceeded(message)
    # Admission webhooks and policies: the manifest will not be any better next time.
    refused = ("violates PodSecurity", "is forbidden: maximum", "denied the request")
    if any(words in message for words in refused):
        return Invalid(message)
    return Denied(message)


def _status(content: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _collection(kind: str, namespace: str) -> str:
    prefix, plural = _PATHS[kind]
    return f"{prefix}/namespaces/{namespace}/{plural}"
