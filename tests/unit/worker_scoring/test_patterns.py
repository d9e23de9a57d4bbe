"""Patterns are measured before they are compiled."""

from __future__ import annotations

import pytest

from kompass_worker.patterns import UnfitPattern, compiled


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z{1}\w{9}\w{9}", id="one-by-one"),
        pytest.param(r"(?:(?:a{0,1000}b){0,1000}c){0,1000}", id="that-need-not-be"),
        pytest.param(r"(?:[^)\]]{20}\){20}){20}", id="brackets-in-sets-and-behind-backslashes"),
        pytest.param(r"(?x) (\d{4}) - (\d{2})  # a year (and a month", id="comment"),
        pytest.param(r"[[:alpha:]]{3}(?:\p{L}+)*+\N{DIGIT ONE}", id="set-in-a-set"),
        pytest.param("a{0000000000050}b{1000}", id="zeros-in-front"),
    ],
)
def test_a_pattern_with_few_parts_is_compiled(pattern: str) -> None:
    assert compiled(pattern).pattern == pattern


# Each but the last is little above what is allowed: where one is compiled, the test soon fails.
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("a{50001}", id="one"),
        pytest.param("(?:a{50}){50}" * 21, id="many"),
        pytest.param("(?:(?:(?:a{38}){38})+){38}", id="in-each-other"),
        pytest.param("(?P<a>(?>a{250,}){250,300})", id="at-least"),
        pytest.param("(?:a{250}[)]){250}", id="bracket-in-a-set"),
        pytest.param(r"(?:a{250}\)){250}", id="bracket-behind-a-backslash"),
        pytest.param("(?:[^])(]a{250}){250}", id="set-that-begins-with-a-bracket"),
        pytest.param("(?:a{250}[[:alpha:])(]){250}", id="bracket-behind-a-set-in-a-set"),
        pytest.param("(?x)(?:a{250}#)(\n){250}", id="bracket-in-a-comment"),
        pytest.param("(?:a{250}(?#)()){250}", id="bracket-in-another-comment"),
        pytest.param("(?:a{ 250 }){ 250 }", id="spaces"),
        pytest.param("(?:" * 40 + "a" + "{999999999})" * 40, id="far-above"),
    ],
)
def test_a_pattern_with_too_many_parts_is_refused(pattern: str) -> None:
    with pytest.raises(UnfitPattern, match="has over 50000 parts with its repeats written out"):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param("(a", "missing \\)", id="open-bracket"),
        pytest.param("a{" + "0" * 5_000 + "1}", "has 5001 digits", id="thousands-of-digits"),
        pytest.param("(" * 5_000, "maximum recursion depth", id="thousands-of-brackets"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(UnfitPattern, match=f"is no regular expression: .*{message}"):
        compiled(pattern)
