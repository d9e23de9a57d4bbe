"""YAML as kubectl and helm read it alike. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

_WIDTH: Final = 100

# Go's YAML 1.1 reader takes y and n for booleans; PyYAML writes them bare.
_GO_BOOLEAN: Final = re.compile(r"^[yYnN]$")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML calls it so)
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if _GO_BOOLEAN.match(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(manifest: object) -> str:
    """The manifest in the order its keys have."""
    return yaml.dump(
        manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, indent=2
    )
