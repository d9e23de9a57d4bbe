"""A small benchmark and rows of made-up data for the tests of this folder."""

from __future__ import annotations

from typing import Any

from kompass_api.benchmark import BenchmarkSpec


def spec_of(**changes: Any) -> BenchmarkSpec:
    """A benchmark in the C-Eval file shape, by generation."""
    content: dict[str, Any] = {
        "rowName": "toys-{subject}",
        "data": {"inputColumns": ["question", "A", "B", "C", "D"], "outputColumn": "answer"},
        "prompt": {
            "rounds": [
                {"role": "HUMAN", "prompt": "{question}答案: "},
                {"role": "BOT", "prompt": "{answer}"},
            ]
        },
        "method": "Generation",
        "extraction": [{"name": "first_capital"}],
    }
    return BenchmarkSpec.model_validate({**content, **changes})
