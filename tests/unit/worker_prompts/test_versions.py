"""OpenCompass' version hashes, and the content hash that covers what they leave out."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import pytest
from unit.worker_eval.builders import TOY, spec_of

from kompass_worker.benchmarks import builtin, file_version, oc_version
from kompass_worker.benchmarks.catalogue import named
from kompass_worker.benchmarks.versions import oc_hash
from kompass_worker.errors import InvalidRequest


def test_the_first_subject_has_the_version_of_opencompass() -> None:
    spec = builtin("ceval-gen")
    assert oc_version(spec, spec.subjects[0]) == "db9ce2"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("ceval-gen", "5f30c7", id="ceval_gen_5f30c7"),
        pytest.param("ceval-ppl", "578f8d", id="ceval_ppl_578f8d"),
        pytest.param("ceval-zero-shot-gen", "bd40ef", id="ceval_zero_shot_gen_bd40ef"),
        pytest.param("mmlu-few-shot-gen", "4d595a", id="mmlu_gen_4d595a"),
        pytest.param("mmlu-ppl", "ac766d", id="mmlu_ppl_ac766d"),
        pytest.param("cmmlu-few-shot-gen", "c13365", id="cmmlu_gen_c13365"),
        pytest.param("cmmlu-ppl", "8b9c76", id="cmmlu_ppl_8b9c76"),
        pytest.param("arc-c-ppl", "a450bd", id="ARC_c_ppl_a450bd"),
        pytest.param("hellaswag-ppl", "47bff9", id="hellaswag_ppl_47bff9"),
        pytest.param("winogrande-5shot-ll", "252f01", id="winogrande_5shot_ll_252f01"),
        pytest.param("piqa-ppl", "1cf9f0", id="piqa_ppl_1cf9f0"),
        pytest.param("wikitext-2-raw-ppl", "05247d", id="wikitext_2_raw_ppl_05247d"),
    ],
)
def test_the_whole_file_has_the_version_of_opencompass(name: str, expected: str) -> None:
    spec = builtin(name)
    assert file_version(spec, named(spec).subjects) == expected


def test_the_other_form_of_cmmlu_has_its_version_too() -> None:
    # cmmlu_ppl_041cbf: plain texts with a form of their own for examples.
    spec = builtin("cmmlu-few-shot-gen")
    asked = "题目：{question}\nA. {A}\nB. {B}\nC. {C}\nD. {D}\n答案是: {answer}"
    hint = "以下是关于{subject_title}的单项选择题，请直接给出正确答案的选项。"
    prompt = {
        "text": f"{hint}\n{{examples}}{asked}",
        "labels": ["A", "B", "C", "D"],
        "example": {"text": f"{asked}\n"},
    }
    changes = {"prompt": prompt, "method": "Perplexity", "extraction": []}
    other = type(spec).model_validate({**spec.model_dump(exclude={"prompt"}), **changes})
    assert file_version(other, named(spec).subjects) == "041cbf"


def test_a_file_with_one_dataset_has_that_datasets_version() -> None:
    spec = spec_of()
    assert file_version(spec, [TOY]) == oc_version(spec, TOY)


OPENICL: Final = "opencompass.openicl."
ROUNDS: Final = [
    {"role": "HUMAN", "prompt": "{question}答案: "},
    {"role": "BOT", "prompt": "{answer}"},
]
LINE: Final = {"rounds": [{"role": "HUMAN", "prompt": "x"}, {"role": "BOT", "prompt": "{answer}"}]}


def template(held: object, **token: str) -> dict[str, object]:
    return {"type": OPENICL + "icl_prompt_template.PromptTemplate", "template": held, **token}


def config(held: object, **inferencer: object) -> dict[str, Any]:
    return {
        "prompt_template": template(held),
        "retriever": {"type": OPENICL + "icl_retriever.ZeroRetriever"},
        "inferencer": {"type": OPENICL + "icl_inferencer.GenInferencer", **inferencer},
    }


def shots(retriever: str, /, **held: object) -> dict[str, Any]:
    """An ice_template alone, with another retriever."""
    return {
        "ice_template": template({"begin": "</E>", "round": ROUNDS}, ice_token="</E>"),
        "retriever": {"type": f"{OPENICL}icl_retriever.{retriever}", **held},
        "inferencer": {"type": OPENICL + "icl_inferencer.GenInferencer"},
    }


def text_of(method: str, **held: object) -> dict[str, Any]:
    """A plain text by another inferencer."""
    inferencer = {"type": f"{OPENICL}icl_inferencer.{method}", **held}
    return {**config("{question}"), "inferencer": inferencer}


SYSTEM: Final = {"role": "SYSTEM", "prompt": "Be brief."}
BEGIN: Final = [{**SYSTEM, "fallback_role": "HUMAN"}]
ALONE: Final[dict[str, Any]] = {"ids": []}
PLAIN: Final[dict[str, Any]] = {
    "prompt": {"text": "{question}"},
    "examples": ALONE,
    "extraction": [],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"examples": ALONE}, config({"round": ROUNDS}), id="zero-shot"),
        pytest.param(
            {"examples": ALONE, "generation": {"maxNewTokens": 256, "minNewTokens": 2}},
            config({"round": ROUNDS}, max_out_len=256, min_out_len=2),
            id="limits-of-the-benchmark",
        ),
        pytest.param(
            {"examples": ALONE, "generation": {"stop": ["\n"]}},
            config({"round": ROUNDS}, stopping_criteria=["\n"]),
            id="stop",
        ),
        pytest.param(
            {"examples": ALONE, "prompt": {"rounds": [SYSTEM, *ROUNDS]}},
            config({"begin": BEGIN, "round": ROUNDS}),
            id="system-turn-in-begin",
        ),
        pytest.param(
            {"examples": ALONE, "prompt": {"begin": [SYSTEM], "rounds": ROUNDS, "end": [SYSTEM]}},
            config({"begin": [SYSTEM], "round": ROUNDS, "end": [SYSTEM]}),
            id="begin-and-end",
        ),
        pytest.param(
            {
                "examples": ALONE,
                "openCompass": {"config": "x", "inferencer": {"labels": '["A"]', "n": "2"}},
            },
            config({"round": ROUNDS}, labels=["A"], n=2),
            id="further-arguments",
        ),
        pytest.param(
            {
                **PLAIN,
                "openCompass": {"config": "x", "inferencer": {"type": '"SCInferencer"'}},
            },
            text_of("SCInferencer"),
            id="another-inferencer",
        ),
        pytest.param(
            {**PLAIN, "openCompass": {"config": "x", "labelKey": "0"}},
            config({"0": "{question}"}),
            id="only-entry-of-a-map",
        ),
        pytest.param(
            {"examples": {"retriever": "BM25", "count": 2}},
            shots("BM25Retriever", ice_num=2),
            id="bm25",
        ),
        pytest.param(
            {"examples": {"retriever": "Random", "count": 2}},
            shots("RandomRetriever", ice_num=2),
            id="random",
        ),
        pytest.param(
            {"examples": {"retriever": "Random", "count": 2, "seed": 1}},
            shots("RandomRetriever", ice_num=2, seed=1),
            id="random-with-a-seed",
        ),
        pytest.param(
            {"examples": {"retriever": "SlidingWindow", "count": 2}},
            shots("SlidingWindowRetriever", k=2),
            id="sliding-window",
        ),
        pytest.param(
            {"examples": {"retriever": "TopK", "count": 8, "embedding": {"uri": "hf://a/b"}}},
            shots("TopkRetriever", ice_num=8),
            id="top-k",
        ),
        pytest.param(
            {**PLAIN, "method": "BitsPerCharacter"},
            text_of("SWCELossInferencer", block_size=1900, stride=512),
            id="bits-per-character",
        ),
        pytest.param(
            {
                "prompt": {"text": "{question}", "labels": ["A", "B"]},
                "examples": ALONE,
                "extraction": [],
                "method": "ConditionalLogProbability",
            },
            text_of("CLPInferencer"),
            id="choices-are-no-map-of-labels",
        ),
        pytest.param(
            {**PLAIN, "method": "MinKPercent"}, text_of("MinKPercentInferencer"), id="min-k"
        ),
        pytest.param(
            {
                "prompt": {},
                "examples": ALONE,
                "extraction": [],
                "method": "Conversation",
                "conversation": {"inferMode": "every"},
            },
            {
                **text_of("ChatInferencer", infer_mode="every"),
                "prompt_template": template("{dialogue}"),
            },
            id="conversation",
        ),
        pytest.param(
            {"prompt": {"rounds": LINE["rounds"], "example": {"rounds": ROUNDS}}},
            {
                "ice_template": template({"round": ROUNDS}),
                "prompt_template": template(
                    {"begin": "</E>", "round": LINE["rounds"]}, ice_token="</E>"
                ),
                "retriever": {"type": OPENICL + "icl_retriever.FixKRetriever"},
                "inferencer": {
                    "type": OPENICL + "icl_inferencer.GenInferencer",
                    "fix_id_list": [0, 1],
                },
            },
            id="examples-of-another-form",
        ),
    ],
)
def test_a_benchmark_of_ones_own_has_the_version_of_the_same_configuration(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    digest = hashlib.sha256(json.dumps(expected, sort_keys=True).encode()).hexdigest()
    assert oc_hash(spec_of(**changes), TOY) == digest


def test_an_argument_that_is_no_json_is_refused() -> None:
    origin = {"config": "x", "inferencer": {"labels": "[A]"}}
    with pytest.raises(InvalidRequest, match=r"openCompass\.inferencer\.labels is '\[A\]'"):
        oc_version(spec_of(openCompass=origin), TOY)


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
