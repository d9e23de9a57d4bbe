"""From answers to scores: the proof, the samples, subjects and groups, the headline."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.worker_eval.builders import (
    ENVIRONMENT,
    CharacterTokenizer,
    endpoint_of,
    manifest_of,
    prediction_of,
    row,
    sample_of,
    spec_of,
    toy_folder,
    toy_questions,
)

from kompass_api.benchmark import Subject
from kompass_api.evalrun import Sharding
from kompass_api.methods import Method
from kompass_api.plandocument import (
    Plan,
    PlannedGroup,
    PlannedItem,
    PlannedShard,
    PlannedSubject,
)
from kompass_api.results import Completeness, Score
from kompass_api.rundocument import (
    ResolvedBenchmark,
    ResolvedModel,
    ResolvedStorage,
    RunDocument,
    RunIdentity,
)
from kompass_api.scoring import GroupMean, GroupMember, Metric
from kompass_worker.errors import InvalidData
from kompass_worker.planning import RowCounts, plan, planned_subject
from kompass_worker.prompts import Question, fit
from kompass_worker.scoring.answers import Judgement, Verdict
from kompass_worker.scoring.metrics.metric import mean_metric
from kompass_worker.scoring.verdicts import chosen
from kompass_worker.summary import (
    Answer,
    completeness,
    distinct,
    headline,
    report_of,
    samples,
)
from kompass_worker.summary import scores as all_scores
from kompass_worker.summary.samples import JudgedSample

HASH = "sha256:0"
MODELS = [ResolvedModel(name="m", spec=endpoint_of())]


def planned_item(item: str) -> PlannedItem:
    benchmark, subject, number = item.split("/")
    return PlannedItem(
        id=item,
        benchmark=benchmark,
        subject=subject,
        row=int(number),
        prompt_hash=HASH,
        tokens=1,
        examples=0,
    )


def subject_of(name: str, benchmark: str = "b") -> PlannedSubject:
    return PlannedSubject(
        benchmark=benchmark,
        subject=name,
        row_name=f"row-{name}",
        method=Method.GENERATION,
        metric="accuracy",
        oc_version="db9ce2",
        content_hash="sha256:c",
        data_digest="sha256:d",
        items=2,
    )


def plan_of(
    *names: str, models: tuple[str, ...] = ("m",), groups: tuple[PlannedGroup, ...] = ()
) -> Plan:
    items = [planned_item(f"b/{name}/{number}") for name in names for number in range(2)]
    return Plan(
        run_digest="sha256:r",
        subjects=[subject_of(name) for name in names],
        groups=list(groups),
        shards=[
            PlannedShard(index=at, model=model, tokens=1, items=items)
            for at, model in enumerate(models)
        ],
    )


def answer(item: str, text: str = "A", *, attempt: int = 1, model: str = "m") -> Answer:
    return Answer(model, attempt, prediction_of(item, text, HASH))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param(
            [answer("b/s/0"), answer("b/s/1")],
            Completeness(planned=2, answered=2, duplicates=0),
            id="each-once",
        ),
        pytest.param(
            [answer("b/s/1")],
            Completeness(planned=2, answered=1, duplicates=0, missing=["m/b/s/0"]),
            id="one-missing",
        ),
        pytest.param(
            [answer("b/s/0"), answer("b/s/0", attempt=2), answer("b/s/1")],
            Completeness(planned=2, answered=2, duplicates=1),
            id="one-twice",
        ),
        pytest.param(
            [answer("b/s/0"), answer("b/s/1"), answer("b/s/2"), answer("b/s/0", model="x")],
            Completeness(planned=2, answered=2, duplicates=0, unexpected=2),
            id="not-planned",
        ),
        pytest.param(
            [answer("b/s/0"), Answer("m", 1, prediction_of("b/s/1", "A", "sha256:other"))],
            Completeness(planned=2, answered=1, duplicates=0, missing=["m/b/s/1"], unexpected=1),
            id="answer-to-another-prompt",
        ),
    ],
)
def test_the_proof_counts_what_was_planned(answers: list[Answer], expected: Completeness) -> None:
    assert completeness(plan_of("s"), answers) == expected


def test_every_model_must_answer() -> None:
    found = completeness(plan_of("s", models=("m", "x")), [answer("b/s/0"), answer("b/s/1")])
    assert found.missing == ["x/b/s/0", "x/b/s/1"]


def test_the_first_hundred_missing_items_are_named() -> None:
    wide = plan_of(*(f"s{number}" for number in range(80)))
    found = completeness(wide, [])
    assert (found.planned, found.answered, len(found.missing)) == (160, 0, 100)


@pytest.mark.parametrize("order", [1, -1], ids=["as-written", "the-other-way-round"])
def test_the_answer_of_the_lowest_attempt_counts(order: int) -> None:
    answers = [answer("b/s/0", "B", attempt=2), answer("b/s/0", "A", attempt=1)]
    assert distinct(answers[::order])["m", "b/s/0"].prediction == "A"


def asked(folder: Path) -> tuple[Plan, list[Question]]:
    spec = spec_of()
    toy_folder(folder, val=[row("q", "A"), row("r", "B"), row("s", "")])
    known = toy_questions(spec, folder)
    made = plan(
        "sha256:r",
        {"m": fit(known, CharacterTokenizer(30), endpoint_of())},
        sharding=Sharding(),
        subjects=[
            planned_subject(
                ResolvedBenchmark(name="toys"),
                spec,
                Subject(name="toy"),
                data_digest="d",
                counted=RowCounts(3),
            )
        ],
        groups=[],
    )
    return made, known


def test_a_sample_joins_plan_question_and_answer(tmp_path: Path) -> None:
    made, known = asked(tmp_path)
    given = {("m", f"toys/toy/{at}"): prediction_of(f"toys/toy/{at}", "是 A") for at in (2, 0, 1)}
    found = [held.sample for held in samples(made, MODELS, known, given)]
    assert [(held.row, held.extracted, held.score, held.unscored_reason) for held in found] == [
        (0, "A", 1.0, None),
        (1, "A", 0.0, None),
        (2, "A", None, "NoReference"),
    ]
    assert (found[0].mode, found[0].examples, found[0].examples_dropped) == ("gen", 2, 0)


def test_items_without_an_answer_have_no_sample(tmp_path: Path) -> None:
    made, known = asked(tmp_path)
    given = {("m", "toys/toy/1"): prediction_of("toys/toy/1", "B")}
    found = samples(made, MODELS, known, given)
    assert [held.sample.item for held in found] == ["toys/toy/1"]


def judged(*verdicts: tuple[str, float | None], model: str = "m") -> list[JudgedSample]:
    return [
        JudgedSample(sample_of(item, score, model), Verdict("A", {"accuracy": score}))
        for item, score in verdicts
    ]


def scores(made: Plan, given: list[JudgedSample]) -> list[Score]:
    metrics = {(held.benchmark, held.subject): chosen(Metric()) for held in made.subjects}
    return all_scores(made, given, metrics)


def group_of(name: str, *rows: str) -> PlannedGroup:
    members = [GroupMember(row=row, benchmark="b") for row in rows]
    return PlannedGroup(
        name=name, benchmark="b", members=members, mean=GroupMean.NAIVE_AVERAGE, metric=""
    )


BOTH = group_of("both", "row-s", "row-t")


def test_a_subject_is_the_mean_of_its_judged_samples() -> None:
    (only,) = scores(plan_of("s"), judged(("b/s/0", 1.0), ("b/s/1", None)))
    assert (only.row_name, only.value, only.n, only.unscored) == ("row-s", 100.0, 1, 1)
    assert (only.stderr, only.interval) == (None, None)
    assert (only.oc_version, only.metric, only.mode) == ("db9ce2", "accuracy", "gen")


def test_a_group_is_the_plain_mean_of_its_subjects() -> None:
    verdicts = judged(
        ("b/s/0", 1.0), ("b/s/1", 0.0), ("b/s/2", 0.0), ("b/t/0", 1.0), ("b/t/1", 1.0)
    )
    *_, group = scores(plan_of("s", "t", groups=(BOTH,)), verdicts)
    assert (group.row_name, group.kind, group.oc_version) == ("both", "group", "-")
    assert group.metric == "naive_average"
    assert group.value == pytest.approx((100 / 3 + 100) / 2)
    assert (group.n, group.unscored) == (5, 0)
    assert group.stderr is not None


def test_a_group_with_a_subject_that_could_not_be_judged_has_no_value() -> None:
    found = scores(
        plan_of("s", "t", groups=(BOTH,)), judged(("b/s/0", 1.0), ("b/t/0", None), ("b/t/1", None))
    )
    assert [(held.row_name, held.value) for held in found] == [
        ("row-s", 100.0),
        ("row-t", None),
        ("both", None),
    ]


def test_scores_of_models_stand_side_by_side() -> None:
    verdicts = [
        *judged(("b/s/0", 1.0), ("b/t/0", 1.0)),
        *judged(("b/s/0", 0.0), ("b/t/0", 1.0), model="x"),
    ]
    found = scores(plan_of("s", "t", models=("m", "x"), groups=(BOTH,)), verdicts)
    assert [(held.row_name, held.model, held.value) for held in found] == [
        ("row-s", "m", 100.0),
        ("row-s", "x", 0.0),
        ("row-t", "m", 100.0),
        ("row-t", "x", 100.0),
        ("both", "m", 100.0),
        ("both", "x", 50.0),
    ]


def group_value(group: PlannedGroup, first: float, second: float | None) -> float | None:
    names = ("s", "t")
    verdicts = judged(
        *((f"b/s/{at}", float(at < first)) for at in range(10)),
        *((f"b/t/{at}", None if second is None else float(at < second)) for at in range(10)),
    )
    *_, found = scores(plan_of(*names, groups=(group,)), verdicts)
    return found.value


@pytest.mark.parametrize(
    ("mean", "changes", "expected"),
    [
        pytest.param(GroupMean.NAIVE_AVERAGE, ({}, {}), 50.0, id="naive"),
        pytest.param(GroupMean.WEIGHTED_AVERAGE, ({"weight": 3}, {"weight": 1}), 35.0, id="weight"),
        pytest.param(GroupMean.HARMONIC_MEAN, ({}, {}), 2 / (1 / 20 + 1 / 80), id="harmonic"),
        pytest.param(GroupMean.SUM, ({}, {}), 100.0, id="sum"),
        pytest.param(GroupMean.STANDARD_DEVIATION, ({}, {}), 30.0, id="population-deviation"),
        pytest.param(
            GroupMean.NAIVE_AVERAGE, ({"multiply": "-1", "add": "100"}, {}), 80.0, id="transformed"
        ),
    ],
)
def test_a_group_takes_the_mean_it_names(
    mean: GroupMean, changes: tuple[dict[str, object], dict[str, object]], expected: float
) -> None:
    members = [
        GroupMember.model_validate({"row": row, "benchmark": "b", **change})
        for row, change in zip(("row-s", "row-t"), changes, strict=True)
    ]
    group = PlannedGroup(name="g", benchmark="b", members=members, mean=mean, metric="")
    assert group_value(group, 2, 8) == pytest.approx(expected)


def test_a_later_group_has_an_earlier_one_among_its_rows() -> None:
    outer = PlannedGroup(
        name="outer",
        benchmark="",
        members=[GroupMember(row="both", benchmark="b"), GroupMember(row="row-s", benchmark="b")],
        mean=GroupMean.NAIVE_AVERAGE,
        metric="overall",
    )
    verdicts = judged(("b/s/0", 1.0), ("b/t/0", 0.0))
    *_, found = scores(plan_of("s", "t", groups=(BOTH, outer)), verdicts)
    assert (found.row_name, found.metric, found.value) == ("outer", "overall", 75.0)


def test_a_metric_with_several_numbers_has_a_row_for_each_and_so_has_a_group() -> None:
    made = plan_of("s", "t", groups=(BOTH,))
    values = {"rouge1": 0.5, "rouge2": 0.25}
    metric = mean_metric(["rouge1", "rouge2"], lambda _: Judgement(values))
    given = [
        JudgedSample(held.sample, Verdict("A", values, None, None))
        for held in judged(("b/s/0", 1.0), ("b/t/0", 1.0))
    ]
    found = all_scores(made, given, {("b", "s"): metric, ("b", "t"): metric})
    assert [(held.row_name, held.metric, held.value) for held in found] == [
        ("row-s", "rouge1", 50.0),
        ("row-s", "rouge2", 25.0),
        ("row-t", "rouge1", 50.0),
        ("row-t", "rouge2", 25.0),
        ("both", "naive_average", 50.0),
        ("both", "rouge1", 50.0),
        ("both", "rouge2", 25.0),
    ]


def test_the_headline_has_groups_first_and_numbers_as_text() -> None:
    verdicts = judged(("b/s/0", 1.0), ("b/s/1", 0.0), ("b/s/2", 0.0), ("b/t/0", None))
    alone = group_of("alone", "row-s")
    found = headline(scores(plan_of("s", "t", groups=(alone,)), verdicts))
    assert [(held.benchmark, held.value, held.stderr, held.n) for held in found] == [
        ("alone", "33.33", "33.33", 3),
        ("row-s", "33.33", "33.33", 3),
        ("row-t", "-", None, 0),
    ]


def test_the_headline_is_cut_at_twenty_numbers() -> None:
    names = [f"s{number}" for number in range(30)]
    assert len(headline(scores(plan_of(*names), []))) == 20


DOCUMENT = RunDocument(
    run=RunIdentity(namespace="default", name="demo", uid="u-1"),
    models=[ResolvedModel(name="m", spec=endpoint_of())],
    benchmarks=[ResolvedBenchmark(name="b")],
    storage=ResolvedStorage(uri="file:///results"),
)


def test_the_report_says_what_its_numbers_rest_on() -> None:
    made = plan_of("s")
    report = report_of(
        DOCUMENT,
        made,
        [manifest_of(0, "m")],
        plan_digest="sha256:p",
        completeness=completeness(made, []),
        scores=scores(made, []),
    )
    assert (report.run, report.uid, report.run_digest) == ("demo", "u-1", "sha256:r")
    assert report.models[0].environment == ENVIRONMENT
    assert report.data[0].content_hash == "sha256:c"


def test_shards_of_one_model_must_have_run_the_same_weights() -> None:
    made = plan_of("s", models=("m", "m"))
    other = ENVIRONMENT.model_copy(update={"model_digest": "sha256:99"})
    with pytest.raises(InvalidData, match="shards 0 and 1 of model 'm' ran different weights"):
        report_of(
            DOCUMENT,
            made,
            [manifest_of(1, "m", other), manifest_of(0, "m")],
            plan_digest="sha256:p",
            completeness=completeness(made, []),
            scores=[],
        )
