"""Run the loops of other trainers on the CPU with nothing to train, and count their steps.

Runs inside a LLaMA Factory environment: `launch_runner.py mca|bridge|v1|ray ASKED ANSWERS`. ASKED
has one JSON line a case, `{"rows": 100, "ranks": 2, "config": {…}}`; ANSWERS gets one for each,
with `error` or what was seen: `planned`, `executed`, `entered`, `rows`, `logs`, `saves` (of Bridge
`batch`, `planned` and `warmup` alone).

What is run is the trainer's own code: how it deals out rows, plans, loops and stops. Only model,
optimizer and the other ranks are missing; how many of those there are is said to it. Under Ray
nothing is missing: a cluster on this machine trains a tiny model.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Case = dict[str, Any]


def mca(case: Case) -> dict[str, Any]:
    """Run `McaTrainer._inner_training_loop` as the first of so many data-parallel ranks."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    callbacks: Any = importlib.import_module("transformers.trainer_callback")
    trainer: Any = importlib.import_module("mcore_adapter.trainer.trainer")
    mcore: Any = importlib.import_module("mcore_adapter")
    trainer.mpu.get_data_parallel_world_size = lambda **_: case["ranks"]
    trainer.mpu.get_data_parallel_rank = lambda **_: 0

    class Counting(trainer.McaTrainer):  # type: ignore[misc]
        """Does everything but to make, train, log and save a model."""

        logs = saves = evaluations = entered = 0
        _globalstep_last_logged: int

        def __init__(self, arguments: Any, rows: int) -> None:
            self.args = arguments
            self.train_dataset = [{"input_ids": [0]}] * rows
            self.data_collator = lambda batch: {"input_ids": torch.zeros(len(batch), 1)}
            self.accelerator = SimpleNamespace(split_batches=False, rng_types=[])
            self.is_fsdp_enabled = False
            self.model = torch.nn.Linear(1, 1)
            self.model.main_input_name = "input_ids"
            self.model.config = SimpleNamespace()
            self.model_wrapped, self.models_wrapped = self.model, [self.model]
            self.optimizer = SimpleNamespace(scale_loss=None)
            self.lr_scheduler = None
            self.state, self.control = callbacks.TrainerState(), callbacks.TrainerControl()
            self.callback_handler = callbacks.CallbackHandler(
                [callbacks.DefaultFlowCallback], self.model, None, None, None
            )
            self.current_flos = 0
            self._memory_tracker = SimpleNamespace(stop_and_update_metrics=lambda _: None)

        def create_optimizer(self) -> None: ...
        def create_scheduler(self, *_: Any, **__: Any) -> None: ...
        def _load_optimizer_and_scheduler(self, _: Any) -> None: ...
        def store_flos(self) -> None: ...
        def log(self, *_: Any) -> None: ...

        def floating_point_ops(self, _: Any) -> int:
            return 0

        def is_local_process_zero(self) -> bool:
            return True

        is_world_process_zero = is_local_process_zero

        def training_step(self, *_: Any) -> tuple[Any, ...]:
            return torch.tensor(0.0), [], 0, None, None

        def _maybe_log_save_evaluate(self, *given: Any, **_: Any) -> None:
            """Do as the trainer does once it has logged, evaluated and saved."""
            self.entered = max(self.entered, given[4] + 1)
            handler, state, control = self.callback_handler, self.state, self.control
            if control.should_log and state.global_step > self._globalstep_last_logged:
                self.logs += 1
                self._globalstep_last_logged = state.global_step
            self.evaluations += control.should_evaluate
            self.saves += control.should_save
            handler.on_log(self.args, state, control, {})
            handler.on_evaluate(self.args, state, control, {})
            handler.on_save(self.args, state, control)

    with tempfile.TemporaryDirectory() as folder:
        arguments = mcore.TrainingArguments(
            output_dir=folder, use_cpu=True, report_to="none", bf16=False,
            pipeline_model_parallel_size=1, dataloader_pin_memory=False, **case["config"],
        )  # fmt: skip
    one = Counting(arguments, case["rows"])
    transformers.set_seed(1)
    one._inner_training_loop(batch_size=arguments.per_device_train_batch_size, args=arguments)
    step = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    return {
        "planned": one.state.max_steps, "executed": one.state.global_step, "entered": one.entered,
        "rows": one.state.global_step * step * case["ranks"],
        "logs": one.logs, "saves": one.saves, "evaluations": one.evaluations,
    }  # fmt: skip


def bridge(case: Case) -> dict[str, Any]:
    """Return the schedule that LLaMA Factory hands to Megatron Bridge."""
    builder: Any = importlib.import_module("llamafactory.train.megatron_bridge.config_builder")
    arguments: Any = importlib.import_module("llamafactory.hparams.megatron_bridge_args")
    transformers: Any = importlib.import_module("transformers")
    sizes = {
        name: value for name, value in case["config"].items() if name.endswith("parallel_size")
    }
    rest = {name: value for name, value in case["config"].items() if name not in sizes}
    with tempfile.TemporaryDirectory() as folder:
        parsed = transformers.Seq2SeqTrainingArguments(
            folder, use_cpu=True, report_to="none", **rest
        )
    training = SimpleNamespace(**{**parsed.to_dict(), "world_size": case["ranks"]})
    _, together, planned = builder._compute_train_schedule(
        training, arguments.MegatronBridgeArguments(**sizes), case["rows"]
    )
    return {"planned": planned, "batch": together,
            "warmup": int(builder._resolve_warmup_steps(training, planned))}  # fmt: skip


def v1(case: Case) -> dict[str, Any]:
    """Run `BaseTrainer` of v1 as the first of so many data-parallel ranks."""
    torch: Any = importlib.import_module("torch")
    interface: Any = importlib.import_module("llamafactory.v1.accelerator.interface")
    config: Any = importlib.import_module("llamafactory.v1.config.training_args")
    base: Any = importlib.import_module("llamafactory.v1.core.base_trainer")
    distributed = interface.DistributedInterface
    distributed.get_world_size = lambda _, dim=None: case["ranks"] if dim == "dp" else 1
    distributed.get_rank = lambda _, dim=None: 0
    words = {"input_ids": [1, 1], "attention_mask": [1, 1], "labels": [1, 1],
             "loss_weights": [1.0, 1.0], "position_ids": [1, 2]}  # fmt: skip

    class Counting(base.BaseTrainer):  # type: ignore[misc]
        saves = entered = logs = 0

        def _shard_model(self) -> None: ...

        def compute_loss(self, batch: Any) -> Any:
            return self.model.weight.sum() * 0.0

    with tempfile.TemporaryDirectory() as folder:
        arguments = config.TrainingArguments(
            output_dir=folder, enable_activation_checkpointing=False, batching_workers=0,
            bf16=False, cutoff_len=8, **case["config"],
        )  # fmt: skip
    model = torch.nn.Linear(1, 1)
    model.config = SimpleNamespace(model_type="none", _attn_implementation="flash_attention_2")
    renderer = SimpleNamespace(
        processor=SimpleNamespace(model_input_names=["input_ids"]),
        process_samples=lambda samples: [dict(words) for _ in samples],
    )
    rows = torch.utils.data.TensorDataset(torch.zeros(case["rows"]))
    one = Counting(arguments, model, renderer, rows)
    seen = {"saves": 0, "logs": 0, "entered": 0}

    def count(what: str) -> Any:
        return lambda *_: seen.update({what: seen[what] + 1})

    one._checkpoint = SimpleNamespace(save=count("saves"))
    one.callback_handler = SimpleNamespace(
        **dict.fromkeys(
            ("on_train_begin", "on_step_begin", "on_step_end", "on_epoch_end", "on_train_end"),
            lambda *_: None,
        ),
        on_epoch_begin=count("entered"), on_log=count("logs"),
    )  # fmt: skip
    one.fit()
    batches = one.train_batch_generator
    step = batches.micro_batch_size * batches.num_micro_batch
    return {"planned": one.num_training_steps, "executed": one.global_step,
            "rows": one.global_step * step * case["ranks"], **seen}  # fmt: skip


def ray(case: Case) -> dict[str, Any]:
    """Train in the workers of a Ray cluster, as LLaMA Factory starts them.

    It asks for ten CPUs a worker, and for one worker more than that a CPU: here each has one.
    """
    os.environ.update(USE_RAY="1", RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
    cluster: Any = importlib.import_module("ray")
    fixture: Any = importlib.import_module("fixture")
    groups: Any = importlib.import_module("ray.util.placement_group")
    tuner: Any = importlib.import_module("llamafactory.train.tuner")
    utils: Any = importlib.import_module("llamafactory.train.trainer_utils")
    tuner.get_placement_group = lambda count: (groups.placement_group([{"CPU": 1}] * count), {})
    tuner.get_ray_remote_config_for_worker = lambda **given: {
        **utils.get_ray_remote_config_for_worker(**given), "num_cpus": 1,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary:
        folder, row = Path(temporary), {"instruction": "w1", "input": "", "output": "w2"}
        fixture.build_model(folder / "tiny", folder / "adapter")
        (folder / "rows.json").write_text(json.dumps([row] * case["rows"]), "utf-8")
        info = {"rows": {"file_name": "rows.json"}}
        (folder / "dataset_info.json").write_text(json.dumps(info), "utf-8")
        cluster.init(num_cpus=case["ranks"], include_dashboard=False, object_store_memory=1 << 27)
        try:
            tuner.run_exp({
                "model_name_or_path": f"{folder}/tiny", "stage": "sft", "do_train": True,
                "finetuning_type": "lora", "template": "empty", "dataset": "rows",
                "dataset_dir": temporary, "output_dir": f"{folder}/out", "report_to": "none",
                "use_cpu": True, "ray_num_workers": case["ranks"],
                "master_addr": cluster.nodes()[0]["NodeManagerAddress"], **case["config"],
            })  # fmt: skip
        finally:
            cluster.shutdown()
        state = json.loads((folder / "out" / "trainer_state.json").read_text("utf-8"))
        saves = len(list((folder / "out").glob("checkpoint-*")))
    return {"planned": state["max_steps"], "executed": state["global_step"], "saves": saves,
            "logs": sum("loss" in one for one in state["log_history"])}  # fmt: skip


def main(trainer: str, asked: str, answers: str) -> None:
    """Run all cases of one trainer."""
    logging.disable(logging.CRITICAL)
    run = {"mca": mca, "bridge": bridge, "v1": v1, "ray": ray}[trainer]
    with Path(answers).open("w", encoding="utf-8") as out:
        for line in Path(asked).read_text("utf-8").splitlines():
            try:
                answer = run(json.loads(line))
            except (ArithmeticError, AssertionError, ValueError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            out.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    os.environ["DISABLE_VERSION_CHECK"] = "1"
    main(*sys.argv[1:])
