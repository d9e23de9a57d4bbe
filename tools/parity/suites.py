"""What is compared: a benchmark on a set of rows, and what a peer calls the same.

Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from parity.models import Model


class Peer(StrEnum):
    """Who is asked the same."""

    OPENCOMPASS = "opencompass"
    LM_EVAL = "lm-eval"


class Shape(StrEnum):
    """How a set's files are staged, which decides what a peer is told of a subject."""

    CEVAL = "ceval"
    """A file for each split and subject, and a subject_mapping.json."""
    AGIEVAL = "agieval"
    """A file for each subject."""
    GSM8K = "gsm8k"
    """A file for each split."""
    BLIMP = "blimp"
    """A file for each subject, cut out of one."""
    TRUTHFULQA = "truthfulqa"
    """TruthfulQA.csv, and what the hub makes of it."""


@dataclass(frozen=True)
class Suite:
    """A benchmark of ours on a set of rows, with the peer's definition of it."""

    benchmark: str
    shape: Shape
    data: str
    """Folder of the rows; its subjects are those that the benchmark has, or `subjects`."""
    peer: Peer
    definition: str
    """Configuration below OpenCompass' configs/datasets, or task file below lm-eval's tasks."""
    variable: str = ""
    """OpenCompass: the name of its datasets in that file."""
    subjects: tuple[str, ...] = ()
    """Those that the set has, where the benchmark has more."""
    parts: int = 1
    """How many subjects the set has."""
    max_new_tokens: int | None = None
    """Tokens of an answer, on both sides; None where nothing is generated."""
    scores: bool = True
    """Whether the peer can score offline."""

    @property
    def name(self) -> str:
        """`<benchmark>/<data>`."""
        return f"{self.benchmark}/{self.data}"

    @property
    def generates(self) -> bool:
        """Whether answers are written, not chosen."""
        return self.max_new_tokens is not None

    def takes(self, model: Model) -> bool:
        """Whether the benchmark can be put to the model: likelihoods are those of plain text."""
        return self.generates or not model.chat

    def limit(self, model: Model) -> int | None:
        """Rows of each subject, so that the model has time for those of all."""
        return model.limit and math.ceil(model.limit / self.parts)


BLIMP: Final = (
    "anaphor_number_agreement",
    "animate_subject_passive",
    "determiner_noun_agreement_1",
    "determiner_noun_agreement_with_adj_2",
    "distractor_agreement_relational_noun",
    "irregular_past_participle_adjectives",
    "irregular_plural_subject_verb_agreement_1",
    "passive_1",
    "principle_A_case_1",
    "regular_plural_subject_verb_agreement_2",
    "transitive",
    "wh_questions_subject_gap",
)
"""The kinds of sentences in the shared cut."""

_CEVAL: Final = tuple(
    Suite(
        benchmark=benchmark,
        shape=Shape.CEVAL,
        data=data,
        peer=Peer.OPENCOMPASS,
        definition=f"ceval/{config}.py",
        variable="ceval_datasets",
        parts=parts,
        max_new_tokens=max_new_tokens,
    )
    for data, parts in (("tiny_mc", 5), ("gaokao_ceval", 9))
    for benchmark, config, max_new_tokens in (
        ("ceval-gen", "ceval_gen_5f30c7", 16),
        ("ceval-ppl", "ceval_ppl_578f8d", None),
        ("ceval-zero-shot-gen", "ceval_zero_shot_gen_bd40ef", 32),
    )
)

SUITES: Final = (
    *_CEVAL,
    Suite(
        benchmark="agieval-gen",
        shape=Shape.AGIEVAL,
        data="agieval",
        peer=Peer.OPENCOMPASS,
        definition="agieval/agieval_gen_5c79b4.py",
        variable="agieval_datasets",
        subjects=("sat-math", "aqua-rat", "gaokao-mathcloze"),
        parts=3,
        max_new_tokens=32,
    ),
    *(
        Suite(
            benchmark=benchmark,
            shape=Shape.GSM8K,
            data="gsm8k",
            peer=Peer.OPENCOMPASS,
            definition=f"gsm8k/{config}.py",
            variable="gsm8k_datasets",
            max_new_tokens=32,
        )
        for benchmark, config in (
            ("gsm8k-0shot-gen", "gsm8k_0shot_gen_a58960"),
            ("gsm8k-cot-gen", "gsm8k_gen_701491"),
        )
    ),
    Suite(
        benchmark="truthfulqa-gen",
        shape=Shape.TRUTHFULQA,
        data="truthfulqa",
        peer=Peer.OPENCOMPASS,
        definition="truthfulqa/truthfulqa_gen_5ddc62.py",
        variable="truthfulqa_datasets",
        max_new_tokens=32,
        scores=False,
    ),
    *(
        Suite(
            benchmark=benchmark,
            shape=Shape.TRUTHFULQA,
            data="truthfulqa",
            peer=Peer.LM_EVAL,
            definition=f"truthfulqa/{task}.yaml",
        )
        for benchmark, task in (
            ("truthfulqa-mc1", "truthfulqa_mc1"),
            ("truthfulqa-mc2", "truthfulqa_mc2"),
        )
    ),
    Suite(
        benchmark="blimp",
        shape=Shape.BLIMP,
        data="blimp",
        peer=Peer.LM_EVAL,
        definition="blimp/{subject}.yaml",
        subjects=BLIMP,
        parts=len(BLIMP),
    ),
)
"""Every set named in the parity table."""
