"""A pod takes as many threads as it may run."""

from __future__ import annotations

from pathlib import Path

import pytest

from kompass_worker.processors import share_processors


@pytest.mark.parametrize(
    ("limit", "threads"),
    [
        pytest.param("max 100000", None, id="no-limit"),
        pytest.param("50000 100000", "1", id="half"),
        pytest.param("250000 100000", "3", id="two-and-a-half"),
        pytest.param("", None, id="unreadable"),
    ],
)
def test_threads_follow_the_limit(tmp_path: Path, limit: str, threads: str | None) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    environment: dict[str, str] = {}
    share_processors(environment, tmp_path / "cpu.max")
    assert environment.get("OMP_NUM_THREADS") == threads
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_a_person_set_stays(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000")
    environment = {"OMP_NUM_THREADS": "7", "OMP_WAIT_POLICY": "ACTIVE"}
    share_processors(environment, tmp_path / "cpu.max")
    assert environment == {"OMP_NUM_THREADS": "7", "OMP_WAIT_POLICY": "ACTIVE"}


def test_outside_a_container_nothing_is_limited(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    share_processors(environment, tmp_path / "none")
    assert "OMP_NUM_THREADS" not in environment
