"""Configs of any kind on a stated GPU, and what comes of the remedy that is named for each."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ftlint.engine import judge
from ftlint.loading import Config, load_text
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.stating import stating

if TYPE_CHECKING:
    import random

    from ftlint.diagnostics import Diagnostic

BASE: dict[str, Any] = {
    "do_train": True, "dataset": "faq", "template": "qwen", "output_dir": "out",
    "max_steps": 100, "logging_steps": 10,
}  # fmt: skip
CODES = ("FT803", "FT804")
MODELS = (
    "Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-32B-Instruct",
    "Qwen/Qwen2.5-72B-Instruct", "Qwen/Qwen3-8B", "meta-llama/Llama-3.2-1B", "google/gemma-2-2b",
    "mistralai/Mistral-7B-v0.1", "microsoft/Phi-3-mini-4k-instruct",
)  # fmt: skip
RELEASES = ("0.9.3", "0.9.4", "0.9.5")
OUT_OF_REACH = "use a smaller model or a larger GPU"


class Run(NamedTuple):
    """A config, and what is stated of its run."""

    keys: dict[str, Any]
    gpu: str
    gpus: int | None = None
    release: str = "0.9.5"

    @property
    def text(self) -> str:
        """The file."""
        return "".join(f"{key}: {json.dumps(value)}\n" for key, value in self.keys.items())

    def findings(self, **facts: Any) -> tuple[Diagnostic, ...]:
        """Return all that is said of it."""
        return judge(self.loaded(**facts)).diagnostics

    def loaded(self, **facts: Any) -> Config:
        """Return what rules ask of it."""
        given = stating(self.gpus, facts=(("gpu", self.gpu), *facts.items()))
        config = load_text(
            of_text("c.yaml", self.text), Options(resolve_target(self.release), given)
        )
        assert isinstance(config, Config)
        return config


def zero(stage: int) -> dict[str, Any]:
    """Return the content of a DeepSpeed file."""
    return {
        "train_micro_batch_size_per_gpu": "auto", "gradient_accumulation_steps": "auto",
        "zero_optimization": {"stage": stage},
    }  # fmt: skip


def drawn(rng: random.Random) -> Run:
    """Return a run that may be anything, and often too large."""
    keys = {**BASE, "model_name_or_path": rng.choice(MODELS)}
    keys["finetuning_type"] = kind = rng.choice(["lora", "lora", "full", "freeze", "oft"])
    if kind == "oft":
        keys |= {"oft_block_size": 32, "oft_rank": 0}
    keys["stage"] = rng.choice(["sft", "sft", "sft", "pt", "dpo", "kto", "rm"])
    keys["cutoff_len"] = rng.choice([512, 2048, 8192, 32768])
    keys["per_device_train_batch_size"] = rng.choice([1, 1, 4, 16, 64])
    more: list[tuple[float, dict[str, Any]]] = [
        (0.3, {"disable_gradient_checkpointing": True}), (0.2, {"flash_attn": "disabled"}),
        (0.3, {"enable_liger_kernel": True}), (0.2, {"packing": True}), (0.1, {"pissa_init": True}),
        (0.1, {"use_galore": True, "optim": "adamw_torch"}), (0.1, {"use_dora": True}),
        (0.1, {"upcast_layernorm": True}), (0.9, {"bf16": True}), (0.1, {"loraplus_lr_ratio": 4.0}),
        (0.2, {"deepspeed": zero(rng.choice([0, 2, 3]))}),
        (0.4, {"val_size": rng.choice([5, 0.1]), "eval_strategy": "steps", "eval_steps": 10,
               "per_device_eval_batch_size": rng.choice([1, 8, 64])}),
        (0.3 * (kind in ("lora", "oft")), {"quantization_bit": rng.choice([4, 8])}),
    ]  # fmt: skip
    for chance, found in more:
        if rng.random() < chance:
            keys |= found
    gpu = rng.choice(["12g", "24g", "48g", "a100-80g"])
    return Run(keys, gpu, rng.choice([None, 1, 2, 8]), rng.choice(RELEASES))


def of_memory(found: tuple[Diagnostic, ...]) -> Diagnostic | None:
    """Return what is said of a run that needs too much."""
    return next((one for one in found if one.code in CODES), None)


def remedy_of(found: Diagnostic) -> str:
    """Return what a message says to do."""
    return found.message.rpartition(" GiB: ")[2].removesuffix(".")


def treated(run: Run, remedy: str) -> Run:
    """Return a run with what a remedy says to set."""
    keys = dict(run.keys)
    for key, value in re.findall(r"`(\w+): ([^`]+)`", remedy):
        keys[key] = value if value in ("auto", "lora") else json.loads(value)
    stage = re.search(r"ZeRO-(\d)", remedy)
    if stage:
        keys["deepspeed"] = zero(int(stage[1]))
    gpus = re.search(r"on (\d) GPUs", remedy)
    return run._replace(keys=keys, gpus=int(gpus[1]) if gpus else run.gpus)
