"""The chart's copy of a CRD: the same YAML behind two switches of the values. Pure."""

from __future__ import annotations

from typing import Final

_KEEP: Final = """\
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""


def chart_copy(crd: str) -> str:
    """A helm template that renders to exactly this CRD, and to nothing where CRDs are off."""
    head, metadata, rest = _escaped(crd).partition("metadata:\n")
    return f"{{{{- if .Values.crds.enabled }}}}\n{head}{metadata}{_KEEP}{rest}{{{{- end }}}}\n"


def _escaped(crd: str) -> str:
    """The text with what helm would read as an action spelt as a literal."""
    return crd.replace("{{", '{{ "{{" }}')
