"""A train set of random tokens in given shapes, in place of the config's own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ftbench.measure.batches import IGNORED

if TYPE_CHECKING:
    from ftbench.runners.protocol import Shape

SEED = 4321


def install(schedule: list[Shape]) -> None:
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
            return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    def get_train_dataloader(self: Any) -> Any:
        per_step = self.args.gradient_accumulation_steps
        shapes = [
            (shape["rows"], shape["length"], shape.get("masked", False))
            for shape in schedule
            for _ in range(shape["steps"] * per_step)
        ]
        config = self.model.config
        vocabulary = int((getattr(config, "text_config", None) or config).vocab_size)
        loader = torch.utils.data.DataLoader(
            Batches(shapes, vocabulary, max(1, self.args.world_size)),
            batch_size=1,
            shuffle=False,
            collate_fn=_only,
        )
        return self.accelerator.prepare(loader)

    trainer.get_train_dataloader = get_train_dataloader


def _only(batches: list[Any]) -> Any:
    return batches[0]
