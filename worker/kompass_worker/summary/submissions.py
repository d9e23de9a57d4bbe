"""Answers to questions whose right answers others hold: files to be submitted.

Pure. The shape is C-Eval's (cevalbenchmark.com): subject -> id of the question -> answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kompass_api.results import Sample
from kompass_worker.prompts.questions import Question
from kompass_worker.scoring.metrics.metric import NO_REFERENCE

_ID: Final = "id"
"""Column with a question's own id; without it the row's number stands for it."""


def submissions(samples: Iterable[Sample], questions: Iterable[Question]) -> dict[str, str]:
    """File name -> content, one file for each model and benchmark with unanswered references.

    A benchmark of which some rows have a reference is not one to submit as a whole: only the rows
    without one are in the file.
    """
    asked = {question.id: question for question in questions}
    files: dict[str, dict[str, list[Sample]]] = {}
    for sample in samples:
        if sample.unscored_reason == NO_REFERENCE:
            subjects = files.setdefault(f"submission-{sample.benchmark}-{sample.model}.json", {})
            subjects.setdefault(sample.subject, []).append(sample)
    return {
        name: _written({subject: _answers(some, asked) for subject, some in subjects.items()})
        for name, subjects in files.items()
    }


def _answers(samples: Sequence[Sample], asked: Mapping[str, Question]) -> dict[str, str]:
    """By the questions' own ids, or by their rows where ids are missing or not distinct."""
    ids = [dict(asked[sample.item].values).get(_ID, "") for sample in samples]
    if "" in ids or len(set(ids)) < len(ids):
        ids = [str(sample.row) for sample in samples]
    return {one: held.extracted or "" for one, held in zip(ids, samples, strict=True)}


def _written(content: Mapping[str, Mapping[str, str]]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
