"""Rules and metrics of other packages, found by entry point."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from unit.worker_scoring.builders import TOY, answer, metric_of, numbers_of, prediction_of, spec_of

from kompass_worker.errors import InvalidRequest
from kompass_worker.scoring import METRICS, check_scoring, score_prediction
from kompass_worker.scoring.extraction import EXTRACTORS

MODULE = """
    from kompass_worker.scoring import Answered, CannotJudge, Metric
    from kompass_worker.scoring.metrics.metric import share_metric

    LEVEL = 3

    def roman(text: str, *, longest: int = 4) -> str:
        return "".join(letter for letter in text if letter in "IVX")[:longest]

    def close(answered: Answered, *, tolerance: float = 0.5) -> float:
        if not answered.answer.isdigit():
            raise CannotJudge("NoNumber")
        return float(abs(int(answered.answer) - int(answered.reference)) <= tolerance)

    def longer(*, by: int) -> Metric:
        return share_metric("longer", lambda each: len(each.answer) - len(each.reference) >= by)

    def listed(text: str, *, words: list[str]) -> str:
        return text
"""
ENTRY_POINTS = """
    [kompass.extractors]
    toy_roman = toy_scoring:roman
    toy_listed = toy_scoring:listed
    toy_level = toy_scoring:LEVEL
    toy_gone = toy_scoring:gone
    strip = toy_scoring:roman

    [kompass.metrics]
    toy_close = toy_scoring:close
    toy_longer = toy_scoring:longer
"""


@pytest.fixture
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution `toy-scoring`, laid out as pip installs one."""
    (tmp_path / "toy_scoring.py").write_text(textwrap.dedent(MODULE), encoding="utf-8")
    info = tmp_path / "toy_scoring-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-scoring\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(textwrap.dedent(ENTRY_POINTS), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


pytestmark = pytest.mark.usefixtures("_package")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, "IXVI", id="its-default"),
        pytest.param({"longest": "2"}, "IX", id="its-setting"),
    ],
)
def test_a_rule_of_a_package_reads_an_answer(arguments: dict[str, str], expected: str) -> None:
    assert EXTRACTORS.bound("toy_roman", arguments)("It is XVIII.") == expected


def test_a_function_of_one_answer_becomes_the_mean_of_it() -> None:
    answers = [answer("3", "4"), answer("9", "4"), answer("x", "4")]
    found = numbers_of(metric_of("toy_close", tolerance="1"), answers)
    assert found == {"toy_close": 50.0}


def test_a_function_of_settings_makes_its_own_metric() -> None:
    answers = [answer("abc", "a"), answer("ab", "a")]
    assert numbers_of(metric_of("toy_longer", by="2"), answers) == {"longer": 50.0}


def test_a_benchmark_uses_both() -> None:
    spec = spec_of(
        extraction=[{"name": "strip_not_there"}],
        metric={"name": "toy_close"},
    )
    with pytest.raises(
        InvalidRequest,
        match="benchmark 'toys', subject 'toy': there is no extraction 'strip_not_there'",
    ):
        check_scoring(spec, TOY, "toys")
    spec = spec_of(
        extraction=[{"name": "regex", "arguments": {"pattern": r"\d+"}}],
        metric={"name": "toy_close", "arguments": {"tolerance": "1"}},
    )
    check_scoring(spec, TOY, "toys")
    verdict = score_prediction(spec, TOY, prediction_of("about 41"), "42")
    assert (verdict.extracted, dict(verdict.values)) == ("41", {"toy_close": 1.0})
    verdict = score_prediction(spec, TOY, prediction_of("no idea"), "42")
    assert (verdict.score, verdict.unscored_reason) == (None, "NoNumber")


def test_names_of_packages_are_listed_with_ours() -> None:
    assert {"toy_roman", "first_capital"} <= set(EXTRACTORS.names())
    assert {"toy_close", "accuracy"} <= set(METRICS.names())


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        pytest.param(
            "strip",
            {},
            "extraction strip is one of Kompass' own, and package toy-scoring brings another",
            id="ours-already",
        ),
        pytest.param(
            "toy_gone",
            {},
            "extraction toy_gone of package toy-scoring cannot be loaded from toy_scoring:gone",
            id="not-in-the-module",
        ),
        pytest.param(
            "toy_level", {}, "toy_scoring:LEVEL is a int; expected a function", id="no-function"
        ),
        pytest.param(
            "toy_listed",
            {"words": "a"},
            "a setting is a str, bool, int, float, Literal or tuple of these",
            id="setting-of-another-type",
        ),
        pytest.param(
            "toy_roman",
            {"longes": "1"},
            "extraction toy_roman has no argument 'longes'; did you mean longest?",
            id="misspelt",
        ),
    ],
)
def test_a_rule_of_a_package_that_cannot_work_is_refused(
    name: str, arguments: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        EXTRACTORS.bound(name, arguments)
    assert said in str(caught.value)


def test_two_packages_with_one_name_are_told_apart_by_removing_one(tmp_path: Path) -> None:
    info = tmp_path / "other_toy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kompass.metrics]\ntoy_close = toy_scoring:close\n")
    with pytest.raises(InvalidRequest, match="package other-toy, package toy-scoring"):
        METRICS.bound("toy_close", {})
