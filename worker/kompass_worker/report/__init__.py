"""Renderings of a report for people and programs; report.json is the truth."""

from kompass_worker.report.lines import sample_lines
from kompass_worker.report.lm_eval import rules_of
from kompass_worker.report.renderings import renderings
from kompass_worker.report.table import table

__all__ = ["renderings", "rules_of", "sample_lines", "table"]
