"""Other configs near one that write to the same output folder.

A second run there resumes from the checkpoints of the first, or overwrites them. A copy of the same
run for another machine or launcher is no second run.
"""

from __future__ import annotations

import os

from ftlint.facts.outline import is_record
from ftlint.facts.stages import DATA, changed
from ftlint.target.classify import placeholder_in
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ftlint.facts.neighbours import Neighbour, Neighbourhood

RESUMED = "resume_from_checkpoint"
MACHINE = frozenset(
    """auto_find_batch_size bf16 bf16_full_eval cache_dir dataset_dir ddp_backend
    ddp_find_unused_parameters ddp_timeout deepspeed disable_gradient_checkpointing
    enable_liger_kernel flash_attn fp16 fp16_full_eval fsdp fsdp_config gradient_accumulation_steps
    gradient_checkpointing gradient_checkpointing_kwargs low_cpu_mem_usage master_addr master_port
    media_dir offload_folder overwrite_cache overwrite_output_dir per_device_eval_batch_size
    per_device_train_batch_size placement_strategy plot_loss preprocessing_num_workers
    preprocessing_batch_size pure_bf16 report_to resume_from_checkpoint run_name streaming
    tf32 tokenized_path torch_compile trust_remote_code
    use_reentrant_gc use_unsloth use_unsloth_gc use_v1_kernels""".split()
)
"""Keys that say where and how a run is computed, watched and kept, not what is learned."""
_PREFIXES = (
    *("dataloader_", "logging_", "eval_steps", "eval_strategy", "save_", "ray_", "hub_"),
    *("push_to_hub", "swanlab_", "use_swanlab"),
)


def facts(config: Mapping[str, Any], path: str, near: Neighbourhood) -> dict[str, object]:
    """Return the other run that writes where this one does, and the key that tells them apart.

    `shared`: `config`, `key`, `output`, the folder, and `writes`, which counts the others. `again`:
    the same where only rates and the like differ: another try of the same run, unless one of the
    two is told to resume the other.
    """
    written = config.get("output_dir")
    if not config.get("do_train") or not isinstance(written, str) or is_record(path):
        return {}
    if not written or placeholder_in(written) is not None or "placeholder" in written.lower():
        return {}
    output = os.path.normpath(written)
    same = near.writing(output)
    if not (os.path.isabs(output) or output.count(os.sep) > 1):
        same = [one for one in same if one.beside]  # elsewhere it may be another folder
    runs = [(one, told) for one in same if (told := _told_apart(config, one)) is not None]
    if not runs:
        return {}
    others = [(one, told) for one, told in runs if told in DATA]
    if not others:
        ours = _resumes(config.get(RESUMED), output)
        runs = [] if ours else [each for each in runs if not _resumes(each[0].get(RESUMED), output)]
    if not runs:
        return {}
    one, told = (others or runs)[0]
    writes = "writes" if len(runs) == 1 else f"and {len(runs) - 1} more write"
    found = {"config": one.name, "key": told, "output": written, "writes": writes}
    return {"shared" if others else "again": found}


def _resumes(begun: object, output: str) -> bool:
    """Return whether a run is told to go on from a checkpoint of an output folder."""
    if not isinstance(begun, str) or not begun:
        return False
    found = os.path.normpath(begun)
    return found == output or os.path.dirname(found) == output


def _told_apart(config: Mapping[str, Any], other: Neighbour) -> str | None:
    """Return the first key by which two runs learn something else; None for one run."""
    keys = {*config, *other.keys} - MACHINE
    learned = sorted(key for key in keys if not key.startswith(_PREFIXES))
    return next(iter(changed(config, other, (*DATA, *learned))), None)
