"""The files of the built-in benchmarks: every name in them is known, every sum adds up."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable

import pytest

from kompass_api.benchmark import BenchmarkSpec, Subject, extraction_of, metric_of
from kompass_api.built_in import BUILT_IN, BUILT_IN_DATA
from kompass_api.prompts import Template
from kompass_api.resources import DNS_LABEL
from kompass_api.scoring import ExtractionStep, Metric
from kompass_worker.benchmarks import builtin
from kompass_worker.benchmarks.catalogue import named, row_name
from kompass_worker.datasets.expressions import Expression
from kompass_worker.scoring.extraction import EXTRACTORS
from kompass_worker.scoring.metrics import METRICS

NAMES = sorted(BUILT_IN)

HUB = {
    "hf://datasets/allenai/ai2_arc": 7,
    "hf://datasets/allenai/winogrande": 5,
    "hf://datasets/cais/mmlu": 4,
    "hf://datasets/ceval/ceval-exam": 5,
    "hf://datasets/haonan-li/cmmlu": 3,
    "hf://datasets/opencompass/hellaswag": 4,
    "hf://datasets/Salesforce/wikitext": 2,
    "hf://datasets/ybisk/piqa": 2,
}
"""Repository -> benchmarks whose rows it has; the others' are not on the hub as they are read."""

SUBJECTS = {
    "agieval-gen": 21,
    "bbh-gen": 27,
    "blimp": 67,
    "ceval-test-ppl": 52,
    "cmmlu-ppl": 67,
    "gaokao-bench-gen": 14,
    "mmlu-ppl": 57,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_can_be_that_of_an_object(name: str) -> None:
    assert DNS_LABEL.matches(name)


def test_every_configuration_of_opencompass_is_built_in_once() -> None:
    origins = [builtin(name).open_compass for name in NAMES]
    counted = Counter(origin.config for origin in origins if origin)
    parts = [config for config, count in counted.items() if count > 1]
    # One file upstream; here a benchmark's labels are the same for all its subjects.
    assert parts == ["agieval_mixed_e33d83"]


def test_the_operator_knows_where_the_data_lies_and_that_no_other_model_is_read() -> None:
    specs = {name: builtin(name) for name in NAMES}
    found = {
        name: spec.data.source.uri for name, spec in specs.items() if spec.data.source is not None
    }
    assert found == BUILT_IN_DATA
    assert [name for name, spec in specs.items() if spec.examples.embedding is not None] == []


def test_the_repositories_on_the_hub_are_known() -> None:
    sources = [builtin(name).data.source for name in NAMES]
    assert Counter(source.uri for source in sources if source) == HUB


@pytest.mark.parametrize(("name", "count"), SUBJECTS.items())
def test_a_family_has_all_its_subjects(name: str, count: int) -> None:
    assert len({subject.name for subject in named(builtin(name)).subjects}) == count


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_is_described_in_its_own_words(name: str) -> None:
    assert len(builtin(name).description.split()) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_the_table_has_a_name_of_its_own(name: str) -> None:
    spec, known = builtin(name), named(builtin(name))
    rows = [
        *(row_name(spec, subject.name) for subject in known.subjects),
        *(group.name for group in known.groups),
    ]
    assert len(rows) == len(set(rows)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_subject_has_a_file_of_its_own(name: str) -> None:
    spec, known = builtin(name), named(builtin(name))
    assert "{subject}" in spec.data.path or len(known.subjects) == 1


@pytest.mark.parametrize("name", NAMES)
def test_groups_are_made_of_subjects_each_once(name: str) -> None:
    known = named(builtin(name))
    names = {subject.name for subject in known.subjects}
    for group in known.groups:
        assert len(set(group.subjects)) == len(group.subjects)
        assert names.issuperset(group.subjects)


@pytest.mark.parametrize("name", NAMES)
def test_everything_in_braces_is_known(name: str) -> None:
    spec = builtin(name)
    for subject in named(spec).subjects:
        known = names_in_prompts(spec, subject)
        said = " ".join([*texts(spec), *subject.values.values()])
        assert set(re.findall(r"\{(\w+)\}", said)) <= known


def settings_of(rules: Iterable[ExtractionStep | Metric]) -> list[tuple[str, dict[str, str]]]:
    """Every rule with its settings, once."""
    found = {json.dumps([rule.name, rule.arguments], sort_keys=True) for rule in rules}
    return [(name, arguments) for name, arguments in map(json.loads, sorted(found))]


SCORED = [(builtin(name), subject) for name in NAMES for subject in named(builtin(name)).subjects]


@pytest.mark.parametrize(
    ("name", "arguments"),
    settings_of(step for spec, subject in SCORED for step in extraction_of(spec, subject)),
)
def test_every_rule_is_registered(name: str, arguments: dict[str, str]) -> None:
    assert callable(EXTRACTORS.bound(name, arguments))


@pytest.mark.parametrize(
    ("name", "arguments"), settings_of(metric_of(spec, subject) for spec, subject in SCORED)
)
def test_every_metric_is_registered(name: str, arguments: dict[str, str]) -> None:
    assert METRICS.bound(name, arguments).rows


@pytest.mark.parametrize("name", NAMES)
def test_every_expression_can_be_read(name: str) -> None:
    data = builtin(name).data
    texts = [data.where, data.records, *(column.expression for column in data.columns)]
    assert all(Expression.of(text, "data").tree for text in texts if text)


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_is_filled_with_columns_that_are_kept(name: str) -> None:
    data = builtin(name).data
    assert not data.keep or {*data.input_columns, data.output_column} <= {*data.keep}


@pytest.mark.parametrize(
    ("name", "group", "total"),
    [
        pytest.param("mmlu-gen", "mmlu-weighted", 14_042, id="rows-of-mmlu"),
        pytest.param("mmlu-ppl", "mmlu-weighted", 14_042, id="rows-of-mmlu-ppl"),
        pytest.param("gaokao-bench-gen", "GaokaoBench", 9_702, id="points-of-gaokao"),
    ],
)
def test_weights_add_up(name: str, group: str, total: int) -> None:
    found = {held.name: held for held in named(builtin(name)).groups}
    assert sum(found[group].weights) == total


def names_in_prompts(spec: BenchmarkSpec, subject: Subject) -> set[str]:
    """What may stand in braces in the prompts of a subject."""
    data = spec.data
    return {
        *data.input_columns,
        data.output_column,
        *(text.name for text in data.texts),
        *subject.values,
        "subject_title",
        "examples",
    }


def texts(spec: BenchmarkSpec) -> list[str]:
    """Every text of a prompt."""
    prompt = spec.prompt
    templates: list[Template] = [prompt, *prompt.label_templates]
    templates += [prompt.example] if prompt.example else []
    turns = [turn for held in templates for turn in (*held.begin, *held.rounds, *held.end)]
    return [*(held.text for held in templates), *(turn.prompt for turn in turns)]


@pytest.mark.parametrize("name", [name for name in NAMES if builtin(name).published])
def test_published_numbers_are_of_rows_of_the_table(name: str) -> None:
    spec, known = builtin(name), named(builtin(name))
    rows = {row_name(spec, subject.name) for subject in known.subjects}
    rows |= {group.name for group in known.groups}
    assert {held.row for held in spec.published} <= rows
    assert all(0 < float(held.value) < 100 for held in spec.published)
