"""Which of the mistakes that people report most ftlint finds: each is made, and linted."""

from __future__ import annotations

from typing import NamedTuple

from docs.generating.markdown import code, table
from tests.stating import stating

from ftlint.engine import lint
from ftlint.facts.machine import stated
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target

TRAIN = {
    "model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct",
    "stage": "sft",
    "do_train": "true",
    "finetuning_type": "lora",
    "dataset": "faq",
    "dataset_dir": "examples/data",
    "template": "qwen",
    "output_dir": "saves/run",
}
EXPORT = {
    "model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct",
    "adapter_name_or_path": "saves/run",
    "template": "qwen",
    "export_dir": "merged",
}


class Mistake(NamedTuple):
    """What goes wrong, the lines that make it, and why it cannot be told from a file."""

    what: str
    lines: str
    untold: str = ""
    base: dict[str, str] = TRAIN
    target: str | None = None
    told: str = ""
    """A fact that must be stated for it, as `--fact` takes it."""


MISTAKES = (
    Mistake("an unknown key", "dataset_shards: 4"),
    Mistake("a training key in an export config", "bf16: true", base=EXPORT),
    Mistake("a number that is a string up to 0.9.3", "learning_rate: 1e-5", target="0.9.3"),
    Mistake("a template that does not match the model", "template: llama3"),
    Mistake(
        "another template in training than in inference",
        "template: qwen",
        "it needs two files, and nothing links them",
    ),
    Mistake(
        "cutoff_len too small for images",
        "cutoff_len: 128",
        "model and data decide how many tokens an image takes",
    ),
    Mistake("a dataset that dataset_info.json does not define", "dataset: fqa"),
    Mistake("evaluation without rows", "eval_strategy: epoch"),
    Mistake("val_size with eval_dataset", "val_size: 0.1\neval_dataset: faq"),
    Mistake(
        "load_best_model_at_end with different saving and evaluation",
        "load_best_model_at_end: true\nval_size: 0.1\neval_strategy: steps\nsave_strategy: epoch",
    ),
    Mistake("the old name of eval_strategy", "evaluation_strategy: steps"),
    Mistake("a ratio as warmup_steps before transformers 5", "warmup_steps: 0.1", target="0.9.4"),
    Mistake("streaming without max_steps", "streaming: true\ndataloader_num_workers: 1"),
    Mistake(
        "streaming with max_samples",
        "streaming: true\ndataloader_num_workers: 1\nmax_steps: 100\nmax_samples: 1000",
    ),
    Mistake("max_steps and num_train_epochs", "max_steps: 1000\nnum_train_epochs: 3.0"),
    Mistake(
        "fewer steps than rows, because stage pt packs them",
        "stage: pt",
        "the file is correct",
    ),
    Mistake("a quantized model under full tuning", "finetuning_type: full\nquantization_bit: 4"),
    Mistake("merging into a quantized model", "quantization_bit: 4", base=EXPORT),
    Mistake(
        "adapters under full tuning", "finetuning_type: full\nadapter_name_or_path: saves/lora"
    ),
    Mistake("lora_target with modules that the model lacks", "lora_target: q_porj"),
    Mistake(
        "a missing DeepSpeed file",
        "deepspeed: ds_z9.json",
        "the file may be on the training machine; `--here` checks",
    ),
    Mistake("predict_with_generate outside sft", "stage: dpo\npredict_with_generate: true"),
    Mistake(
        "output_dir that contains a trained model",
        "output_dir: saves/run",
        told="output_dir_holds=model",
    ),
    Mistake("resuming from save_only_model", "save_only_model: true\nresume_from_checkpoint: true"),
    Mistake(
        "far too many preprocessing workers",
        "preprocessing_num_workers: 512",
        "it depends on the training machine",
    ),
    Mistake("bf16 on a GPU without it", "bf16: true", told="compute_capability=7.5"),
    Mistake("ppo without a reward model", "stage: ppo", target="0.9.3"),
    Mistake(
        "neat_packing with an attention that does not support it",
        "neat_packing: true",
        target="0.9.4",
    ),
    Mistake("hundreds of epochs on few rows", "num_train_epochs: 1000"),
    Mistake("settings of another stage or strategy", "pref_beta: 0.2\neval_steps: 50"),
)


def mistakes() -> str:
    """Return the table: the mistake, the lines that make it, what ftlint reports."""
    rows = []
    for number, one in enumerate(MISTAKES, 1):
        config = {**one.base, **_pairs(one.lines)}
        found = sorted(_codes(config, one.target, one.told) - _codes(one.base))
        said = ", ".join(f"[{name}](rules/{name}.md)" for name in found)
        if one.told:
            said += f", with {code(f'--fact {one.told}')} or {code('--here')}"
        lines = "<br>".join(map(code, one.lines.splitlines()))
        rows.append((str(number), one.what, lines, said or f"nothing: {one.untold or 'not yet'}"))
    return table(("", "mistake", "as in", "found by"), rows)


def _pairs(lines: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in lines.splitlines())
    return {key: value for key, _, value in pairs}


def _codes(config: dict[str, str], target: str | None = None, told: str = "") -> set[str]:
    """Return the rules that fire on a config, advice aside."""
    text = "".join(f"{key}: {value}\n" for key, value in config.items())
    given = stating(facts=stated([told.partition("=")[::2]] if told else []))
    result = lint(of_text("configs/run.yaml", text), Options(resolve_target(target), given))
    return {one.code for one in result.diagnostics if one.severity != "info"}
