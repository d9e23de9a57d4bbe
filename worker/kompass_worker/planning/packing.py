"""Cutting a sequence of costs into neighbouring stretches of equal cost.

Pure. Neighbours stay together: the items of a subject share their examples, and a shard that has
them side by side computes that prefix once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from kompass_api.evalrun import Sharding


def pack(costs: Sequence[int], sharding: Sharding) -> list[range]:
    """Stretches that cover every place once, in order, none of them empty.

    With `shards_per_model` (fewer where there are fewer items) no stretch costs more than an equal
    part and the largest item. With `max_items_per_shard` there are as few stretches as that
    allows, as equal in cost as the limit lets them be.
    """
    count = len(costs)
    limit = sharding.max_items_per_shard or count
    shards = min(sharding.shards_per_model or -(-count // max(limit, 1)), count)
    cuts = [0, *_even_cuts(costs, shards), count]
    return [range(start, end) for start, end in pairwise(_feasible(cuts, limit))]


def _even_cuts(costs: Sequence[int], shards: int) -> list[int]:
    """Where an item's middle passes another equal part of the whole."""
    # Doubled and scaled, so that middles and parts are whole numbers.
    middles = [
        shards * (2 * end - cost) for end, cost in zip(accumulate(costs), costs, strict=True)
    ]
    total = 2 * sum(costs)
    return [bisect_left(middles, part * total) for part in range(1, shards)]


def _feasible(cuts: Sequence[int], limit: int) -> list[int]:
    """The cuts moved as little as it takes for stretches of 1 to `limit` items."""
    count, shards = cuts[-1], len(cuts) - 1
    moved = [0]
    for place, cut in enumerate(cuts[1:], start=1):
        after = shards - place
        lowest = max(moved[-1] + 1, count - after * limit)
        highest = min(moved[-1] + limit, count - after)
        moved.append(min(max(cut, lowest), highest))
    return moved
