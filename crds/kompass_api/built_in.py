"""Names of the benchmarks that every worker brings, and how each gets its answers.

A test compares this with the worker's files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kompass_api.methods import Method

BUILT_IN: Final[Mapping[str, Method]] = {
    "agieval-five-options-ppl": Method.PERPLEXITY,
    "agieval-gen": Method.GENERATION,
    "agieval-ppl": Method.PERPLEXITY,
    "arc-c-cot-gen": Method.GENERATION,
    "arc-c-few-shot-gen": Method.GENERATION,
    "arc-c-few-shot-ppl": Method.PERPLEXITY,
    "arc-c-gen": Method.GENERATION,
    "arc-c-ppl": Method.PERPLEXITY,
    "arc-e-gen": Method.GENERATION,
    "arc-e-ppl": Method.PERPLEXITY,
    "bbh-0shot-nocot-gen": Method.GENERATION,
    "bbh-512-gen": Method.GENERATION,
    "bbh-base-gen": Method.GENERATION,
    "bbh-gen": Method.GENERATION,
    "blimp": Method.LOG_LIKELIHOOD,
    "ceval-gen": Method.GENERATION,
    "ceval-ppl": Method.PERPLEXITY,
    "ceval-test-gen": Method.GENERATION,
    "ceval-test-ppl": Method.PERPLEXITY,
    "ceval-zero-shot-gen": Method.GENERATION,
    "cmmlu-few-shot-gen": Method.GENERATION,
    "cmmlu-gen": Method.GENERATION,
    "cmmlu-ppl": Method.PERPLEXITY,
    "gaokao-bench-gen": Method.GENERATION,
    "gaokao-bench-ppl": Method.PERPLEXITY,
    "gsm8k-0shot-gen": Method.GENERATION,
    "gsm8k-0shot-nocot-gen": Method.GENERATION,
    "gsm8k-0shot-v2-gen": Method.GENERATION,
    "gsm8k-cot-gen": Method.GENERATION,
    "gsm8k-gen": Method.GENERATION,
    "hellaswag-0shot-gen": Method.GENERATION,
    "hellaswag-10shot-ppl": Method.PERPLEXITY,
    "hellaswag-gen": Method.GENERATION,
    "hellaswag-ppl": Method.PERPLEXITY,
    "math-0shot-gen": Method.GENERATION,
    "math-0shot-long-gen": Method.GENERATION,
    "math-gen": Method.GENERATION,
    "mmlu-few-shot-gen": Method.GENERATION,
    "mmlu-gen": Method.GENERATION,
    "mmlu-ppl": Method.PERPLEXITY,
    "mmlu-zero-shot-gen": Method.GENERATION,
    "piqa-gen": Method.GENERATION,
    "piqa-ppl": Method.PERPLEXITY,
    "truthfulqa-gen": Method.GENERATION,
    "truthfulqa-mc1": Method.LOG_LIKELIHOOD,
    "truthfulqa-mc2": Method.LOG_LIKELIHOOD,
    "wikitext-103-raw-ppl": Method.PERPLEXITY_ONLY,
    "wikitext-2-raw-ppl": Method.PERPLEXITY_ONLY,
    "winogrande-5shot-gen": Method.GENERATION,
    "winogrande-5shot-ll": Method.LOG_LIKELIHOOD,
    "winogrande-gen": Method.GENERATION,
    "winogrande-ll": Method.LOG_LIKELIHOOD,
    "winogrande-ppl": Method.PERPLEXITY,
}
"""The first of a family with a form's plain name is what OpenCompass imports under it."""
