from __future__ import annotations

from unit.parity.recordings import choice, item, recording, row

from parity.compare import Comparison, compare
from parity.models import MODELS
from parity.page import Section, page, table
from parity.suites import SUITES

VERSIONS = {"opencompass": "0.5.4", "lm_eval": "0.4.13"}
EQUAL = compare(recording(item(), row()), recording(item(), row()))
UNLIKE = compare(recording(choice()), recording(choice(values={"A": 2.5, "B": 9.25})))


def section(comparisons: list[Comparison]) -> Section:
    return Section(SUITES[0], MODELS[0], comparisons)


def test_the_page_counts_over_all_sections() -> None:
    text = page([section(EQUAL), section(EQUAL)], VERSIONS, sources="0badc0de")
    assert "| prompt text | 100 % equal | 2 | 2 |  |" in text
    assert "| scores | 100 % equal | 2 | 2 | 0 |" in text


def test_the_page_has_a_line_for_each_suite_and_model() -> None:
    text = page([section(EQUAL)], VERSIONS, sources="0badc0de")
    assert "| ceval-gen/tiny_mc | tiny-mc | opencompass | 1/1 | 1/1 |" in text


def test_a_page_without_differences_lists_none() -> None:
    assert "What is not the same" not in page([section(EQUAL)], VERSIONS, sources="0badc0de")


def test_differences_are_marked_and_shown() -> None:
    text = page([section(UNLIKE)], VERSIONS, sources="0badc0de")
    assert "**1/2**" in text
    assert "| likelihoods | within 1e-4 | 2 | 1 | 8.0e+00 |" in text
    assert "`astronomy/made-up moons/0 B`: ours `1.25`, theirs `9.25`" in text


def test_the_page_names_the_models_that_were_asked_and_no_others() -> None:
    text = page([section(EQUAL)], VERSIONS, sources="0badc0de")
    assert "  - tiny-mc: all rows, up to 1,024 tokens." in text
    assert "SmolLM2" not in text


def test_the_page_says_which_code_it_is_of() -> None:
    text = page([section(EQUAL)], VERSIONS, sources="0badc0de")
    assert "whose digest is 0badc0de." in text


def test_the_page_says_what_is_missing() -> None:
    text = page(
        [section(EQUAL)], VERSIONS, sources="0badc0de", missing=["blimp/blimp with SmolLM2-135M"]
    )
    assert "Without a recording of both sides" in text
    assert "\n- blimp/blimp with SmolLM2-135M\n" in text
    assert "Not compared yet" not in page([section(EQUAL)], VERSIONS, sources="0badc0de")


def test_the_table_of_one_section_is_aligned() -> None:
    lines = table("astronomy, tiny-mc", EQUAL).splitlines()
    assert lines[1] == "astronomy, tiny-mc"
    assert lines[2] == "compared            items  equal  worst gap"
    assert lines[3] == "prompt text         1      1"
