"""Counts FLOPs of steps of LLaMA Factory's own trainers with torch; runs in its environment.

`python stage_flops.py PORTED CASE` trains two steps of a config, given as JSON, with random weights
in the shape of the folder that it names, and prints for each micro-batch its rows, its length and
the FLOPs that torch counts. PORTED: the folder of `ftbench`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])

import transformers
from llamafactory.train.tuner import run_exp
from torch.utils.flop_counter import FlopCounterMode

from ftbench.models import weights


def main(config: dict[str, Any]) -> None:
    """Train, and print what was counted."""
    weights.install()
    found: list[list[int]] = []
    step = transformers.Trainer.training_step

    def counted(self: Any, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        rows, length = inputs["input_ids"].shape
        with FlopCounterMode(display=False) as counter:
            loss = step(self, model, inputs, *rest, **named)
        found.append([rows, length, counter.get_total_flops()])
        return loss

    transformers.Trainer.training_step = counted
    # Written after training, which nothing here rests on; it fails for a full model in dpo.
    transformers.Trainer.create_model_card = lambda self, **_: None
    run_exp(config)
    print(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[2]))
