"""Random weights made where they are needed, in the trainer's own process.

A folder that `folder.prepared` made has no weights. Once `install` has run, loading it hands
transformers a table of random tensors instead of files: whatever transformers does with weights
(dtype, device map, bitsandbytes, ZeRO-3) is done to these too. On a GPU 8 billion parameters take
about a second; nothing is written to disk.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from ftbench.models.folder import MARK

SEED = 1234
DEVIATION = 0.02


def install() -> None:
    """Make `from_pretrained` build random weights for our own folders, and only for them."""
    base: Any = importlib.import_module("transformers.modeling_utils").PreTrainedModel
    original = base.from_pretrained.__func__

    def from_pretrained(cls: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(name, (str, os.PathLike)) or not Path(name, MARK).is_file():
            return original(cls, name, *args, **kwargs)
        config = kwargs.pop("config", None)
        if config is None:
            config = cls.config_class.from_pretrained(name)
        torch: Any = importlib.import_module("torch")
        if not torch.cuda.is_available():  # many CPUs take a hundred times as long in bf16
            kwargs.pop("dtype", None)
            kwargs["torch_dtype"] = torch.float32
        for unused in ("cache_dir", "revision", "token", "subfolder", "_commit_hash"):
            kwargs.pop(unused, None)
        kwargs["state_dict"] = random_weights(cls, config, kwargs)
        model = original(cls, None, *args, config=config, **kwargs)
        model.config.name_or_path = model.name_or_path = str(name)
        return model

    base.from_pretrained = classmethod(from_pretrained)


def random_weights(cls: Any, config: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return a tensor for each weight of a model: norms 1, biases 0, all else normal.

    The tensors are on the device that the model goes to. Where the model is spread over devices
    only later, they are on the CPU, though made on the GPU if there is one: that is faster.
    """
    torch: Any = importlib.import_module("torch")
    with torch.device("meta"):
        skeleton = cls(config)
    tied = getattr(skeleton, "_tied_weights_keys", None) or ()
    skipped = set(tied) if getattr(config, "tie_word_embeddings", False) else set()
    dtype = _dtype(torch, config, options)
    target, maker = _devices(torch, options.get("device_map"))
    generator = torch.Generator(device=maker).manual_seed(SEED)
    made: dict[str, Any] = {}
    persistent = skeleton.state_dict()
    for name, like in persistent.items():
        if name in skipped:
            continue
        shape = tuple(like.shape)
        if not like.is_floating_point():
            made[name] = torch.zeros(shape, dtype=like.dtype, device=target)
        elif len(shape) == 1:
            fill = 0.0 if name.endswith("bias") else 1.0
            made[name] = torch.full(shape, fill, dtype=dtype, device=target)
        else:
            made[name] = torch.empty(shape, dtype=dtype, device=maker)
            made[name] = made[name].normal_(0.0, DEVIATION, generator=generator).to(target)
    return made


def _dtype(torch: Any, config: Any, options: dict[str, Any]) -> Any:
    wanted = options.get("dtype", options.get("torch_dtype"))
    if wanted is None or wanted == "auto":
        wanted = getattr(config, "dtype", None) or getattr(config, "torch_dtype", None)
    if isinstance(wanted, str):
        wanted = getattr(torch, wanted)
    return wanted or torch.float32


def _devices(torch: Any, device_map: Any) -> tuple[Any, Any]:
    """Return where the weights go and where they are made."""
    if isinstance(device_map, dict) and set(device_map) == {""}:
        device_map = device_map[""]
    if device_map is not None and device_map != "auto":
        index = isinstance(device_map, int) and not isinstance(device_map, bool)
        only = torch.device(f"cuda:{device_map}" if index else device_map)
        return only, only
    rank = os.environ.get("LOCAL_RANK", "0")
    cpu = torch.device("cpu")
    return cpu, torch.device(f"cuda:{rank}") if torch.cuda.is_available() else cpu
