"""From answers to verdicts, and from verdicts to numbers with error bars."""

from kompass_worker.scoring.verdicts import Verdict, score_prediction

__all__ = ["Verdict", "score_prediction"]
