"""Steps of a model that torch's FSDP divides among processes on a CPU, and what is alive in them.

Started by torchrun with the Python of an environment, it reads a case from its argument and prints
the peak of the second step, a line a process. FSDP makes and frees its buffers by resizing them,
which no operation shows: that is noted as well. Wrapped as accelerate and peft have it done.
"""

from __future__ import annotations

import functools
import gc
import json
import sys
import types
import weakref
from typing import Any

import memory_runner  # type: ignore[import-not-found,unused-ignore]
import torch  # type: ignore[import-not-found,unused-ignore]
import torch.distributed as dist  # type: ignore[import-not-found,unused-ignore]
from torch.distributed.fsdp import (  # type: ignore[import-not-found,unused-ignore]
    FullyShardedDataParallel,
    MixedPrecision,
    _flat_param,
)

GRAIN = memory_runner.GRAIN


class Ledger(memory_runner.Ledger):  # type: ignore[misc,unused-ignore]
    """Adds up the storages that are alive, also those that are resized."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[int, int] = {}
        self.phase = "training"

    def _note(self, storage: Any) -> None:
        key = storage._cdata
        if key in self.alive:
            return

        def gone(_: object) -> None:
            del self.alive[key]
            self.now -= self.sizes.pop(key)

        self.alive[key] = weakref.ref(storage, gone)
        self.sizes[key] = 0
        self._holds(storage)

    def _holds(self, storage: Any) -> None:
        key, size = storage._cdata, -(-storage.nbytes() // GRAIN) * GRAIN
        self.now += size - self.sizes[key]
        self.sizes[key] = size
        self.peaks[self.phase] = max(self.peaks.get(self.phase, 0), self.now)

    def resize(self, tensor: Any, numbers: int) -> None:
        """Give a tensor's storage another size, and note that."""
        with torch.no_grad():
            storage = tensor._typed_storage()
            if storage._size() != numbers:
                storage._resize_(numbers)
        if tensor.untyped_storage()._cdata in self.sizes:
            self._holds(tensor.untyped_storage())


def model_of(kind: str, shape: dict[str, Any]) -> tuple[Any, Any]:
    """Return a model as LLaMA Factory hands it over, and how its modules are wrapped."""
    from llamafactory.model.model_utils.checkpointing import (  # type: ignore[import-not-found,unused-ignore]
        prepare_model_for_training,
    )
    from torch.distributed.fsdp.wrap import transformer_auto_wrap_policy
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = dict(shape)
    config = AutoConfig.for_model(shape.pop("model_type"), **shape)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    arguments = types.SimpleNamespace(
        upcast_layernorm=False, use_reentrant_gc=True, disable_gradient_checkpointing=False,
        use_unsloth_gc=False, upcast_lmhead_output=False,
    )  # fmt: skip
    prepare_model_for_training(model, arguments)
    if kind == "full":
        model = model.float()
        layer = type(model.model.layers[0])
        return model, functools.partial(transformer_auto_wrap_policy, transformer_layer_cls={layer})
    from peft import LoraConfig, get_peft_model
    from peft.utils.other import fsdp_auto_wrap_policy

    linears = [f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")]
    made = get_peft_model(model, LoraConfig(r=16, target_modules=linears, task_type="CAUSAL_LM"))
    for one in made.parameters():
        if one.requires_grad:
            one.data = one.data.float()
    return made, fsdp_auto_wrap_policy(made)


def peak(kind: str, shape: dict[str, Any], rows: int, length: int) -> int:
    """Return the most bytes that are alive in the second of two steps."""
    from accelerate.utils.operations import convert_outputs_to_fp32

    ledger = Ledger()
    _flat_param._free_storage = lambda tensor: ledger.resize(tensor, 0)
    _flat_param._alloc_storage = lambda tensor, size: ledger.resize(tensor, size.numel())
    model, policy = model_of(kind, shape)
    model.train()
    half = torch.bfloat16
    wrapped: Any = FullyShardedDataParallel(
        model, auto_wrap_policy=policy, mixed_precision=MixedPrecision(half, half, half),
        use_orig_params=True, device_id=torch.device("cpu"), backward_prefetch=None,
    )  # fmt: skip
    wrapped.forward = convert_outputs_to_fp32(torch.autocast("cpu", dtype=half)(wrapped.forward))
    learning = [one for one in wrapped.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learning, foreach=False)
    gc.collect()
    for one in gc.get_objects():
        if isinstance(one, torch.Tensor):
            ledger._note(one.untyped_storage())
    with ledger:
        for _ in range(2):
            ledger.peaks.clear()
            ids = torch.zeros(rows, length, dtype=torch.long)
            made = wrapped(
                input_ids=ids, labels=ids, attention_mask=torch.ones_like(ids), use_cache=False
            )
            loss = made["loss"]
            del made
            loss.backward()
            del loss
            optimizer.step()
            optimizer.zero_grad()
            gc.collect()
    return int(ledger.peaks["training"])


def main() -> None:
    """Answer a case."""
    dist.init_process_group("gloo")
    case = json.loads(sys.argv[1])
    found = peak(case["kind"], case["shape"], case["rows"], case["length"])
    print(f"PEAK {found}", flush=True)


if __name__ == "__main__":
    main()
