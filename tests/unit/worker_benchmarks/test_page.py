"""The page on writing a benchmark: no field is left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from kompass_api.benchmark import BenchmarkSpec
from kompass_api.methods import Method
from kompass_api.sources import Source

INNER = {"model", "row", "value", "label", "role", "prompt", "expression", "config", "name"}
"""Words for parts of what the page explains as a whole."""


def fields_of(model: type[BaseModel]) -> Iterator[str]:
    """Names of a model's fields and of those in them, as a manifest writes them."""
    for field in model.model_fields.values():
        yield field.alias or ""
        for inner in models_in(field.annotation):
            # The reference explains sources, of models as well.
            if inner is not Source:
                yield from fields_of(inner)


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The models in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


@pytest.mark.parametrize("field", sorted({*fields_of(BenchmarkSpec)} - INNER))
def test_the_page_explains_the_field(field: str, root: Path) -> None:
    assert field in (root / "docs/writing-a-benchmark.md").read_text("utf-8")


@pytest.mark.parametrize("method", list(Method))
def test_the_page_explains_the_method(method: Method, root: Path) -> None:
    assert f"`{method}`" in (root / "docs/writing-a-benchmark.md").read_text("utf-8")
