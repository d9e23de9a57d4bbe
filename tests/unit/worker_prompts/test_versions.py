"""OpenCompass' version hashes, and the content hash that covers what they leave out."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from unit.worker_eval.builders import TOY, ppl_spec_of, spec_of

from kompass_api.benchmark import Subject
from kompass_worker.benchmarks import builtin, content_hash, file_version, oc_version
from kompass_worker.benchmarks.catalogue import named


def test_the_first_subject_has_the_version_of_opencompass() -> None:
    spec = builtin("ceval-gen")
    assert oc_version(spec, spec.subjects[0]) == "db9ce2"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("ceval-gen", "5f30c7", id="ceval_gen_5f30c7"),
        pytest.param("ceval-ppl", "578f8d", id="ceval_ppl_578f8d"),
    ],
)
def test_the_whole_file_has_the_version_of_opencompass(name: str, expected: str) -> None:
    spec = builtin(name)
    assert file_version(spec, named(spec).subjects) == expected


def test_a_file_with_one_dataset_has_that_datasets_version() -> None:
    spec = spec_of()
    assert file_version(spec, [TOY]) == oc_version(spec, TOY)


OPENICL = "opencompass.openicl."
ROUNDS = [
    {"role": "HUMAN", "prompt": "{question}答案: "},
    {"role": "BOT", "prompt": "{answer}"},
]


def config(template: object, **inferencer: object) -> dict[str, Any]:
    return {
        "prompt_template": {
            "type": OPENICL + "icl_prompt_template.PromptTemplate",
            "template": template,
        },
        "retriever": {"type": OPENICL + "icl_retriever.ZeroRetriever"},
        "inferencer": {"type": OPENICL + "icl_inferencer.GenInferencer", **inferencer},
    }


SYSTEM = {"role": "SYSTEM", "prompt": "Be brief."}
BEGIN = [{**SYSTEM, "fallback_role": "HUMAN"}]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, config({"round": ROUNDS}), id="zero-shot"),
        pytest.param(
            {"generation": {"maxNewTokens": 256}},
            config({"round": ROUNDS}, max_out_len=256),
            id="limit-of-the-benchmark",
        ),
        pytest.param(
            {"generation": {"stop": ["\n"]}},
            config({"round": ROUNDS}, stopping_criteria=["\n"]),
            id="stop",
        ),
        pytest.param(
            {"prompt": {"rounds": [SYSTEM, *ROUNDS]}},
            config({"begin": BEGIN, "round": ROUNDS}),
            id="system-turn-in-begin",
        ),
    ],
)
def test_a_benchmark_of_ones_own_has_the_version_of_the_same_configuration(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    digest = hashlib.sha256(json.dumps(expected, sort_keys=True).encode()).hexdigest()
    assert oc_version(spec_of(examples={"ids": []}, **changes), TOY) == digest[:6]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"extraction": []}, id="scoring"),
        pytest.param({"description": "x"}, id="description"),
        pytest.param({"rowName": "x"}, id="row-name"),
    ],
)
def test_the_version_does_not_cover_scoring_and_names(changes: dict[str, Any]) -> None:
    assert oc_version(spec_of(**changes), TOY) == oc_version(spec_of(), TOY)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"extraction": []}, id="scoring"),
        pytest.param({"examples": {"ids": [1, 0]}}, id="order-of-examples"),
        pytest.param({"generation": {"maxNewTokens": 8}}, id="limit"),
        pytest.param({"generation": {"stop": ["x"]}}, id="stop"),
        pytest.param({"prompt": {"rounds": ROUNDS[1:]}}, id="prompt"),
    ],
)
def test_the_content_hash_covers_what_the_number_depends_on(changes: dict[str, Any]) -> None:
    assert content_hash(spec_of(**changes), TOY, "d") != content_hash(spec_of(), TOY, "d")


def test_the_content_hash_covers_data_title_and_what_the_run_sets() -> None:
    spec = spec_of()
    hashes = [
        content_hash(spec, TOY, "d"),
        content_hash(spec, TOY, "e"),
        content_hash(spec, Subject(name="toy", title="x"), "d"),
        content_hash(spec, TOY, "d", limit=3),
        content_hash(spec, TOY, "d", max_new_tokens=3),
        content_hash(ppl_spec_of(), TOY, "d"),
    ]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"description": "x"}, id="description"),
        pytest.param({"rowName": "x"}, id="row-name"),
    ],
)
def test_the_content_hash_does_not_cover_names(changes: dict[str, Any]) -> None:
    assert content_hash(spec_of(**changes), TOY, "d") == content_hash(spec_of(), TOY, "d")
