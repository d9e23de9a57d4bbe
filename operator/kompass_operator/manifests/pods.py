"""The pod of a stage: what it is told, what it may do, and where it may run. Pure.

A pod has no service-account token and learns of its work from one mounted file. It gets the
Secrets and volumes of the sources that its stage reads, and no others.
"""

from __future__ import annotations

import hashlib
from typing import Final

from kompass_api.credentials import api_keys_of, secrets_of, variable_of
from kompass_api.modelendpoint import Device, ModelEndpointSpec
from kompass_api.placement import Gpu
from kompass_api.podoverlay import PodOverlay
from kompass_api.progress import PROGRESS_PORT, PROGRESS_PORT_NAME
from kompass_api.rundocument import RUN_DOCUMENT_KEY, RunDocument
from kompass_api.sources import Source
from kompass_operator.cluster import Manifest
from kompass_operator.manifests import overlays
from kompass_operator.names import Stage
from kompass_operator.settings import Settings

CONTAINER: Final = "worker"
USER: Final = 10001
DOCUMENT_FOLDER: Final = "/etc/kompass/run"
VOLUME_FOLDER: Final = "/mnt/pvc"
_JOB_UID: Final[Manifest] = {
    "name": "KOMPASS_JOB_UID",
    "valueFrom": {
        "fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"}
    },
}
"""A shard counts its interruptions in one Job: those of an earlier one were somebody's wish."""
_CLAIM_SCHEME: Final = "pvc://"


def pod_spec(
    document: RunDocument,
    config_map_name: str,
    settings: Settings,
    *,
    arguments: list[str],
    stage: Stage,
    model: str | None = None,
) -> Manifest:
    """The pod of a stage; of a shard, for its model. Where it may run is added to it."""
    part = part_for(document, stage, model)
    endpoint = endpoint_for(document, stage, model)
    overlay = endpoint.pod if endpoint is not None else None
    image = (endpoint.image if endpoint is not None else None) or settings.worker_image
    claims = claims_of(part)
    return {
        "restartPolicy": "Never",
        "serviceAccountName": settings.worker_service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": settings.termination_grace_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **_pull_secrets(endpoint, settings),
        "containers": [
            {
                "name": CONTAINER,
                "image": image,
                "imagePullPolicy": settings.worker_image_pull_policy,
                "command": ["kompass-worker", *arguments],
                "env": [
                    *_plain_environment(image, settings),
                    *_progress_environment(stage),
                    *([_JOB_UID] if stage is Stage.SHARD else ()),
                    *_secret_environment(part, keys=stage is Stage.SHARD),
                ],
                **_progress_ports(stage),
                "resources": _resources(endpoint, settings),
                # Without a termination message, the end of the log says how a pod died.
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": [
                    *_own_mounts(),
                    *(_claim_mount(claim) for claim in claims),
                    *overlays.mounts(overlay),
                ],
            }
        ],
        "volumes": [
            *_own_volumes(config_map_name, overlay),
            *(_claim_volume(claim) for claim in claims),
            *overlays.volumes(overlay),
        ],
    }


def endpoint_for(
    document: RunDocument, stage: Stage, model: str | None
) -> ModelEndpointSpec | None:
    """The endpoint that a shard loads or asks; None for the other stages."""
    part = part_for(document, stage, model)
    return part.models[0].spec if stage is Stage.SHARD else None


def part_for(document: RunDocument, stage: Stage, model: str | None) -> RunDocument:
    """The document with the models that a stage reads: all, its own, or none."""
    if stage is Stage.PLAN:
        return document
    kept = [held for held in document.models if stage is Stage.SHARD and held.name == model]
    return document.model_copy(update={"models": kept})


def claims_of(document: RunDocument) -> list[str]:
    """Every PersistentVolumeClaim that the document's sources name, sorted."""
    return sorted(
        {
            source.uri.removeprefix(_CLAIM_SCHEME).partition("/")[0]
            for source in _sources(document)
            if source.uri.startswith(_CLAIM_SCHEME)
        }
    )


def gpu_of(endpoint: ModelEndpointSpec) -> Gpu | None:
    """The GPUs of a shard: one where the device is CUDA and nothing else is said.

    A served model runs elsewhere and needs none.
    """
    if endpoint.backend.is_served:
        return None
    if endpoint.gpu is not None or endpoint.device is not Device.CUDA:
        return endpoint.gpu
    return Gpu()


def _sources(document: RunDocument) -> list[Source]:
    return [
        *(source for model in document.models for source in model.spec.sources),
        *(source for benchmark in document.benchmarks for source in benchmark.sources),
    ]


def _plain_environment(image: str, settings: Settings) -> list[Manifest]:
    values = {
        **settings.worker_env,
        "KOMPASS_WORK_DIR": "/work",
        "KOMPASS_IMAGE": image,
        "HOME": "/work/home",
        "HF_HOME": "/work/huggingface",
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def _progress_environment(stage: Stage) -> list[Manifest]:
    """Where a shard tells how far it is."""
    if stage is not Stage.SHARD:
        return []
    return [{"name": "KOMPASS_PROGRESS_PORT", "value": str(PROGRESS_PORT)}]


def _progress_ports(stage: Stage) -> Manifest:
    if stage is not Stage.SHARD:
        return {}
    return {"ports": [{"name": PROGRESS_PORT_NAME, "containerPort": PROGRESS_PORT}]}


def _secret_environment(document: RunDocument, *, keys: bool) -> list[Manifest]:
    """Keys of sources, and of served models where the stage asks them."""
    api_keys = api_keys_of(document) if keys else []
    return [
        {
            "name": variable_of(secret, key),
            "valueFrom": {"secretKeyRef": {"name": secret, "key": key}},
        }
        for secret, key in sorted({*secrets_of(document), *api_keys})
    ]


def _resources(endpoint: ModelEndpointSpec | None, settings: Settings) -> Manifest:
    if endpoint is None:
        return {
            "requests": {"cpu": settings.small_cpu, "memory": settings.small_memory},
            "limits": {"memory": settings.small_memory_limit},
        }
    asked = endpoint.resources.model_dump(mode="json", by_alias=True, exclude_none=True)
    gpu = gpu_of(endpoint)
    if gpu is not None:
        for amounts in (asked["requests"], asked["limits"]):
            amounts[gpu.resource_name] = str(gpu.count)
    return {kind: amounts for kind, amounts in asked.items() if amounts}


def _pull_secrets(endpoint: ModelEndpointSpec | None, settings: Settings) -> Manifest:
    own = endpoint.image_pull_secrets if endpoint is not None else []
    names = dict.fromkeys((*own, *settings.worker_image_pull_secrets))
    return {"imagePullSecrets": [{"name": name} for name in names]} if names else {}


def _own_mounts() -> list[Manifest]:
    return [
        {"name": "run", "mountPath": DOCUMENT_FOLDER, "readOnly": True},
        {"name": "work", "mountPath": "/work"},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  (a mount, not a file)
        {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108
    ]


def _own_volumes(config_map_name: str, overlay: PodOverlay | None) -> list[Manifest]:
    document = {"key": RUN_DOCUMENT_KEY, "path": RUN_DOCUMENT_KEY}
    return [
        {"name": "run", "configMap": {"name": config_map_name, "items": [document]}},
        {"name": "work", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
        overlays.shared_memory(overlay),
    ]


def _claim_mount(claim: str) -> Manifest:
    return {
        "name": _volume_name(claim),
        "mountPath": f"{VOLUME_FOLDER}/{claim}",
        "readOnly": True,
    }


def _claim_volume(claim: str) -> Manifest:
    return {
        "name": _volume_name(claim),
        "persistentVolumeClaim": {"claimName": claim, "readOnly": True},
    }


def _volume_name(claim: str) -> str:
    # A claim's name may have dots and 253 characters, a volume's not.
    return f"pvc-{hashlib.sha256(claim.encode()).hexdigest()[:16]}"
