"""Messages at a run's end: what each service wants to read, and the way there."""

from kompass_worker.notices.sending import send

__all__ = ["send"]
