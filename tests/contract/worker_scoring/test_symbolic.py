"""Formulas compared by real processes, which are ended at their deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from unit.worker_scoring.builders import answer, metric_of, verdicts_of

from kompass_worker.scoring import judged_all
from kompass_worker.scoring.symbolic import Comparers, Outcome

NEVER_ENDS = r"\boxed{9^{9^{9^{9}}}}"


@pytest.fixture(scope="module")
def comparers() -> Iterator[Comparers]:
    """Processes of these tests' own."""
    held = Comparers()
    yield held
    held.end()


# Recorded from OpenCompass 0.5.4's MATHVerifyEvaluator; then what Kompass says itself.
@pytest.mark.parametrize(
    ("given", "reference", "opencompass", "ours"),
    [
        pytest.param(r"\boxed{\frac{1}{2}}", "0.5", Outcome.SAME, Outcome.SAME, id="half"),
        pytest.param(
            r"\boxed{x^2+2x+1}", "(x+1)^2", Outcome.SAME, Outcome.SAME, id="same-polynomial"
        ),
        pytest.param("so $x+1$", "1+x", Outcome.DIFFERENT, Outcome.SAME, id="formula-without-box"),
        pytest.param(r"\boxed{1,2}", "2,1", Outcome.SAME, Outcome.SAME, id="set"),
        pytest.param(r"\boxed{50\%}", "0.5", Outcome.SAME, Outcome.SAME, id="percent"),
        pytest.param(r"\boxed{3}", "4", Outcome.DIFFERENT, Outcome.DIFFERENT, id="other-number"),
        pytest.param("42", "42", Outcome.DIFFERENT, Outcome.SAME, id="number-in-plain-text"),
        pytest.param(
            r"first \boxed{3}, then \boxed{4}", "4", Outcome.DIFFERENT, Outcome.SAME, id="last-box"
        ),
        pytest.param(r"\boxed{3}", "$", Outcome.UNREADABLE, Outcome.UNREADABLE, id="no-formula"),
        pytest.param("", "1", Outcome.DIFFERENT, Outcome.DIFFERENT, id="empty"),
    ],
)
def test_formulas_are_compared_by_what_they_mean(
    comparers: Comparers, given: str, reference: str, opencompass: Outcome, ours: Outcome
) -> None:
    found = [
        comparers.compare(given, reference, as_opencompass=way, seconds=60) for way in (True, False)
    ]
    assert found == [opencompass, ours]


def test_a_comparison_that_would_take_for_ever_is_ended_and_the_next_one_works(
    comparers: Comparers,
) -> None:
    comparers.compare("1", "1", as_opencompass=False, seconds=60)
    begun = time.monotonic()
    found = comparers.compare(NEVER_ENDS, "3", as_opencompass=False, seconds=0.5)
    assert (found, time.monotonic() - begun < 30) == (Outcome.TOO_SLOW, True)
    assert comparers.compare("2", "2", as_opencompass=False, seconds=60) is Outcome.SAME


def test_it_works_in_any_thread(comparers: Comparers) -> None:
    found: list[Outcome] = []
    thread = threading.Thread(
        target=lambda: found.append(comparers.compare("2", "2", as_opencompass=False, seconds=60))
    )
    thread.start()
    thread.join()
    assert found == [Outcome.SAME]


def test_what_cannot_be_compared_is_counted_and_with_opencompass_wrong() -> None:
    answers = [answer(NEVER_ENDS, "3"), answer("3", "3"), answer("3", "$")]
    ours = metric_of("math_verify@1", seconds="2")
    found = judged_all(ours, answers)
    assert [verdict.unscored_reason for verdict in found] == [
        "ComparisonTooSlow",
        None,
        "ReferenceNotReadable",
    ]
    assert ours.total(found)["accuracy"].value == 100.0
    theirs = metric_of("math_verify@0.5", seconds="2")
    assert theirs.total(verdicts_of(theirs, answers[::2]))["accuracy"].value == 0.0
