"""Write what follows from code: CRDs, chart copies, policies, reference, dashboard, Argo's patch.

`--check` writes nothing and exits with 1 where a file differs.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from generate_argocd import argocd_patch
from generate_charts import admission_template, chart_copy
from generate_dashboard import dashboard
from generate_reference import reference
from generate_yaml import as_yaml
from kompass_api.definitions import KINDS, definition
from kompass_api.resources import GROUP

ROOT: Final = Path(__file__).resolve().parents[1]
HEADER: Final = "# Generated from crds/kompass_api by `make generate`; edit the models instead.\n"
POLICY_HEADER: Final = (
    "# Generated from kompass_operator.policies by `make generate`; edit the rules instead.\n"
)


def generated() -> Mapping[str, str]:
    """Path below the checkout -> text of every generated file."""
    files = {
        "docs/reference.md": reference(),
        "examples/gitops/argocd/argocd-cm-patch.yaml": argocd_patch(ROOT),
        "helm/kompass/files/dashboard.json": dashboard(),
    }
    for kind in KINDS:
        crd = as_yaml(definition(kind))
        name = f"{GROUP}_{kind.plural}.yaml"
        files[f"crds/{name}"] = HEADER + crd
        files[f"helm/kompass/templates/crds/{name}"] = HEADER + chart_copy(crd)
    template = "helm/kompass/templates/admission-policies.yaml"
    files[template] = POLICY_HEADER + admission_template()
    return files


def differences(root: Path) -> list[str]:
    """A line for each file that is not as a fresh rendering has it."""
    return [
        f"{path}: {summary}"
        for path, text in sorted(generated().items())
        if (summary := _difference(root / path, text))
    ]


def write(root: Path) -> list[str]:
    """Write every file that differs; returns their paths."""
    files = generated()
    changed = [path for path, text in files.items() if _difference(root / path, text)]
    for path in changed:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(files[path], encoding="utf-8")
    return sorted(changed)


def main(arguments: list[str]) -> int:
    """Write, or compare with `--check`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 on a difference"
    )
    if not parser.parse_args(arguments).check:
        for path in write(ROOT):
            print(f"wrote {path}")
        return 0
    found = differences(ROOT)
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("run `make generate` and commit what it writes", file=sys.stderr)
    return 1 if found else 0


def _difference(path: Path, fresh: str) -> str:
    """What differs, in a few words; empty where nothing does."""
    if not path.exists():
        return "missing"
    held = path.read_text(encoding="utf-8")
    if held == fresh:
        return ""
    lines = list(difflib.ndiff(held.splitlines(), fresh.splitlines()))
    added = [line for line in lines if line.startswith("+ ")]
    removed = [line for line in lines if line.startswith("- ")]
    first = (removed + added or ["only line ends"])[0]
    return f"{len(added)} lines to add, {len(removed)} to remove, first: {first.strip()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
