"""Right and wrong ModelEndpoint manifests, with what must be said about the wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from manifest_cases import COMMIT, DIGEST, LABEL, URI, Wrong

_TERM: Final = (
    "spec.placement.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
    ".nodeSelectorTerms[0]"
)


def _required(requirement: Mapping[str, object]) -> Mapping[str, object]:
    terms = [{"matchExpressions": [requirement]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}}


BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    "hub-token-of-another-namespace": Wrong(
        "ModelEndpoint",
        {"spec/source/tokenSecret": "other/hub"},
        "spec.source.tokenSecret",
        f"found other/hub; {LABEL}",
    ),
    "endpoint-name-with-dots": Wrong(
        "ModelEndpoint", {"metadata/name": "llama-3.1"}, "metadata.name", "must be a DNS label"
    ),
    "meta-template-in-which-nobody-answers": Wrong(
        "ModelEndpoint",
        {"spec/modelType": "Base", "spec/metaTemplate": {"rounds": [{"role": "HUMAN"}]}},
        "spec.metaTemplate.rounds",
        "needs one role with generate: true",
    ),
    "meta-template-with-a-role-in-both-lists": Wrong(
        "ModelEndpoint",
        {
            "spec/modelType": "Base",
            "spec/metaTemplate": {
                "rounds": [{"role": "BOT", "generate": True}],
                "reservedRoles": [{"role": "BOT"}],
            },
        },
        "spec.metaTemplate.reservedRoles",
        "repeats a role of metaTemplate.rounds: keep one of them",
    ),
    "meta-template-of-a-chat-model-with-a-begin": Wrong(
        "ModelEndpoint",
        {"spec/metaTemplate": {"begin": "<s>", "rounds": [{"role": "BOT", "generate": True}]}},
        "spec.metaTemplate",
        "for modelType Chat remove them, or use chatTemplate.systemPrompt",
    ),
    "chat-template-of-a-base-model": Wrong(
        "ModelEndpoint",
        {"spec/modelType": "Base", "spec/chatTemplate": {"systemPrompt": "Be brief."}},
        "spec.chatTemplate",
        "chatTemplate belongs to modelType Chat",
    ),
    "source-of-unknown-scheme": Wrong(
        "ModelEndpoint", {"spec/source/uri": "gs://models/llama"}, "spec.source.uri", URI
    ),
    "source-without-scheme": Wrong(
        "ModelEndpoint", {"spec/source/uri": "meta/llama"}, "spec.source.uri", URI
    ),
    "source-is-a-web-page": Wrong(
        "ModelEndpoint",
        {"spec/source/uri": "https://huggingface.co/meta/llama"},
        "spec.source.uri",
        URI,
    ),
    "source-file-is-relative": Wrong(
        "ModelEndpoint", {"spec/source/uri": "file://models"}, "spec.source.uri", "file:///folder"
    ),
    "source-leaves-its-claim": Wrong(
        "ModelEndpoint",
        {"spec/source/uri": "pvc://models/../../etc"},
        "spec.source.uri",
        "must not contain '..': write the folder out",
    ),
    "source-is-a-data-set": Wrong(
        "ModelEndpoint",
        {"spec/source/uri": "hf://datasets/acme/trivia"},
        "spec.source.uri",
        "a model on the hub is hf://owner/name",
    ),
    "revision-of-a-bucket": Wrong(
        "ModelEndpoint",
        {"spec/source": {"uri": "s3://models/llama", "revision": "main"}},
        "spec.source.revision",
        "revision belongs to hf:// sources: remove it, or pin other sources with digest",
    ),
    "revision-with-a-space": Wrong(
        "ModelEndpoint",
        {"spec/source/revision": "my branch"},
        "spec.source.revision",
        "revision must be a branch, tag or commit on the hub",
    ),
    "token-for-a-bucket": Wrong(
        "ModelEndpoint",
        {"spec/source": {"uri": "s3://models/llama", "tokenSecret": "hub"}},
        "spec.source.tokenSecret",
        "tokenSecret belongs to hf:// sources: remove it; s3:// takes s3.credentialsSecret",
    ),
    "connection-for-the-hub": Wrong(
        "ModelEndpoint",
        {"spec/source/s3": {"credentialsSecret": "s3"}},
        "spec.source.s3",
        "s3 belongs to s3:// sources: remove it",
    ),
    "digest-too-short": Wrong(
        "ModelEndpoint",
        {"spec/source/digest": "sha256:abc"},
        "spec.source.digest",
        "use sha256: and 64 hexadecimal digits",
    ),
    "remote-code-of-a-branch": Wrong(
        "ModelEndpoint",
        {"spec/trustRemoteCode": True, "spec/source/revision": "main"},
        "spec.trustRemoteCode",
        "set source.revision to a full commit id (40 hexadecimal digits)",
    ),
    "remote-code-of-anything": Wrong(
        "ModelEndpoint",
        {"spec/trustRemoteCode": True},
        "spec.trustRemoteCode",
        "set source.revision to a full commit id (40 hexadecimal digits)",
    ),
    "remote-code-of-an-unpinned-bucket": Wrong(
        "ModelEndpoint",
        {"spec/trustRemoteCode": True, "spec/source": {"uri": "s3://models/llama"}},
        "spec.trustRemoteCode",
        "set source.digest, or trustRemoteCode to false",
    ),
    "gpu-on-cpu": Wrong(
        "ModelEndpoint",
        {"spec/device": "CPU", "spec/gpu": {"count": 1}},
        "spec.gpu",
        "gpu belongs to device CUDA: remove gpu, or set device to CUDA",
    ),
    "gpu-resource-with-space": Wrong(
        "ModelEndpoint",
        {"spec/gpu": {"resourceName": "nvidia gpu"}},
        "spec.gpu.resourceName",
        "such as nvidia.com/gpu",
    ),
    "memory-in-words": Wrong(
        "ModelEndpoint",
        {"spec/resources": {"limits": {"memory": "8 GB"}}},
        "spec.resources.limits.memory",
        "use a quantity such as 2, 500m or 8Gi",
    ),
    "negative-cpu": Wrong(
        "ModelEndpoint",
        {"spec/resources": {"requests": {"cpu": -1}}},
        "spec.resources.requests.cpu",
        "use a quantity such as 2, 500m or 8Gi",
    ),
    "node-label-key-with-space": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"nodeSelector": {"gpu type": "a100"}}},
        "spec.placement.nodeSelector",
        "use a qualified name",
    ),
    "node-label-value-with-space": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"nodeSelector": {"gpu": "a 100"}}},
        "spec.placement.nodeSelector[gpu]",
        "use letters, digits, '-', '_' and '.'",
    ),
    "toleration-exists-with-value": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}},
        "spec.placement.tolerations[0].value",
        "operator Exists takes no value: remove value, or use operator Equal",
    ),
    "toleration-equal-without-key": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"tolerations": [{"value": "b"}]}},
        "spec.placement.tolerations[0]",
        "operator Equal needs a key: set key, or use operator Exists",
    ),
    "affinity-in-nothing": Wrong(
        "ModelEndpoint",
        {"spec/placement": _required({"key": "gpu", "operator": "In"})},
        f"{_TERM}.matchExpressions[0].values",
        "In and NotIn need values, Exists and DoesNotExist take none",
    ),
    "affinity-exists-with-values": Wrong(
        "ModelEndpoint",
        {"spec/placement": _required({"key": "gpu", "operator": "Exists", "values": ["a"]})},
        f"{_TERM}.matchExpressions[0].values",
        "In and NotIn need values, Exists and DoesNotExist take none",
    ),
    "affinity-above-a-word": Wrong(
        "ModelEndpoint",
        {"spec/placement": _required({"key": "gpu", "operator": "Gt", "values": ["many"]})},
        f"{_TERM}.matchExpressions[0].values",
        "In and NotIn need values, Exists and DoesNotExist take none",
    ),
    "product-of-another-vendor": Wrong(
        "ModelEndpoint",
        {"spec/gpu": {"resourceName": "amd.com/gpu", "product": "MI300X"}},
        "spec.gpu.product",
        "product is a label of NVIDIA GPUs",
    ),
    "product-said-twice": Wrong(
        "ModelEndpoint",
        {
            "spec/gpu": {"product": "NVIDIA-A100"},
            "spec/placement": {"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100"}},
        },
        "spec.gpu.product",
        "both set nvidia.com/gpu.product: remove one",
    ),
    "label-of-kubernetes": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"labels": {"app.kubernetes.io/name": "mine"}}},
        "spec.pod.labels",
        "keys of kubernetes.io, k8s.io and kompass.dev are reserved",
    ),
    "label-of-kompass": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"labels": {"kompass.dev/run": "other"}}},
        "spec.pod.labels",
        "keys of kubernetes.io, k8s.io and kompass.dev are reserved",
    ),
    "annotation-of-kueue": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"annotations": {"kueue.x-k8s.io/workload": "other"}}},
        "spec.pod.annotations",
        "podset-required-topology and its like may be set",
    ),
    "volume-of-no-kind": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"volumes": [{"name": "a", "mountPath": "/cache"}]}},
        "spec.pod.volumes[0]",
        "a volume is one of persistentVolumeClaim, emptyDir and csi",
    ),
    "volume-of-two-kinds": Wrong(
        "ModelEndpoint",
        {
            "spec/pod": {
                "volumes": [
                    {
                        "name": "a",
                        "mountPath": "/cache",
                        "emptyDir": {},
                        "csi": {"driver": "csi.example.com"},
                    }
                ]
            }
        },
        "spec.pod.volumes[0]",
        "set exactly one",
    ),
    "volume-over-the-system": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"volumes": [{"name": "a", "mountPath": "/usr/lib", "emptyDir": {}}]}},
        "spec.pod.volumes[0].mountPath",
        "mountPath must be at or below /cache",
    ),
    "volume-over-claims": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"volumes": [{"name": "a", "mountPath": "/mnt/pvc/x", "emptyDir": {}}]}},
        "spec.pod.volumes[0].mountPath",
        "mountPath must be at or below /cache",
    ),
    "volumes-in-one-place": Wrong(
        "ModelEndpoint",
        {
            "spec/pod": {
                "volumes": [
                    {"name": "a", "mountPath": "/cache", "emptyDir": {}},
                    {"name": "b", "mountPath": "/cache", "emptyDir": {}},
                ]
            }
        },
        "spec.pod.volumes",
        "two volumes have one mountPath",
    ),
    "image-with-space": Wrong(
        "ModelEndpoint",
        {"spec/image": "kompass worker"},
        "spec.image",
        "image must be an image reference such as",
    ),
    "pull-secret-in-capitals": Wrong(
        "ModelEndpoint",
        {"spec/imagePullSecrets": ["Registry"]},
        "spec.imagePullSecrets[0]",
        "use lower-case letters, digits, '-' and '.'",
    ),
    "runtime-class-in-capitals": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"runtimeClassName": "NVIDIA"}},
        "spec.placement.runtimeClassName",
        "use lower-case letters, digits, '-' and '.'",
    ),
}
"""Broken rules of ours: the API server and pydantic use the same words."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    "folder-of-the-node": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"volumes": [{"name": "a", "mountPath": "/data", "hostPath": {"path": "/"}}]}},
        "spec.pod.volumes[0].hostPath",
        "unknown field",
    ),
    "network-of-the-node": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"hostNetwork": True}},
        "spec.pod.hostNetwork",
        "unknown field",
    ),
    "another-container": Wrong(
        "ModelEndpoint",
        {"spec/pod": {"containers": [{"name": "a", "image": "b"}]}},
        "spec.pod.containers",
        "unknown field",
    ),
    "misspelt-field-deep-inside": Wrong(
        "ModelEndpoint", {"spec/source/url": "hf://a/b"}, "spec.source.url", "unknown field"
    ),
    "no-source": Wrong("ModelEndpoint", {"spec/source": {}}, "spec.source.uri", "Required value"),
    "device-in-small-letters": Wrong(
        "ModelEndpoint", {"spec/device": "cpu"}, "spec.device", 'supported values: "CUDA", "CPU"'
    ),
    "unknown-backend": Wrong(
        "ModelEndpoint", {"spec/backend": "vLLM"}, "spec.backend", 'supported values: "HuggingFace"'
    ),
    "torch-dtype": Wrong(
        "ModelEndpoint",
        {"spec/dtype": "bfloat16"},
        "spec.dtype",
        'supported values: "Auto", "Float32", "BFloat16", "Float16"',
    ),
    "fraction-of-a-core-unquoted": Wrong(
        "ModelEndpoint",
        {"spec/resources": {"requests": {"cpu": 0.5}}},
        "spec.resources.requests.cpu",
        "must be of type integer,string",
    ),
    "gpu-as-number": Wrong("ModelEndpoint", {"spec/gpu": 1}, "spec.gpu", "must be of type object"),
    "seventeen-gpus": Wrong(
        "ModelEndpoint",
        {"spec/gpu": {"count": 17}},
        "spec.gpu.count",
        "should be less than or equal to 16",
    ),
    "unknown-taint-effect": Wrong(
        "ModelEndpoint",
        {"spec/placement": {"tolerations": [{"key": "a", "effect": "Never"}]}},
        "spec.placement.tolerations[0].effect",
        'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ),
}
"""What types and bounds refuse: the API server says so in its own words."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "hub-without-revision": ("ModelEndpoint", {}),
    "everything-of-a-pod-overlay": (
        "ModelEndpoint",
        {
            "spec/gpu": {"count": 8, "product": "NVIDIA-H100-80GB-HBM3", "exclusive": False},
            "spec/placement": _required({"key": "gpu", "operator": "In", "values": ["a"]}),
            "spec/pod": {
                "labels": {"example.com/team": "nlp"},
                "annotations": {
                    "kueue.x-k8s.io/podset-required-topology": "cloud.example.com/rack"
                },
                "sharedMemory": "16Gi",
                "volumes": [{"name": "a", "mountPath": "/work/huggingface", "emptyDir": {}}],
            },
        },
    ),
    "hub-with-branch": ("ModelEndpoint", {"spec/source/revision": "refs/pr/3"}),
    "hub-without-owner": ("ModelEndpoint", {"spec/source/uri": "hf://gpt2"}),
    "remote-code-pinned": (
        "ModelEndpoint",
        {"spec/trustRemoteCode": True, "spec/source/revision": COMMIT},
    ),
    "remote-code-in-a-pinned-bucket": (
        "ModelEndpoint",
        {
            "spec/trustRemoteCode": True,
            "spec/source": {"uri": "s3://models/llama", "digest": DIGEST},
        },
    ),
    "meta-template": (
        "ModelEndpoint",
        {
            "spec/modelType": "Base",
            "spec/metaTemplate": {
                "begin": "<s>",
                "rounds": [
                    {"role": "HUMAN", "begin": "[U]", "end": "[/U]"},
                    {"role": "BOT", "begin": "[B]", "end": "[/B]", "generate": True},
                ],
                "reservedRoles": [{"role": "SYSTEM", "begin": "[S]", "end": "[/S]"}],
            },
        },
    ),
    "meta-template-of-a-chat-model": (
        "ModelEndpoint",
        {
            "spec/metaTemplate": {
                "rounds": [{"role": "HUMAN"}, {"role": "BOT", "generate": True}],
                "reservedRoles": [{"role": "SYSTEM", "apiRole": "HUMAN"}],
            },
        },
    ),
    "chat-template": (
        "ModelEndpoint",
        {
            "spec/chatTemplate": {
                "systemPrompt": "Be brief.",
                "arguments": {"date": "1 May"},
                "flags": {"enable_thinking": False},
                "userSuffixNewline": False,
            },
        },
    ),
    "whole-cores-as-number": ("ModelEndpoint", {"spec/resources": {"requests": {"cpu": 2}}}),
    "file-for-kompass-run": ("ModelEndpoint", {"spec/source/uri": "file:///models/llama"}),
    "claim": ("ModelEndpoint", {"spec/source/uri": "pvc://models/llama"}),
    "every-taint": ("ModelEndpoint", {"spec/placement": {"tolerations": [{"operator": "Exists"}]}}),
    "node-labels": (
        "ModelEndpoint",
        {"spec/placement": {"nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100"}}},
    ),
}
"""What must be accepted."""
