"""Named metrics: what answers are worth, one by one and together.

Names of rows are OpenCompass' keys, and numbers are in percent where its are. A metric never
changes under its name: behind `@` stands the version of OpenCompass whose metric it is, or `@1` for
Kompass' own without the known defects.

| metric | rows | of |
|---|---|---|
| accuracy; agieval_choice | accuracy; score | the same text |
| bbh_choice | score | the same letter, in brackets or not |
| exact_match | score | one of a list of references |
| bbh_free_form, bbh_free_form@0.2.4 | score | BIG-Bench Hard's free text |
| contamination | accuracy, accuracy - clean, ... | accuracy by `column` |
| squad | f1, exact_match | words |
| bleu | score | all texts together (`tokenize`) |
| rouge@0.5, rouge@1 | rouge1, rouge2, rougeL, rougeLsum | English words |
| rouge_chinese | rouge1, rouge2, rougeL | Chinese words |
| matthews_correlation | matthews_correlation | labels |
| auc_roc | auc_score, accuracy | two labels' probabilities |
| edit_distance | accuracy | the nearest of `candidates` |
| option_similarity | accuracy | the option meant (`options`) |
| circular, circular_option_similarity | acc_origin, ..., perf_circular | rotated options |
| math@v1, math@v2, agieval_math | accuracy; score | LaTeX by its spelling |
| math_verify@0.5, math_verify@1 | accuracy | LaTeX by its meaning (`seconds`) |
| gsm8k | accuracy | a number |
| gaokao | score | GAOKAO-Bench's points (`type`) |
| pass_at_k | pass@1, ... | samples (`k`, `of`) |
| g_pass_at_k | accuracy (4 runs average), G-Pass@4_0.5, ... | samples (`k`, `runs`, `of`) |
| majority_vote | those of `of` | what most samples say |
| average_ppl, average_inference_ppl | average_ppl | nats per token |
| bits_per_character, average_mink | bpc; average_mink | one text |
| truthfulqa_mc1, truthfulqa_mc2 | mc1; mc2 | choices (`labels`) |
| choice_accuracy | acc, acc_norm, acc_bytes | choices |
| truthfulqa_bleu, truthfulqa_rouge, truthfulqa_overlap | bleu_max, ... | true and false answers |
"""

from __future__ import annotations

from typing import Final

from kompass_worker.scoring.metrics import (
    choices,
    distances,
    gaokao,
    labels,
    likelihoods,
    maths,
    rouge,
    sampling,
    symbolic,
    truthfulqa,
    words,
)
from kompass_worker.scoring.metrics.metric import Metric, judge_metric
from kompass_worker.scoring.registry import Function, Registry

__all__ = ["METRICS", "Metric", "metric_named"]

_NEEDS_SANDBOX: Final = (
    "runs code that a model wrote; the sandbox for it comes in a later version of Kompass, and "
    "without one no such code is run"
)


def metric_named(name: str, arguments: dict[str, str]) -> Metric:
    """The metric with its settings; a package's function of one answer becomes the mean of it."""
    found = METRICS.bound(name, arguments)
    return found if isinstance(found, Metric) else judge_metric(name, found)


def _pass_at_k(*, k: tuple[int, ...] = (1,), of: str = "accuracy") -> Metric:
    return sampling.pass_metric(metric_named(of, {}), k)


def _g_pass_at_k(*, runs: int, k: tuple[int, ...], of: str = "accuracy") -> Metric:
    return sampling.g_pass_metric(metric_named(of, {}), k, runs)


def _majority_vote(*, of: str = "accuracy") -> Metric:
    return sampling.majority_metric(metric_named(of, {}))


_OWN: Final[dict[str, Function]] = {
    "accuracy": choices.accuracy,
    "agieval_choice": choices.same_text,
    "agieval_math": maths.agieval_math,
    "auc_roc": labels.auc_roc,
    "average_inference_ppl": likelihoods.average_inference_ppl,
    "average_mink": likelihoods.average_mink,
    "average_ppl": likelihoods.average_ppl,
    "bbh_choice": choices.bbh_choice,
    "bbh_free_form": choices.bbh_free_form_0_5,
    "bbh_free_form@0.2.4": choices.bbh_free_form_0_2_4,
    "bits_per_character": likelihoods.bits_per_character,
    "bleu": words.bleu,
    "choice_accuracy": likelihoods.choice_accuracy,
    "circular": distances.circular,
    "circular_option_similarity": distances.circular_option_similarity,
    "contamination": choices.contamination,
    "edit_distance": distances.edit_distance,
    "exact_match": choices.exact_match,
    "g_pass_at_k": _g_pass_at_k,
    "gaokao": gaokao.gaokao,
    "gsm8k": maths.gsm8k,
    "majority_vote": _majority_vote,
    "math@v1": maths.math_v1,
    "math@v2": maths.math_v2,
    "math_verify@0.5": symbolic.math_verify_0_5,
    "math_verify@1": symbolic.math_verify_1,
    "matthews_correlation": labels.matthews,
    "option_similarity": distances.option_similarity,
    "pass_at_k": _pass_at_k,
    "rouge@0.5": rouge.rouge_0_5,
    "rouge@1": rouge.rouge_1,
    "rouge_chinese": rouge.rouge_chinese,
    "squad": words.squad,
    "truthfulqa_bleu": truthfulqa.truthfulqa_bleu_0_5,
    "truthfulqa_mc1": likelihoods.mc1,
    "truthfulqa_mc2": likelihoods.mc2,
    "truthfulqa_overlap": truthfulqa.truthfulqa_overlap,
    "truthfulqa_rouge": truthfulqa.truthfulqa_rouge_0_5,
}

METRICS: Final = Registry(
    kind="metric",
    group="kompass.metrics",
    own=_OWN,
    refused=dict.fromkeys(
        ("code_evaluator", "ds1000", "human_eval", "human_eval_plus", "lcb", "mbpp", "mbpp_plus"),
        _NEEDS_SANDBOX,
    ),
)
