"""Version hashes of the built-in benchmarks: equal to the names of OpenCompass' configurations."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.worker_benchmarks.rows import write_rows

from kompass_api.built_in import BUILT_IN
from kompass_worker.benchmarks import builtin, file_version, oc_version, with_texts
from kompass_worker.benchmarks.catalogue import named

NOT_OPENCOMPASS = {"blimp", "truthfulqa-mc1", "truthfulqa-mc2"}
"""Theirs are lm-evaluation-harness' prompts."""

LONG_TEXTS = {"bbh-512-gen", "bbh-base-gen", "bbh-gen", "gsm8k-gen", "math-gen"}
"""Their worked examples lie beside the data; tests/contract/benchmarks has their versions."""

TWICE = {"ceval-test-gen": "2daf24", "ceval-test-ppl": "93e5ce"}
"""Upstream's file has the subjects of both splits, val first."""

PARTS = {
    "agieval-five-options-ppl": ["172b91", "2cfc52", "a8f11c", "049cfe"],
    "agieval-ppl": [
        "4f62f5", "9d79e8", "f8b1fe", "25fba4", "2659fa", "3999aa",
        "9c7d5c", "83ffc3", "b883f9", "e39106", "5f8c82", "5f8c82",
    ],
    "gaokao-bench-gen": [
        "5b0b29", "5b0b29", "3613b5", "d26e80", "70fce9", "8a0c30", "852bbd",
        "01b50f", "e19c31", "924021", "11f6ce", "862192", "ffdef4", "ba10b2",
    ],
    "gaokao-bench-ppl": ["5392a4", "5392a4", "c5f84e", "9d461d", "356075", "d2a8ae", "370bc0"],
}  # fmt: skip
"""Data sets of a file that has more, computed by OpenCompass 0.5.4."""

WITHOUT_SUFFIX = {"arc-c-few-shot-ppl": "3bd05c"}
"""The name of upstream's file ends without its hash; computed by OpenCompass 0.5.4."""

WHOLE = sorted({*BUILT_IN} - NOT_OPENCOMPASS - LONG_TEXTS - {*TWICE} - {*PARTS} - {*WITHOUT_SUFFIX})


@pytest.mark.parametrize("name", WHOLE)
def test_the_version_is_the_end_of_the_name_of_opencompass_file(name: str) -> None:
    spec = builtin(name)
    assert spec.open_compass is not None
    assert spec.open_compass.config.endswith(f"_{file_version(spec, named(spec).subjects)}")


@pytest.mark.parametrize(("name", "expected"), TWICE.items())
def test_a_test_split_is_half_of_opencompass_file(name: str, expected: str) -> None:
    spec = builtin(name)
    assert spec.open_compass is not None
    assert spec.open_compass.config.endswith(f"_{expected}")
    assert file_version(spec, named(spec).subjects * 2) == expected


@pytest.mark.parametrize(("name", "expected"), WITHOUT_SUFFIX.items())
def test_a_file_without_a_suffix_has_a_version_too(name: str, expected: str) -> None:
    spec = builtin(name)
    assert file_version(spec, named(spec).subjects) == expected


@pytest.mark.parametrize(("name", "expected"), PARTS.items())
def test_part_of_a_file_has_opencompass_versions(name: str, expected: list[str]) -> None:
    spec = builtin(name)
    assert [oc_version(spec, subject) for subject in named(spec).subjects] == expected


def test_a_text_beside_the_rows_is_part_of_the_version(tmp_path: Path) -> None:
    spec = builtin("bbh-gen")
    subject = named(spec).subjects[0]
    write_rows(tmp_path, "bbh-gen", spec, subject)
    with_text = with_texts(spec, subject, tmp_path)
    assert with_text.values["examples_of_task"].startswith("Answer it.")
    assert oc_version(spec, with_text) != oc_version(spec, subject)
