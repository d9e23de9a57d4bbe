"""The chart's copies of generated objects: the same YAML behind switches of the values. Pure."""

from __future__ import annotations

from typing import Final

from generate_yaml import as_yaml
from kompass_operator.policies.admission import admission_objects

_KEEP: Final = """\
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""
_NAME: Final = "kompass"
_FULL_NAME: Final = '{{ include "kompass.fullname" . }}'
_LABELS: Final = """\
  labels:
    {{- include "kompass.labels" . | nindent 4 }}
"""


def chart_copy(crd: str) -> str:
    """A helm template that renders to exactly this CRD, and to nothing where CRDs are off."""
    head, metadata, rest = _escaped(crd).partition("metadata:\n")
    return f"{{{{- if .Values.crds.enabled }}}}\n{head}{metadata}{_KEEP}{rest}{{{{- end }}}}\n"


def admission_template() -> str:
    """A helm template of the ValidatingAdmissionPolicies, named after the release."""
    parts = [as_yaml(manifest) for manifest in admission_objects(_NAME)]
    body = "---\n".join(_labelled(_escaped(part)) for part in parts)
    switch = "and .Values.policies.enabled .Values.policies.admission"
    return f"{{{{- if {switch} }}}}\n{body}{{{{- end }}}}\n"


def _labelled(text: str) -> str:
    name, _, rest = text.partition(f"  name: {_NAME}")[2].partition("\n")
    head = text.partition("  name:")[0]
    named = f"{_FULL_NAME}{name}"
    return f"{head}  name: {named}\n{_LABELS}{rest}".replace(f" {_NAME}{name}", f" {named}")


def _escaped(crd: str) -> str:
    """The text with what helm would read as an action spelt as a literal."""
    return crd.replace("{{", '{{ "{{" }}')
