"""The Job that tells somebody of a run's end, with that one Secret mounted. Pure."""

from __future__ import annotations

from typing import Any, Final

from kompass_api.conditions import ConditionType
from kompass_api.evalrun import EvalRun
from kompass_api.notifications import TOLD_SCORES, Notice, Notification
from kompass_api.outcomes import CANNOT_WORK
from kompass_api.status import EvalRunStatus
from kompass_operator.cluster import Manifest
from kompass_operator.conditions import held
from kompass_operator.decisions.notifying import end_of
from kompass_operator.manifests.owners import owner_reference
from kompass_operator.manifests.pods import CONTAINER, USER
from kompass_operator.names import Stage, labels, notice_name
from kompass_operator.settings import Settings

KEYS_FOLDER: Final = "/etc/kompass/notification"
TRIES: Final = 6
DEADLINE_SECONDS: Final = 3600


def notice_job(
    run: EvalRun, notification: Notification, status: EvalRunStatus, settings: Settings
) -> Manifest:
    """The Job of one notification."""
    meta = run.metadata
    own = labels(meta, Stage.NOTIFY)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": notice_name(meta, notification, status),
            "namespace": meta.namespace,
            "labels": own,
            "ownerReferences": [owner_reference(meta)],
        },
        "spec": {
            "backoffLimit": TRIES - 1,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {"rules": _rules()},
            "template": {
                "metadata": {"labels": own},
                "spec": _pod(run, notification, status, settings),
            },
        },
    }


def notice_of(run: EvalRun, notification: Notification, status: EvalRunStatus) -> Notice:
    """What is told."""
    verdict = held(status, ConditionType.SUCCEEDED)
    results = status.results
    return Notice(
        id=f"{run.metadata.uid}-{status.attempt}-{notification.name}",
        namespace=run.metadata.namespace,
        run=run.metadata.name,
        end=end_of(status),
        reason=verdict.reason if verdict is not None else "",
        message=verdict.message if verdict is not None else "",
        report=results.uri if results is not None else "",
        headline=results.headline[:TOLD_SCORES] if results is not None else [],
        started=status.start_time or "",
        ended=status.completion_time or "",
    )


def _pod(
    run: EvalRun, notification: Notification, status: EvalRunStatus, settings: Settings
) -> Manifest:
    notice = notice_of(run, notification, status).model_dump_json(by_alias=True)
    pulls = [{"name": name} for name in settings.worker_image_pull_secrets]
    return {
        "restartPolicy": "Never",
        "serviceAccountName": settings.worker_service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"imagePullSecrets": pulls} if pulls else {}),
        "containers": [_container(notification, notice, settings)],
        "volumes": [
            {"name": "keys", "secret": {"secretName": notification.secret_name}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }


def _container(notification: Notification, notice: str, settings: Settings) -> dict[str, Any]:
    values = {**settings.worker_env, "KOMPASS_NOTICE": notice}
    return {
        "name": CONTAINER,
        "image": settings.worker_image,
        "imagePullPolicy": settings.worker_image_pull_policy,
        "command": [
            "kompass-worker",
            "notify",
            "--type",
            notification.type.value,
            "--keys",
            KEYS_FOLDER,
        ],
        # A dollar in a message is no reference to another variable.
        "env": [{"name": key, "value": value.replace("$", "$$")} for key, value in values.items()],
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"memory": settings.small_memory},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  (a mount, not a file)
        ],
    }


def _rules() -> list[Manifest]:
    """A drain costs no try; a service that refuses is not asked again."""
    return [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {
            "action": "FailJob",
            "onExitCodes": {
                "containerName": CONTAINER,
                "operator": "In",
                "values": sorted(int(code) for code in CANNOT_WORK),
            },
        },
    ]
