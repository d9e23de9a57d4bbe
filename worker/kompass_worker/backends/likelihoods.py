"""From token log-likelihoods to the likeliest label: OpenCompass' rule. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kompass_api.results import LabelScore, Prediction
from kompass_worker.prompts.requests import ScoringRequest


def label_score(label: str, nll_sum: float, tokens: int) -> LabelScore:
    """The sum over the predicted tokens by the number of all tokens, the first included."""
    return LabelScore(label=label, nll=nll_sum / tokens if tokens else 0.0, tokens=tokens)


def likeliest(request: ScoringRequest, scores: Sequence[LabelScore]) -> Prediction:
    """The label with the smallest mean negative log-likelihood; the first of equals."""
    best = min(scores, key=lambda score: score.nll)
    return Prediction(
        item=request.item,
        prompt_hash="",
        prediction=best.label,
        scores=list(scores),
        tokens_in=sum(score.tokens for score in scores),
        tokens_out=0,
        finish_reason="scored",
    )


def cut_at_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string in it, and whether there was one."""
    ends = [end for end in (text.find(stop) for stop in stops if stop) if end >= 0]
    return (text[: min(ends)], True) if ends else (text, False)
