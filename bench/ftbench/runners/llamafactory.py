"""The real trainer: LLaMA Factory through its own entry point, watched from outside."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftbench.runners.protocol import Tracker

STAGES = ("pt", "sft", "rm", "dpo", "kto", "ppo")


def run(config: dict[str, Any], tracker: Tracker) -> None:
    """Train a config with LLaMA Factory's `run_exp`."""
    tuner = load()
    parse = tuner.get_train_args
    watch = tracker.watch

    def parsed(args: Any = None) -> Any:
        arguments = parse(args)
        model, data, training, finetuning, _ = arguments
        tracker.method(
            {
                "stage": finetuning.stage,
                "finetuning_type": finetuning.finetuning_type,
                "pref_loss": finetuning.pref_loss if finetuning.stage == "dpo" else None,
                "quantization_bit": model.quantization_bit,
                "quantization_method": (
                    _name(model.quantization_method) if model.quantization_bit else None
                ),
                "packing": bool(data.packing),
                "neat_packing": bool(data.neat_packing),
                "cutoff_len": int(config.get("cutoff_len") or data.cutoff_len),
                "liger": bool(model.enable_liger_kernel),
                "reentrant": bool(model.use_reentrant_gc),
                "dtype": _dtype(training),
            }
        )
        tracker.at("setup")
        return arguments

    tuner.get_train_args = parsed
    for stage in STAGES:
        flow: Any = importlib.import_module(f"llamafactory.train.{stage}.workflow")
        flow.get_dataset = _between(tracker, flow.get_dataset, "data", tracker.rows)
        flow.load_tokenizer = _between(tracker, flow.load_tokenizer, "data")
        flow.load_model = _between(tracker, flow.load_model, "model")
    tracker.at("parse")
    tuner.run_exp(dict(config), callbacks=[watch.callback()])


def load() -> Any:
    """Return LLaMA Factory's `tuner`, with all that comes with it."""
    return importlib.import_module("llamafactory.train.tuner")


def _between(tracker: Tracker, function: Any, phase: str, tell: Any = None) -> Any:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tracker.at(phase)
        result = function(*args, **kwargs)
        tracker.at("setup")
        if tell is not None and "train_dataset" in result:
            result["train_dataset"] = tell(result["train_dataset"])
        return result

    return wrapped


def _name(value: Any) -> str | None:
    return None if value is None else str(getattr(value, "value", value))


def _dtype(training: Any) -> str:
    return "bf16" if training.bf16 else "fp16" if training.fp16 else "fp32"
