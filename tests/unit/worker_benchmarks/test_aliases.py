"""What OpenCompass' plain names import at 0.5.4, and the benchmark that has the name here."""

from __future__ import annotations

import pytest

from kompass_worker.benchmarks import builtin
from kompass_worker.cli.opencompass.benchmarks import found, known

IMPORTS = {
    "ARC_c_gen": "ARC_c_gen_1e0de5",
    "ARC_c_ppl": "ARC_c_ppl_a450bd",
    "ARC_e_gen": "ARC_e_gen_1e0de5",
    "ARC_e_ppl": "ARC_e_ppl_a450bd",
    "GaokaoBench_gen": "GaokaoBench_gen_5cfe9e",
    "agieval_gen": "agieval_gen_5c79b4",
    "bbh_gen": "bbh_gen_ee62e9",
    "ceval_gen": "ceval_gen_5f30c7",
    "ceval_ppl": "ceval_ppl_578f8d",
    "cmmlu_gen": "cmmlu_0shot_cot_gen_305931",
    "cmmlu_ppl": "cmmlu_ppl_8b9c76",
    "gsm8k_gen": "gsm8k_gen_1d7fe4",
    "hellaswag_gen": "hellaswag_10shot_gen_e42710",
    "hellaswag_ppl": "hellaswag_ppl_47bff9",
    "math_gen": "math_gen_a58d9d",
    "mmlu_gen": "mmlu_openai_simple_evals_gen_b618ea",
    "mmlu_ppl": "mmlu_ppl_ac766d",
    "piqa_gen": "piqa_gen_1194eb",
    "piqa_ppl": "piqa_ppl_1cf9f0",
    "truthfulqa_gen": "truthfulqa_gen_5ddc62",
    "wikitext_103_raw_ppl": "wikitext_103_raw_ppl_05247d",
    "wikitext_2_raw_ppl": "wikitext_2_raw_ppl_05247d",
    "winogrande_gen": "winogrande_gen_458220",
    "winogrande_ll": "winogrande_ll_c5cf57",
}


@pytest.mark.parametrize(("alias", "config"), IMPORTS.items())
def test_a_plain_name_is_the_benchmark_of_what_it_imports(alias: str, config: str) -> None:
    (name,) = found(alias, known())
    origin = builtin(name).open_compass
    assert origin is not None
    assert origin.config == config
    assert found(config, known()) == [name]
