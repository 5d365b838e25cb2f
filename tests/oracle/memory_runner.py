"""A training step of a real model in tensors without content, and the bytes that are alive in it.

Run by the Python of an environment it reads cases from standard input, one JSON object a line, and
answers each with the peaks of its phases. Weights, optimizer and batch
are fake tensors of torch: each operation says what it would make, nothing is computed, and a table
of living storages adds them up, each rounded to 512 bytes as CUDA's allocator does. LLaMA Factory's
own `init_adapter` and `prepare_model_for_training`, peft and transformers run as they are;
attention is replaced by the kernels that it has on a GPU.

Not in it: what kernels take for themselves, bitsandbytes, Liger, and the copy that log_softmax
makes of a view on a GPU.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import types
import warnings
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

os.environ.setdefault("DISABLE_VERSION_CHECK", "1")
warnings.filterwarnings("ignore")

# ruff: noqa: E402
import torch  # type: ignore[import-not-found,unused-ignore]
from torch._subclasses.fake_tensor import (  # type: ignore[import-not-found,unused-ignore]
    FakeTensorMode,
)
from torch.utils._python_dispatch import (  # type: ignore[import-not-found,unused-ignore]
    TorchDispatchMode,
)
from torch.utils._pytree import tree_iter  # type: ignore[import-not-found,unused-ignore]

GRAIN = 512


class Ledger(TorchDispatchMode):  # type: ignore[misc,unused-ignore]
    """Adds up the storages that are alive, and notes the most of each phase."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, Any] = {}
        self.now = 0
        self.phase = ""
        self.peaks: dict[str, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if "local_scalar_dense" in str(func):  # what is logged of a loss
            return 1.0
        made = func(*args, **(kwargs or {}))
        for one in tree_iter(made):
            if isinstance(one, torch.Tensor):
                self._note(one.untyped_storage())
        return made

    def _note(self, storage: Any) -> None:
        key, size = storage._cdata, -(-storage.nbytes() // GRAIN) * GRAIN
        if key in self.alive:
            return

        def gone(_: object) -> None:
            del self.alive[key]
            self.now -= size

        self.alive[key] = weakref.ref(storage, gone)
        self.now += size
        self.peaks[self.phase] = max(self.peaks.get(self.phase, 0), self.now)


def attention(
    module: Any, query: Any, key: Any, value: Any, mask: Any, dropout: float = 0.0,
    scaling: float | None = None, **_: Any,
) -> tuple[Any, None]:  # fmt: skip
    """Run what torch's attention runs on a GPU: flash without a mask, else memory-efficient."""
    if torch.is_autocast_enabled("cpu"):
        query, key, value = (one.to(torch.bfloat16) for one in (query, key, value))
    aten = torch.ops.aten
    if mask is None:
        made = aten._scaled_dot_product_flash_attention(
            query, key, value, dropout, True, False, scale=scaling
        )[0]
    else:
        from transformers.integrations.sdpa_attention import repeat_kv

        groups = getattr(module, "num_key_value_groups", 1)
        key, value = repeat_kv(key, groups), repeat_kv(value, groups)
        bias = torch.zeros_like(mask, dtype=query.dtype)
        bias = bias.masked_fill_(mask.logical_not(), float("-inf"))
        bias = bias.expand(query.shape[0], query.shape[1], query.shape[2], key.shape[2])
        made = aten._scaled_dot_product_efficient_attention(
            query, key, value, bias, True, dropout, False, scale=scaling
        )[0]
    return made.transpose(1, 2).contiguous(), None


def prepare() -> None:
    """Replace what cannot run on tensors without content."""
    import transformers.masking_utils as masks
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS["sdpa"] = attention
    masks.find_packed_sequence_indices = lambda *_, **__: None
    masks._ignore_causal_mask_sdpa = lambda _, queries, keys, offset=0, local=None: (
        local is None or keys < local
    )
    for name in ("kaiming_uniform_", "normal_", "uniform_", "zeros_", "ones_"):
        setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)
    torch.nn.Module.to = lambda self, *_, **__: self  # everything is where it belongs


def model_of(case: dict[str, Any]) -> Any:
    """Return a model as LLaMA Factory prepares it for training."""
    from llamafactory.model.adapter import init_adapter  # type: ignore[import-not-found,unused-ignore]
    from llamafactory.model.model_utils.checkpointing import (  # type: ignore[import-not-found,unused-ignore]
        prepare_model_for_training,
    )
    from peft.tuners.tuners_utils import BaseTunerLayer
    from transformers import AutoConfig, AutoModelForCausalLM

    BaseTunerLayer._move_adapter_to_device_of_base_layer = lambda *_, **__: None
    shape = dict(case["shape"])
    config = AutoConfig.for_model(shape.pop("model_type"), **shape)
    how = case.get("attention", "sdpa")
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16, attn_implementation=how)
    model.tie_weights()
    arguments = types.SimpleNamespace(
        upcast_layernorm=case.get("upcast_layernorm", False), use_reentrant_gc=True,
        disable_gradient_checkpointing=not case["checkpointing"], use_unsloth_gc=False,
        upcast_lmhead_output=False, adapter_name_or_path=None, resize_vocab=False, use_kt=False,
        use_unsloth=False, quantization_bit=None,
    )  # fmt: skip
    block = case["kind"] == "block"
    tuning = types.SimpleNamespace(
        pure_bf16=case.get("pure_bf16", False), use_badam=block,
        finetuning_type="full" if block else case["kind"],
        freeze_vision_tower=True, freeze_multi_modal_projector=True, freeze_language_model=False,
        use_dora=case.get("dora", False), lora_rank=8, lora_alpha=16, lora_dropout=0.0,
        use_rslora=False, additional_target=None, lora_target=["all"], use_llama_pro=False,
        freeze_trainable_layers=2, freeze_trainable_modules=["all"], freeze_extra_modules=None,
        pissa_init=False, oft_rank=0, oft_block_size=32, module_dropout=0.0,
    )  # fmt: skip
    prepare_model_for_training(model, arguments)
    made = init_adapter(config, model, arguments, tuning, True)
    if block:  # as BAdam does with the lowest
        for name, one in made.named_parameters():
            one.requires_grad_("layers.0." in name)
    return made


def peaks(case: dict[str, Any]) -> dict[str, int]:
    """Return the most bytes that are alive in each phase of two steps and an evaluation."""
    from accelerate.utils.operations import convert_outputs_to_fp32

    ledger = Ledger()
    with FakeTensorMode(allow_non_fake_inputs=True), ledger, torch.device("cpu"):
        model = model_of(case)
        model.train()
        learning = [one for one in model.parameters() if one.requires_grad]
        if not case.get("pure_bf16"):
            half = torch.autocast("cpu", dtype=torch.bfloat16)
            model.forward = convert_outputs_to_fp32(half(model.forward))
        states: list[Any] = []
        for _ in range(2):
            for _ in range(case.get("accumulation", 1)):
                ledger.phase = "training"
                loss = forward(model, case, case["rows"])
                loss.backward()
                del loss
                gc.collect()
            states = states or [*states_of(learning, masters=case["kind"] == "block")]
            for one in learning:
                one.grad = None
        ledger.phase = "evaluation"
        model.eval()
        with torch.no_grad():
            forward(model, case, case["rows"])
    return ledger.peaks


def states_of(learning: list[Any], *, masters: bool) -> Iterator[Any]:
    """Yield what an optimizer keeps of each parameter: two states, of masters beside them."""
    for one in learning:
        wide = one.float() if masters else one
        yield torch.zeros_like(wide), torch.zeros_like(wide), wide


def forward(model: Any, case: dict[str, Any], rows: int) -> Any:
    """Return the loss of a batch, as the trainer asks for it."""
    shape = rows, case["length"]
    ids, labels = (torch.zeros(shape, dtype=torch.long) for _ in range(2))
    mask = None
    if case.get("masked"):
        mask = torch.ones(rows, 1, case["length"], case["length"], dtype=torch.bool)
    made = model(
        input_ids=ids, labels=labels, attention_mask=mask, use_cache=False,
        num_items_in_batch=torch.tensor(1),
    )  # fmt: skip
    return made.loss


def main() -> None:
    """Answer each case."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    prepare()
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            found = peaks(json.loads(line))
        answers.write(json.dumps(found) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
