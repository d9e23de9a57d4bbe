"""Every right and wrong manifest: one table a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import benchmark_cases
import evalpolicy_cases
import evalrun_cases
import evalsuite_cases
import loading_cases
import managed_endpoint_cases
import modelendpoint_cases
import served_endpoint_cases
from manifest_cases import RIGHT, Wrong, changed

BROKEN_RULES: Final[Mapping[str, Wrong]] = {
    **evalrun_cases.BROKEN_RULES,
    **evalsuite_cases.BROKEN_RULES,
    **modelendpoint_cases.BROKEN_RULES,
    **loading_cases.BROKEN_RULES,
    **served_endpoint_cases.BROKEN_RULES,
    **managed_endpoint_cases.BROKEN_RULES,
    **benchmark_cases.BROKEN_RULES,
    **evalpolicy_cases.BROKEN_RULES,
}
"""Broken rules of ours: the API server and pydantic use the same words."""

BROKEN_TYPES: Final[Mapping[str, Wrong]] = {
    **evalrun_cases.BROKEN_TYPES,
    **evalsuite_cases.BROKEN_TYPES,
    **modelendpoint_cases.BROKEN_TYPES,
    **loading_cases.BROKEN_TYPES,
    **served_endpoint_cases.BROKEN_TYPES,
    **managed_endpoint_cases.BROKEN_TYPES,
    **benchmark_cases.BROKEN_TYPES,
    **evalpolicy_cases.BROKEN_TYPES,
}
"""What types and bounds refuse: the API server says so in its own words."""

ALSO_RIGHT: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    **evalrun_cases.ALSO_RIGHT,
    **evalsuite_cases.ALSO_RIGHT,
    **modelendpoint_cases.ALSO_RIGHT,
    **loading_cases.ALSO_RIGHT,
    **served_endpoint_cases.ALSO_RIGHT,
    **managed_endpoint_cases.ALSO_RIGHT,
    **benchmark_cases.ALSO_RIGHT,
    **evalpolicy_cases.ALSO_RIGHT,
}
"""What must be accepted."""

__all__ = ["ALSO_RIGHT", "BROKEN_RULES", "BROKEN_TYPES", "RIGHT", "Wrong", "changed"]
