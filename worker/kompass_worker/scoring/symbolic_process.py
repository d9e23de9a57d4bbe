"""The process that compares formulas: one question and one answer at a time, as JSON.

Runs alone, with a limit of memory. It reads model output, evaluates none of it and may be killed.
math-verify, which brings sympy, is imported in this process only.
"""

from __future__ import annotations

import json
import logging
import resource
from multiprocessing.connection import Connection
from typing import Final

from kompass_worker.scoring.latex import last_box

_MAX_BYTES: Final = 4 * 1024**3
_TAIL: Final = 400
"""Characters of a text without a box in which the final answer is looked for."""


def serve(connection: Connection) -> None:
    """Answer questions until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))
    # They warn that time-outs are off, and log every text that they cannot read.
    for library in ("math_verify", "latex2sympy2_extended"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    import math_verify  # noqa: F401 - before the deadline of the first question begins

    connection.send_bytes(b"ready")
    while True:
        try:
            question = json.loads(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(_outcome(question).encode())


def _outcome(question: dict[str, str]) -> str:
    compare = _as_opencompass if question["as_opencompass"] else _final_answers
    try:
        return compare(question["given"], question["reference"])
    # sympy raises whatever it likes, down to SyntaxError and AttributeError.
    except Exception:  # noqa: BLE001
        return "failed"


def _as_opencompass(given: str, reference: str) -> str:
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    gold = parse(
        f"${reference}$",
        extraction_config=[LatexExtractionConfig(), ExprExtractionConfig()],
        extraction_mode="first_match",
        parsing_timeout=None,
    )
    if not gold:
        return "unreadable"
    spelling = NormalizationConfig(
        nits=False,
        malformed_operators=False,
        basic_latex=True,
        equations=True,
        boxed="all",
        units=True,
    )
    looks_for = LatexExtractionConfig(
        normalization_config=spelling, boxed_match_priority=0, try_extract_without_anchor=False
    )
    answer = parse(
        given,
        extraction_config=[looks_for],
        extraction_mode="first_match",
        parsing_timeout=None,
    )
    # OpenCompass hands the answer over in the reference's place.
    return _word(is_same=verify(answer, gold, timeout_seconds=None))


def _final_answers(given: str, reference: str) -> str:
    from math_verify import parse, verify

    gold = parse(f"${reference}$", parsing_timeout=None)
    if not gold:
        return "unreadable"
    answer = parse(last_box(given) or given[-_TAIL:], parsing_timeout=None)
    return _word(is_same=verify(gold, answer, timeout_seconds=None))


def _word(*, is_same: bool) -> str:
    return "same" if is_same else "different"
