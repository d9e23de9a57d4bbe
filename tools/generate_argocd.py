"""The health scripts for Argo CD as a patch of its ConfigMap, made from the chart's files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kompass_api.resources import GROUP

KINDS: Final = ("EvalRun", "EvalSuite", "ModelEndpoint")
_HEADER: Final = """\
# Generated from helm/kompass/files/argocd by `make generate`. To give Argo CD the health checks:
#
#   kubectl -n argocd patch configmap argocd-cm --patch-file argocd-cm-patch.yaml
data:
"""


def argocd_patch(root: Path) -> str:
    """The patch, a script a kind."""
    return _HEADER + "".join(_entry(root, kind) for kind in KINDS)


def _entry(root: Path, kind: str) -> str:
    script = (root / f"helm/kompass/files/argocd/{kind}.lua").read_text(encoding="utf-8")
    lines = [f"    {line}".rstrip() for line in script.strip().splitlines()]
    key = f"  resource.customizations.health.{GROUP}_{kind}: |\n"
    return key + "".join(f"{line}\n" for line in lines)
