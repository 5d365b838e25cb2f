"""How a config becomes steps: pure arithmetic over numbers, usable without the rest of ftlint.

May import: no other room.
"""

from ftlint.steps.counts import UNKNOWN, Amount, Count, NoPlan, exactly
from ftlint.steps.packs import RowTokens
from ftlint.steps.plan import plan
from ftlint.steps.record import as_object
from ftlint.steps.rows import DatasetRows, SampleCount, Samples
from ftlint.steps.step_plan import StepPlan
from ftlint.steps.world import World

__all__ = [
    "UNKNOWN",
    "Amount",
    "Count",
    "DatasetRows",
    "NoPlan",
    "RowTokens",
    "SampleCount",
    "Samples",
    "StepPlan",
    "World",
    "as_object",
    "exactly",
    "plan",
]
