"""What metrics say of their own numbers: which way is better, whether they are shares."""

from __future__ import annotations

from typing import Final

import pytest
from unit.worker_scoring.builders import metric_of

from kompass_worker.scoring.metrics import METRICS

NEEDED: Final = {
    "gaokao": {"type": "single_choice"},
    "g_pass_at_k": {"k": "1", "runs": "1"},
}
LOWER: Final = {"average_ppl", "average_inference_ppl", "bits_per_character"}
NO_SHARES: Final = LOWER | {
    "average_mink",
    "bleu",
    "rouge@0.5",
    "rouge@1",
    "rouge_chinese",
    "truthfulqa_bleu",
    "truthfulqa_mc2",
    "truthfulqa_overlap",
    "truthfulqa_rouge",
}
OWN_UNIT: Final = LOWER | {"average_mink", "truthfulqa_bleu", "truthfulqa_rouge"}


@pytest.mark.parametrize("name", sorted(METRICS.own))
def test_every_metric_says_what_its_numbers_are(name: str) -> None:
    metric = metric_of(name, **NEEDED.get(name, {}))
    assert metric.higher_is_better == (name not in LOWER)
    assert metric.is_share == (name not in NO_SHARES)
    assert metric.in_percent == (name not in OWN_UNIT)


@pytest.mark.parametrize(
    ("of", "is_share"), [("accuracy", True), ("bleu", False)], ids=["share", "no-share"]
)
def test_a_majority_has_the_nature_of_what_is_counted(of: str, is_share: bool) -> None:
    assert metric_of("majority_vote", of=of).is_share == is_share
