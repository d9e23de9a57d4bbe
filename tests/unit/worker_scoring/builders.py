"""Answers and small benchmarks for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kompass_api.benchmark import BenchmarkSpec, Subject
from kompass_api.results import LabelScore, Prediction
from kompass_api.scoring import Metric as MetricChoice
from kompass_worker.scoring import Answered, Metric, Verdict, chosen, judged

TOY = Subject(name="toy")
_ROUNDS = [{"role": "HUMAN", "prompt": "{question}"}, {"role": "BOT", "prompt": "{answer}"}]


def spec_of(**changes: Any) -> BenchmarkSpec:
    """A benchmark by generation that reads the first capital."""
    content: dict[str, Any] = {
        "rowName": "toys-{subject}",
        "data": {"inputColumns": ["question"], "outputColumn": "answer"},
        "prompt": {"rounds": _ROUNDS},
        "method": "Generation",
        "extraction": [{"name": "first_capital"}],
    }
    return BenchmarkSpec.model_validate({**content, **changes})


def ppl_spec_of(**changes: Any) -> BenchmarkSpec:
    """The same by perplexity."""
    prompt = {"rounds": _ROUNDS, "labels": ["A", "B"]}
    return spec_of(**{"prompt": prompt, "method": "Perplexity", "extraction": [], **changes})


def prediction_of(text: str, **changes: Any) -> Prediction:
    """A generated answer."""
    content = {
        "item": "toys/toy/0",
        "prompt_hash": "sha256:0",
        "prediction": text,
        "tokens_in": 10,
        "tokens_out": 1,
        "finish_reason": "stop",
    }
    return Prediction.model_validate({**content, **changes})


def answer(
    text: str,
    reference: str = "",
    row: Mapping[str, str] | None = None,
    *,
    samples: Sequence[str] = (),
    scores: Sequence[LabelScore] = (),
) -> Answered:
    """An answer out of which the whole text was read."""
    texts = tuple(samples) or (text,)
    return Answered(texts[0], texts, reference, row or {}, tuple(samples), tuple(scores))


def label_score(label: str, total: float, divisor: int = 1) -> LabelScore:
    """How likely a label is."""
    return LabelScore(
        label=label, nll=total / divisor, tokens=divisor, total=total, divisor=divisor
    )


def metric_of(name: str, **arguments: str) -> Metric:
    """A metric by name."""
    return chosen(MetricChoice(name=name, arguments=arguments))


def verdicts_of(metric: Metric, answers: Iterable[Answered]) -> list[Verdict]:
    """The metric's verdicts."""
    return [judged(metric, answered) for answered in answers]


def numbers_of(metric: Metric, answers: Iterable[Answered]) -> dict[str, float | None]:
    """The metric's numbers of all answers."""
    found = metric.total(verdicts_of(metric, answers))
    return {row: estimate.value for row, estimate in found.items()}
