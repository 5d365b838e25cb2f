"""A train set of random tokens in given shapes, in place of the config's own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ftbench.measure.batches import IGNORED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftbench.runners.protocol import StepShape

SEED = 4321
SAMPLES = 4
"""Samples that share a row under `neat_packing`."""


def install(schedule: list[StepShape], config: Mapping[str, Any]) -> None:
    """Make every trainer train on the schedule: each step is accumulation x one shape.

    Ids are drawn at random: a GPU multiplies zeros faster than numbers. With several processes
    each of them gets every shape.
    """
    torch: Any = importlib.import_module("torch")
    trainer: Any = importlib.import_module("transformers").Trainer

    class Batches(torch.utils.data.Dataset):  # type: ignore[misc]
        def __init__(
            self, shapes: list[tuple[int, int, bool]], vocabulary: int, copies: int
        ) -> None:
            self.shapes, self.vocabulary, self.copies = shapes, vocabulary, copies

        def __len__(self) -> int:
            return len(self.shapes) * self.copies

        def __getitem__(self, index: int) -> dict[str, Any]:
            rows, length, masked = self.shapes[index // self.copies]
            generator = torch.Generator().manual_seed(SEED + index)
            ids = torch.randint(5, self.vocabulary, (rows, length), generator=generator)
            mask, labels = torch.ones_like(ids), ids.clone()
            if masked:
                mask[:, -1], labels[:, -1] = 0, IGNORED
            return _as_of_stage(torch, config, ids, mask, labels)

    def get_train_dataloader(self: Any) -> Any:
        per_step = self.args.gradient_accumulation_steps
        shapes = [
            (shape["rows"], shape["length"], shape.get("masked", False))
            for shape in schedule
            for _ in range(shape["steps"] * per_step)
        ]
        kind = _config_of(self.model)
        vocabulary = int((getattr(kind, "text_config", None) or kind).vocab_size)
        loader = torch.utils.data.DataLoader(
            Batches(shapes, vocabulary, max(1, self.args.world_size)),
            batch_size=1,
            shuffle=False,
            collate_fn=_only,
        )
        return self.accelerator.prepare(loader)

    trainer.get_train_dataloader = get_train_dataloader


def _as_of_stage(
    torch: Any, config: Mapping[str, Any], ids: Any, mask: Any, labels: Any
) -> dict[str, Any]:
    """Return a batch as the collator of the stage makes it.

    Source: llamafactory/data/collator.py [0.9.5].
    """
    if config.get("neat_packing") and config.get("flash_attn") not in ("fa2", "fa3"):
        collator: Any = importlib.import_module("llamafactory.data.collator")
        dtype = torch.float16 if config.get("fp16") else torch.bfloat16
        dtype = dtype if config.get("fp16") or config.get("bf16") else torch.float32
        numbered = torch.arange(ids.shape[1]) * SAMPLES // ids.shape[1] + 1
        mask = collator.prepare_4d_attention_mask(numbered * mask, dtype)
    batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    if config.get("stage") == "kto":
        batch |= {f"kl_{name}": one.clone() for name, one in batch.items()}
        batch["kto_tags"] = torch.arange(len(ids)) % 2 == 0
    return batch


def _config_of(model: Any) -> Any:
    """Return the architecture, also of a model inside one with a value head."""
    return model.config if hasattr(model, "config") else model.pretrained_model.config


def _only(batches: list[Any]) -> Any:
    return batches[0]
