"""From fitted questions to the plan: rows of the table, groups and shards of equal time."""

from kompass_worker.planning.groups import planned_groups, run_groups
from kompass_worker.planning.packing import pack
from kompass_worker.planning.plans import plan
from kompass_worker.planning.rows import RowCounts, planned_subject

__all__ = ["RowCounts", "pack", "plan", "planned_groups", "planned_subject", "run_groups"]
