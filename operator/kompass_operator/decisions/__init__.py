"""What to do next for a run: `plan` and the questions it is made of. Pure."""

from kompass_operator.decisions.planning import plan

__all__ = ["plan"]
