"""Published configs: the command each is for, and stand-ins for its model and data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle import bases, environments

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from tests.oracle.called import Error
    from tests.oracle.client import Command

CORPUS = Path(os.environ.get("FTLINT_CORPUS") or environments.ROOT / ".." / "shared" / "corpus")
COMMANDS: dict[str, Command] = {
    "train": "train",
    "eval": "train",  # files that only evaluate or predict, which is `train` without do_train
    "export": "export",
    "infer": "chat",
}
MISFILED: dict[str, Command] = {"0273.yaml": "train"}
"""Published configs that lie in a folder for another command than their keys are for."""


def commands() -> dict[str, Command]:
    """Name of each published config -> the command that it is for, by the corpus's manifest."""
    rows = [json.loads(line) for line in (CORPUS / "manifest.jsonl").read_text().splitlines()]
    return {row["file"]: MISFILED.get(row["file"]) or COMMANDS[row["kind"]] for row in rows}


GROUNDED = {
    "model_name_or_path": "tiny",
    "template": "empty",
    "output_dir": "out",
    "dataset_dir": "data",
    "cutoff_len": 64,
    "max_steps": 2,
    "dataloader_num_workers": 0,
    "preprocessing_num_workers": 1,
    "per_device_train_batch_size": 2,
    "report_to": "none",
}
"""Stands in for what a published config names and nobody else has."""
INFERRED = {"model_name_or_path": "tiny", "adapter_name_or_path": "adapter"}
"""The same for one that exports or chats."""
UNGROUNDED = (
    *("media_dir", "tokenized_path", "deepspeed", "cache_dir", "adapter_name_or_path", "ref_model"),
    *("image_max_pixels", "video_max_pixels", "quantization_bit", "resume_from_checkpoint"),
    *("dataloader_prefetch_factor", "dataloader_persistent_workers", "fsdp", "fsdp_config"),
    *("max_samples", "flash_attn", "enable_liger_kernel", "use_unsloth", "run_name"),
)


NAMES = ("model_name_or_path", "adapter_name_or_path", "dataset", "eval_dataset", "dataset_dir")


def ground(text: str, errors: Iterable[Error], command: Command = "train") -> str | None:
    """A published config with the fixture's model and data, to see whether it crashes.

    What an error is about stays as it is; None when that is a name that only its author can follow.
    """
    blamed = {error.key for error in errors}
    if blamed.intersection(NAMES) or any(error.code.startswith("FT7") for error in errors):
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if command != "train":
        named = {**INFERRED, "export_dir": "merged"} if command == "export" else INFERRED
        return _filled(lines, named, blamed)
    stage = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("stage:")), ""
    )
    data = bases.BASES.get(stage, {}).get("dataset", "alpaca")
    evaluated = any(line.startswith("eval_dataset:") for line in lines)
    replaced = {**GROUNDED, "dataset": data, **({"eval_dataset": data} if evaluated else {})}
    if any(line.startswith("eval_strategy:") and "steps" in line for line in lines):
        replaced |= {"eval_steps": 1, "save_steps": 1}  # so short a run evaluates, too
    return _filled(lines, replaced, blamed)


def _filled(lines: Iterable[str], replaced: Mapping[str, object], blamed: Container[str]) -> str:
    """The lines of a config with some of its values replaced and what nobody else has left out."""
    put = {key: value for key, value in replaced.items() if key not in blamed}
    dropped = {key for key in (*put, *UNGROUNDED) if key not in blamed}
    kept = [
        line
        for line in lines
        if not line.startswith((" ", "-")) and line.partition(":")[0] not in dropped
    ]
    return "\n".join([*kept, *(f"{key}: {value}" for key, value in put.items())]) + "\n"
