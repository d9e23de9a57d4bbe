"""Drawn tokens: a stream of chance for every row."""

from __future__ import annotations

import pytest
import torch

from kompass_worker.backends.huggingface_sampling import processors_of, seed_of
from kompass_worker.prompts.requests import GenerationRequest


def warm(temperature: float = 1.0, **settings: object) -> GenerationRequest:
    values: dict[str, object] = {"item": "i", "prompt": "q", "max_new_tokens": 1}
    return GenerationRequest(**{**values, "temperature": temperature, **settings})  # type: ignore[arg-type]


def drawn(request: GenerationRequest, seeds: list[int], scores: torch.Tensor) -> list[int]:
    """The token of each row."""
    ids = torch.zeros(len(seeds), 1, dtype=torch.long)
    shaped = processors_of(request, seeds)(ids, scores)  # type: ignore[arg-type]
    return [int(row) for row in shaped.argmax(dim=-1)]


def rows(count: int, width: int = 50) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(0))


def test_seeds_differ_by_run_item_and_sample() -> None:
    requests = [warm(seed=0), warm(seed=1), warm(seed=0, item="j")]
    seeds = {seed_of(request, sample) for request in requests for sample in range(3)}
    assert len(seeds) == 9


def test_without_temperature_nothing_is_drawn() -> None:
    assert len(processors_of(warm(0.0, top_k=5, top_p=0.5), [1])) == 0


def test_a_row_draws_the_same_in_any_company() -> None:
    scores = rows(4)
    together = drawn(warm(), [1, 2, 3, 4], scores)
    alone = [drawn(warm(), [seed], scores[i : i + 1])[0] for i, seed in enumerate([1, 2, 3, 4])]
    assert together == alone


def test_a_stream_goes_on_token_by_token() -> None:
    processors = processors_of(warm(), [1])
    ids = torch.zeros(1, 1, dtype=torch.long)
    flat = torch.zeros(1, 1000)
    first, second = (int(processors(ids, flat).argmax()) for _ in range(2))  # type: ignore[arg-type]
    assert first != second


def test_shares_of_draws_are_the_probabilities() -> None:
    probabilities = torch.tensor([0.5, 0.25, 0.2, 0.05])
    count = 4000
    found = drawn(warm(), [*range(count)], probabilities.log().expand(count, -1))
    shares = torch.bincount(torch.tensor(found), minlength=4) / count
    assert shares.tolist() == pytest.approx(probabilities.tolist(), abs=0.04)


@pytest.mark.parametrize(
    ("settings", "possible"),
    [
        pytest.param({"top_k": 2}, {0, 1}, id="the-two-likeliest"),
        pytest.param({"top_p": 0.7}, {0, 1}, id="a-nucleus"),
        pytest.param({"temperature": 0.01}, {0}, id="nearly-cold"),
        pytest.param({}, {0, 1, 2, 3}, id="all"),
    ],
)
def test_what_can_be_drawn(settings: dict[str, object], possible: set[int]) -> None:
    scores = torch.tensor([0.5, 0.25, 0.2, 0.05]).log().expand(300, -1)
    assert {*drawn(warm(**settings), [*range(300)], scores)} == possible  # type: ignore[arg-type]


def test_a_token_that_cannot_be_is_never_drawn() -> None:
    """Not even by the largest or smallest of numbers."""
    scores = torch.full((500, 9), -torch.inf)
    scores[:, 4] = 0.0
    assert {*drawn(warm(), [*range(500)], scores)} == {4}
