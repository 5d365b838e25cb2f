"""Judges DeepSpeed configs with the real classes, in the environment of one release.

Reads JSON lines `{"deepspeed": …, "arguments": {…}, "world_size": n, "steps": n}` and answers each
with `{"error": ""}` or the error, `"where"` it was raised and `"message"`. What a run does with a
config before its first step is done here in the same order, with nothing else of the run: the
training arguments compare it and make accelerate's plugin of it, the trainer compares it once more,
accelerate fills in what is left, DeepSpeed reads it and makes the scheduler.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = 8


def main() -> None:
    os.environ.update(DS_ACCELERATOR="cpu", OMP_NUM_THREADS="1")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # DeepSpeed logs there
    judge = _judge()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))), file=answers, flush=True)


def _judge() -> Callable[[dict[str, Any]], dict[str, str]]:
    import torch
    from accelerate.utils import DeepSpeedPlugin
    from deepspeed.runtime import lr_schedules
    from deepspeed.runtime.config import DeepSpeedConfig
    from transformers import TrainingArguments
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

    def arguments(values: dict[str, Any], world_size: int) -> Any:
        real = TrainingArguments(output_dir="unused", use_cpu=True, report_to=[], **values)
        found = {name: getattr(real, name) for name in real.__dataclass_fields__}
        namespace = SimpleNamespace(**found, world_size=world_size)
        namespace.get_warmup_steps = real.get_warmup_steps
        return namespace

    def judge(asked: dict[str, Any]) -> dict[str, str]:
        content, where = copy.deepcopy(asked["deepspeed"]), "arguments"
        given = arguments(asked["arguments"], asked["world_size"])
        try:
            config = HfTrainerDeepSpeedConfig(content)
            config.trainer_config_process(given)
            plugin = DeepSpeedPlugin(hf_ds_config=config)
            where = "compared"
            model = SimpleNamespace(config=SimpleNamespace(hidden_size=HIDDEN))
            config.trainer_config_finalize(given, model, asked["steps"])
            where = "filled"
            batch = given.per_device_train_batch_size
            plugin.deepspeed_config_process(
                must_match=False,
                **{
                    "gradient_clipping": 1.0,
                    "zero_optimization.stage3_gather_16bit_weights_on_model_save": False,
                    "train_micro_batch_size_per_gpu": batch,
                    "train_batch_size": batch * given.gradient_accumulation_steps,
                    "zero_optimization.reduce_bucket_size": HIDDEN * HIDDEN,
                    "zero_optimization.stage3_prefetch_bucket_size": HIDDEN,
                    "zero_optimization.stage3_param_persistence_threshold": HIDDEN,
                },
            )
            where = "deepspeed"
            filled = plugin.deepspeed_config
            if isinstance(filled.get("train_batch_size"), (int, float)):  # here is one process
                filled["train_batch_size"] //= asked["world_size"]
            read = DeepSpeedConfig(filled)
            where = "scheduler"
            if read.scheduler_name is not None:
                optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1.0e-3)
                home = lr_schedules
                if not hasattr(home, read.scheduler_name):
                    home = torch.optim.lr_scheduler
                getattr(home, read.scheduler_name)(optimizer, **read.scheduler_params)
        except Exception as error:  # whatever ends a run
            return {"error": type(error).__name__, "where": where, "message": str(error)[:400]}
        return {"error": ""}

    return judge


if __name__ == "__main__":
    main()
