"""Named rules that read an answer out of what a model wrote.

Pure. A rule never changes under its name: a better one gets another name or version. Behind `@`
stands the version of OpenCompass whose rule it is; `@1` is Kompass' own, without the known defects.

| rule | reads |
|---|---|
| first_option@0.5, first_option@0.2.4, first_option@1 | the option that is named (`options`) |
| first_capital, last_capital, first_capital_multi, multiple_select | capital letters |
| last_option | the last option letter (`options`) |
| first_number, gsm8k, gsm8k_dataset | a number |
| general, general_cn@0.5, general_cn@1, strip | words |
| match_answer_pattern, think_pred, regex | what a pattern finds |
| specific_xml_tag, extract_non_reasoning_content | what stands between marks, or outside |
| math, math_v2, math_judgement, last_boxed | a formula |
| bbh_mcq, bbh_freeform@0.2.4, bbh_freeform@0.5 | BIG-Bench Hard's answers |
| agieval_math, agieval_letter, ... | AGIEval's answers |
"""

from __future__ import annotations

from typing import Final

from kompass_worker.scoring.extraction import (
    agieval,
    bbh,
    capitals,
    marks,
    maths,
    numbers,
    options,
    patterns,
    words,
)
from kompass_worker.scoring.registry import Registry

__all__ = ["EXTRACTORS"]

EXTRACTORS: Final = Registry(
    kind="extraction",
    group="kompass.extractors",
    own={
        "agieval_few_shot_en": agieval.agieval_few_shot_en,
        "agieval_few_shot_zh": agieval.agieval_few_shot_zh,
        "agieval_last_line": agieval.agieval_last_line,
        "agieval_letter": agieval.agieval_letter,
        "agieval_letters": agieval.agieval_letters,
        "agieval_math": agieval.agieval_math,
        "bbh_freeform@0.2.4": bbh.bbh_freeform_0_2_4,
        "bbh_freeform@0.5": bbh.bbh_freeform_0_5,
        "bbh_mcq": bbh.bbh_mcq,
        "extract_non_reasoning_content": marks.extract_non_reasoning_content,
        "first_capital": capitals.first_capital,
        "first_capital_multi": capitals.first_capital_multi,
        "first_number": numbers.first_number,
        "first_option@0.2.4": options.first_option_0_2_4,
        "first_option@0.5": options.first_option_0_5,
        "first_option@1": options.first_option_1,
        "general": words.general,
        "general_cn@0.5": words.general_cn_0_5,
        "general_cn@1": words.general_cn_1,
        "gsm8k": numbers.gsm8k,
        "gsm8k_dataset": numbers.gsm8k_dataset,
        "last_boxed": maths.last_boxed,
        "last_capital": capitals.last_capital,
        "last_option": options.last_option,
        "match_answer_pattern": patterns.match_answer_pattern,
        "math": maths.math,
        "math_judgement": maths.math_judgement,
        "math_v2": maths.math_v2,
        "multiple_select": capitals.multiple_select,
        "regex": patterns.search,
        "specific_xml_tag": marks.specific_xml_tag,
        "strip": words.strip,
        "think_pred": patterns.think_pred,
    },
)
