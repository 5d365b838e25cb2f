"""What a stage asks of the model for one micro-batch: rows, and passes beside the one that learns.

Source: llamafactory/train/{dpo,kto,rm}/trainer.py and FinetuningArguments.use_ref_model [0.9.5].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

WITHOUT_REFERENCE = ("orpo", "simpo")
"""Losses of DPO that ask no reference model."""


class Objective(NamedTuple):
    """What is computed over a micro-batch.

    `rows`: rows that each example becomes. `passes`: forward passes without gradients over as many
    tokens, and `references` those of a reference, which has no adapters. `head_learns`: the loss is
    taken from the logits; else they are computed for nothing.
    """

    name: str
    rows: int = 1
    passes: int = 0
    references: int = 0
    head_learns: bool = True


_OF_STAGE = {
    "pt": Objective("tokens"),
    "sft": Objective("tokens"),
    "dpo": Objective("pairs with a reference", rows=2, references=1),
    # the answers of other prompts, by the model and, like its own, by the reference
    "kto": Objective("labelled answers", passes=1, references=2),
    "rm": Objective("scored pairs", rows=2, head_learns=False),
}
STAGES = tuple(_OF_STAGE)
"""Stages that have a forecast."""


def objective_of(values: Mapping[str, object]) -> Objective | None:
    """Return the objective of a config or of a result's method; None for a stage without one."""
    stage, loss = values.get("stage") or "sft", values.get("pref_loss")
    if stage == "dpo" and loss in WITHOUT_REFERENCE:
        return Objective("pairs without a reference", rows=2)
    return _OF_STAGE.get(str(stage))


def why_none(stage: object) -> str:
    """Return why a stage has no forecast."""
    if stage == "ppo":
        return "`stage: ppo` has no forecast: the lengths of the answers it generates are not known"
    return f"`stage: {stage}` is not timed, only {', '.join(STAGES)}"
