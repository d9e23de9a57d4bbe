"""What the two images are made of, and when they are made again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from images import PACKAGES, PINS, content_files, content_tag

IMAGES = ["operator", "worker"]


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize(
    "line",
    [
        "ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm",
        "USER 10001:10001",
        "PYTHONSAFEPATH=1",
        "PYTHONDONTWRITEBYTECODE=1",
    ],
)
def test_image_keeps_the_rules(root: Path, name: str, line: str) -> None:
    assert line in (root / "images" / name / "Dockerfile").read_text()


@pytest.mark.parametrize("name", IMAGES)
def test_code_is_the_last_layer(root: Path, name: str) -> None:
    lines = (root / "images" / name / "Dockerfile").read_text().strip().splitlines()
    assert lines[-1] == "COPY --from=code /opt/kompass /opt/kompass"


@pytest.mark.parametrize("name", IMAGES)
def test_everything_copied_counts_for_the_tag(root: Path, name: str) -> None:
    text = (root / "images" / name / "Dockerfile").read_text()
    copied = {
        source
        for found in re.finditer(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for source in found[1].split()[:-1]
    }
    counted = {str(file.relative_to(root)) for file in content_files(name)}
    folders = {source for source in copied if (root / source).is_dir()}
    assert folders == set(PACKAGES)
    assert copied - folders <= counted


@pytest.mark.parametrize("name", IMAGES)
def test_same_content_same_tag(name: str) -> None:
    assert content_tag(name, "base") == content_tag(name, "base")


def test_another_base_is_another_tag() -> None:
    assert content_tag("operator", "one") != content_tag("operator", "two")


def test_only_the_worker_has_torch(root: Path) -> None:
    pins = {name: (root / "requirements" / file).read_text() for name, file in PINS.items()}
    heavy = re.compile(r"^(torch|transformers|pandas|boto3)==", re.MULTILINE)
    assert heavy.findall(pins["operator"]) == []
    assert {"torch", "transformers", "boto3"} <= set(heavy.findall(pins["worker"]))
