"""The content hash: whatever changes a number changes it, and what does not, does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from pydantic import BaseModel
from unit.worker_eval.builders import TOY, TOY_ROUNDS, ppl_spec_of, spec_of

from kompass_api.benchmark import BenchmarkSpec, OpenCompassOrigin, Subject
from kompass_api.data import Data, DataFormat
from kompass_api.evalrun import Profile
from kompass_api.methods import Conversation, Generation, LikelihoodSettings
from kompass_api.prompts import Examples, LabelTemplate, Prompt, Round, Template
from kompass_worker.benchmarks import content_hash
from kompass_worker.prompts import Manner

_HASHED: Final[Mapping[type[BaseModel], Mapping[str, dict[str, Any]]]] = {
    Generation: {
        "max_new_tokens": {"generation": {"maxNewTokens": 8}},
        "min_new_tokens": {"generation": {"minNewTokens": 8}},
        "stop": {"generation": {"stop": ["x"]}},
        "samples": {"generation": {"samples": 2}},
        "temperature": {"generation": {"temperature": "0.5"}},
        "top_p": {"generation": {"topP": "0.5"}},
        "top_k": {"generation": {"topK": 5}},
    },
    Examples: {
        "retriever": {"examples": {"retriever": "BM25", "count": 2}},
        "ids": {"examples": {"ids": [1, 0]}},
        "count": {"examples": {"retriever": "Random", "count": 2}},
        "seed": {"examples": {"retriever": "Random", "count": 2, "seed": 1}},
        "embedding": {
            "examples": {"retriever": "TopK", "count": 2, "embedding": {"uri": "hf://a/b"}}
        },
    },
    Prompt: {
        "text": {"prompt": {"text": "{question} {answer}"}},
        "begin": {"prompt": {"begin": TOY_ROUNDS[:1], "rounds": TOY_ROUNDS}},
        "rounds": {"prompt": {"rounds": TOY_ROUNDS[1:]}},
        "end": {"prompt": {"end": TOY_ROUNDS[:1], "rounds": TOY_ROUNDS}},
        "labels": {
            "prompt": {"rounds": TOY_ROUNDS, "labels": ["A", "B"]},
            "method": "Perplexity",
            "extraction": [],
        },
        "labels_column": {
            "prompt": {"rounds": TOY_ROUNDS, "labelsColumn": "question"},
            "method": "Perplexity",
            "extraction": [],
        },
        "label_templates": {
            "prompt": {"labelTemplates": [{"label": name, "text": name} for name in "AB"]},
            "method": "Perplexity",
            "extraction": [],
        },
        "example": {"prompt": {"rounds": TOY_ROUNDS, "example": {"rounds": TOY_ROUNDS}}},
    },
    LikelihoodSettings: {
        "divide_by": {"likelihood": {"divideBy": "Bytes"}},
        "continuation": {"likelihood": {"continuation": "question"}},
        "block_size": {"likelihood": {"blockSize": 10}},
        "stride": {"likelihood": {"stride": 10}},
        "min_k_percent": {"likelihood": {"minKPercent": 10}},
    },
    Conversation: {
        "column": {
            "prompt": {},
            "method": "Conversation",
            "conversation": {"column": "question"},
            "examples": {"ids": []},
        },
        "infer_mode": {
            "prompt": {},
            "method": "Conversation",
            "conversation": {"inferMode": "every"},
            "examples": {"ids": []},
        },
    },
}
"""A change of every field of what is asked; a test below keeps the list complete."""

_CHANGES: Final = {
    f"{model.__name__}.{name}": changes
    for model, fields in _HASHED.items()
    for name, changes in fields.items()
}


@pytest.mark.parametrize("model", _HASHED, ids=lambda model: model.__name__)
def test_the_list_of_fields_is_complete(model: type[BaseModel]) -> None:
    assert set(_HASHED[model]) == set(model.model_fields)


def test_every_change_of_what_is_asked_has_a_hash_of_its_own() -> None:
    specs = {"unchanged": spec_of(), "perplexity": ppl_spec_of()}
    specs |= {name: spec_of(**changes) for name, changes in _CHANGES.items()}
    hashes = {name: content_hash(spec, TOY, "d") for name, spec in specs.items()}
    assert len(set(hashes.values())) == len(hashes)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"extraction": []}, id="extraction"),
        pytest.param({"extraction": [{"name": "first_option@0.5"}]}, id="rule"),
        pytest.param(
            {"extraction": [{"name": "first_capital", "arguments": {"a": "b"}}]},
            id="argument-of-a-rule",
        ),
        pytest.param({"metric": {"name": "exact_match"}}, id="metric"),
        pytest.param(
            {"metric": {"name": "accuracy", "arguments": {"a": "b"}}}, id="argument-of-the-metric"
        ),
        pytest.param(
            {"openCompass": {"config": "x", "placeForExamples": True}}, id="place-for-examples"
        ),
        pytest.param({"openCompass": {"config": "x", "predRole": "BOT"}}, id="role-of-predictions"),
        pytest.param({"openCompass": {"config": "x"}}, id="how-exactly-data-is-read"),
    ],
)
def test_scoring_and_reading_count(changes: dict[str, Any]) -> None:
    assert content_hash(spec_of(**changes), TOY, "d") != content_hash(spec_of(), TOY, "d")


_UNCOUNTED: Final = {"source", "path"}
"""Where the data lies: the digest of its files counts."""

_DATA: Final[Mapping[str, Any]] = {
    "format": DataFormat.TSV,
    "test_split": "test",
    "example_split": "train",
    "header": ["question", "answer"],
    "records": "rows",
    "where": "question",
    "columns": [{"name": "x", "expression": "question"}],
    "keep": ["question"],
    "circular": ["A", "B"],
    "test_range": "0:10",
    "texts": [{"name": "hint", "path": "hint.txt"}],
    "input_columns": ["question"],
    "output_column": "A",
}


def test_the_list_of_data_fields_is_complete() -> None:
    assert set(_DATA) | _UNCOUNTED == set(Data.model_fields)


@pytest.mark.parametrize("name", _DATA)
def test_how_rows_are_read_counts(name: str) -> None:
    spec = spec_of()
    data = spec.data.model_copy(update={name: _DATA[name]})
    if name in {"columns", "texts"}:
        data = Data.model_validate({**spec.data.model_dump(), name: _DATA[name]})
    changed = spec.model_copy(update={"data": data})
    assert content_hash(changed, TOY, "d") != content_hash(spec, TOY, "d")


def test_data_title_texts_and_what_the_run_sets_count() -> None:
    spec = spec_of()
    drawn = spec_of(generation={"temperature": "0.5"})
    scored = TOY.model_copy(
        update={"scoring": BenchmarkSpec.model_validate(SCORED).subjects[0].scoring}
    )
    hashes = [
        content_hash(spec, TOY, "d"),
        content_hash(spec, TOY, "e"),
        content_hash(spec, Subject(name="toy", title="x"), "d"),
        content_hash(spec, TOY.model_copy(update={"values": {"a": "b"}}), "d"),
        content_hash(spec, scored, "d"),
        content_hash(spec, TOY, "d", limit=3),
        content_hash(spec, TOY, "d", max_new_tokens=3),
        content_hash(drawn, TOY, "d"),
        content_hash(drawn, TOY, "d", manner=Manner(seed=1)),
        *(
            content_hash(spec, TOY, "d", manner=Manner(profile=profile))
            for profile in Profile
            if profile is not Profile.OPENCOMPASS_05
        ),
    ]
    assert len(set(hashes)) == len(hashes)


SCORED: Final[dict[str, Any]] = {
    **spec_of().model_dump(by_alias=True, exclude_none=True),
    "subjects": [{"name": "toy", "scoring": {"metric": {"name": "exact_match"}}}],
}


def test_the_runs_seed_counts_only_where_answers_are_drawn() -> None:
    held = content_hash(spec_of(), TOY, "d", manner=Manner(seed=1))
    assert held == content_hash(spec_of(), TOY, "d")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"description": "x"}, id="description"),
        pytest.param({"rowName": "x"}, id="row-name"),
        pytest.param({"dimension": "Safety"}, id="dimension"),
        pytest.param({"groups": [{"name": "g", "subjects": ["toy"]}]}, id="groups"),
    ],
)
def test_names_do_not_count(changes: dict[str, Any]) -> None:
    assert content_hash(spec_of(**changes), TOY, "d") == content_hash(spec_of(), TOY, "d")


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        pytest.param(Template, {"text", "begin", "rounds", "end"}, id="template"),
        pytest.param(LabelTemplate, {"text", "begin", "rounds", "end", "label"}, id="label"),
        pytest.param(Round, {"role", "prompt", "fallback_role"}, id="round"),
        pytest.param(
            OpenCompassOrigin,
            {
                "config",
                "ice_template",
                "place_for_examples",
                "label_key",
                "inferencer",
                "pred_role",
            },
            id="origin",
        ),
    ],
)
def test_a_new_field_of_a_prompt_is_a_question_to_this_file(
    model: type[BaseModel], fields: set[str]
) -> None:
    assert set(model.model_fields) == fields
