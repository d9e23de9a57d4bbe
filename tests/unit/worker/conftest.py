"""Fixtures of the worker's unit tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from unit.worker.runs import Bench, bench_of


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[..., Bench]:
    """Makes runs over the same data."""
    return partial(bench_of, tmp_path)


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A run of one model in two shards."""
    return make_bench()
