"""`kubectl evals`: look at evaluation runs, follow them, compare them, stop and repeat them."""

__all__: list[str] = []
