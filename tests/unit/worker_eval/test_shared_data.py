"""Real questions in the C-Eval shape, from data files to the table."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from unit.worker_eval.builders import CharacterTokenizer, endpoint_of, prediction_of

from kompass_api.evalrun import Sharding
from kompass_api.plandocument import Plan
from kompass_api.rundocument import ResolvedBenchmark, ResolvedModel
from kompass_worker.benchmarks import builtin, catalogue
from kompass_worker.datasets import data_digest, file_of
from kompass_worker.planning import RowCounts, plan, planned_groups, planned_subject
from kompass_worker.prompts import Question, asked_subject, fit
from kompass_worker.prompts.requests import ScoringRequest
from kompass_worker.summary import (
    Answer,
    completeness,
    distinct,
    headline,
    metrics_of,
    samples,
    scores,
)

pytestmark = pytest.mark.shared

MODELS = [ResolvedModel(name="m", spec=endpoint_of())]


def planned(name: str, folder: Path, shards: int) -> tuple[Plan, list[Question]]:
    spec, asked = builtin(name), ResolvedBenchmark(name=name)
    known = catalogue(spec, folder)
    found = {
        subject.name: (
            subject,
            asked_subject(name, spec, subject, folder, max_new_tokens=16).questions,
        )
        for subject in known.subjects
    }
    everything = [held for _, some in found.values() for held in some]
    made = plan(
        "sha256:run",
        {"m": fit(everything, CharacterTokenizer(6000), endpoint_of())},
        sharding=Sharding(shards_per_model=shards),
        subjects=[
            planned_subject(
                asked,
                spec,
                subject,
                data_digest=data_digest(folder, [file_of(spec.data, subject.name, "val")]),
                counted=RowCounts(len(some)),
            )
            for subject, some in found.values()
        ],
        groups=planned_groups(name, spec, known, known.subjects),
    )
    return made, everything


@pytest.mark.parametrize("name", ["ceval-gen", "ceval-ppl"])
def test_right_answers_to_every_gaokao_question_make_a_table_of_hundreds(
    name: str, shared: Path
) -> None:
    made, asked = planned(name, shared / "data/gaokao_ceval", shards=4)
    hashes = {item.id: item.prompt_hash for shard in made.shards for item in shard.items}
    answers = [
        Answer("m", 1, prediction_of(held.id, held.reference, hashes[held.id])) for held in asked
    ]
    proof = completeness(made, answers)
    assert (proof.planned, proof.answered, proof.missing) == (len(asked), len(asked), [])
    found = scores(made, samples(made, MODELS, asked, distinct(answers)), metrics_of(asked))
    assert {held.value for held in found} == {100.0}
    assert [held.benchmark for held in headline(found)][:2] == ["ceval", "ceval-stem"]
    assert [held.row_name for held in found][-5:] == [
        "ceval-stem",
        "ceval-social-science",
        "ceval-humanities",
        "ceval-other",
        "ceval",
    ]


def test_gaokao_is_cut_into_shards_of_equal_time(shared: Path) -> None:
    made, _ = planned("ceval-ppl", shared / "data/gaokao_ceval", shards=4)
    tokens = [shard.tokens for shard in made.shards]
    assert max(tokens) / min(tokens) < 1.1


def test_gaokao_answers_are_all_letters(shared: Path) -> None:
    _, asked = planned("ceval-gen", shared / "data/gaokao_ceval", shards=1)
    assert set(Counter(held.reference for held in asked)) == set("ABCD")


def test_every_candidate_of_tiny_mc_ends_with_its_label(shared: Path) -> None:
    _, asked = planned("ceval-ppl", shared / "data/tiny_mc", shards=1)
    assert len(asked) == 68
    for held in asked:
        request = held.request(5, endpoint_of())
        assert isinstance(request, ScoringRequest)
        assert [one.text.rsplit("\n", 1)[1] for one in request.candidates] == list("ABCD")
        assert request.candidates[0].text.count("答案: \n") == 6


def test_a_test_set_without_answers_can_be_asked_but_not_scored(shared: Path) -> None:
    spec = builtin("ceval-gen")
    split = spec.data.model_copy(update={"test_split": "test"})
    folder = shared / "data/gaokao_ceval"
    subject = catalogue(spec, folder).subjects[0]
    asked = asked_subject(
        "c", spec.model_copy(update={"data": split}), subject, folder, max_new_tokens=1
    ).questions
    assert {held.reference for held in asked} == {""}
