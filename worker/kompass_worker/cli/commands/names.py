"""What a shell can complete."""

from __future__ import annotations

from kompass_api.built_in import BUILT_IN


def benchmark_names(incomplete: str) -> list[str]:
    """The built-in benchmarks that begin so."""
    return sorted(name for name in BUILT_IN if name.startswith(incomplete))
