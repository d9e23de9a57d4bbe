"""Chances to be right when k of n samples are drawn, c of which are right.

Pure, and exact in whole numbers until the last division. Sources: pass@k, Chen et al. 2021;
G-Pass@k and mG-Pass@k, Liu et al. 2024 (LiveMathBench).
"""

from __future__ import annotations

import math


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that one of k is right; 1 where fewer than k are wrong."""
    _check(n, c, k)
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def g_pass_at_k(n: int, c: int, k: int, share: float) -> float:
    """The chance that at least this share of k is right, and at least one."""
    _check(n, c, k)
    return _at_least(n, c, k, max(math.ceil(k * share), 1))


def mg_pass_at_k(n: int, c: int, k: int) -> float:
    """The mean over shares from a half to all."""
    _check(n, c, k)
    half = math.ceil(k * 0.5)
    return 2 * math.fsum(_at_least(n, c, k, least) for least in range(half + 1, k + 1)) / k


def _at_least(n: int, c: int, k: int, least: int) -> float:
    ways = sum(math.comb(c, right) * math.comb(n - c, k - right) for right in range(least, k + 1))
    return ways / math.comb(n, k)


def _check(n: int, c: int, k: int) -> None:
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"{c} right of {n} samples, {k} drawn: expected 0 <= c <= n, 1 <= k <= n")
