"""The API server as a client of our kinds sees it, in one namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from kubernetes.client import CustomObjectsApi

PLURALS = {
    "EvalRun": "evalruns",
    "EvalSuite": "evalsuites",
    "ModelEndpoint": "modelendpoints",
    "Benchmark": "benchmarks",
}
"""Of the kinds that live in a namespace."""

Object = dict[str, Any]


@dataclass(frozen=True)
class CustomObjects:
    """Strict about unknown fields, as kubectl is. A refusal is an ApiException."""

    objects: CustomObjectsApi
    namespace: str

    def try_out(self, manifest: Object) -> Object:
        """Create without keeping; returns what would be stored."""
        return self.create(manifest, dry_run="All")

    def create(self, manifest: Object, *, dry_run: str | None = None) -> Object:
        """Create and keep."""
        if manifest["kind"] == "EvalPolicy":
            return self._create_policy(manifest, dry_run)
        created = self.objects.create_namespaced_custom_object(
            *self._place(manifest["kind"]), manifest, dry_run=dry_run, field_validation="Strict"
        )
        return cast("Object", created)

    def try_change(self, kind: str, name: str, patch: Object) -> Object:
        """Merge a patch without keeping; returns what would be stored."""
        changed = self.objects.patch_namespaced_custom_object(
            *self._place(kind), name, patch, dry_run="All", field_validation="Strict"
        )
        return cast("Object", changed)

    def try_status(self, kind: str, name: str, status: Object) -> Object:
        """Merge into the status without keeping; returns what would be stored."""
        changed = self.objects.patch_namespaced_custom_object_status(
            *self._place(kind), name, {"status": status}, dry_run="All", field_validation="Strict"
        )
        return cast("Object", changed)

    def _create_policy(self, manifest: Object, dry_run: str | None) -> Object:
        created = self.objects.create_cluster_custom_object(
            *("kompass.dev", "v1alpha1", "evalpolicies"),
            manifest,
            dry_run=dry_run,
            field_validation="Strict",
        )
        return cast("Object", created)

    def _place(self, kind: str) -> tuple[str, str, str, str]:
        return "kompass.dev", "v1alpha1", self.namespace, PLURALS[kind]
