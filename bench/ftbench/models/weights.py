"""Random weights made where they are needed, in the trainer's own process.

A folder that `folder.prepared` made has no weights. Once `install` has run, loading it hands
transformers a table of random weights instead of files: whatever transformers does with weights
(dtype, device map, bitsandbytes, ZeRO-3) is done to these too. On a GPU 8 billion parameters take
about a second; nothing is written to disk.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
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
    """Return what is loaded for each weight of a model: norms 1, biases 0, all else normal.

    They are on the device that the model goes to. Where the model is spread over devices
    only later, they are on the CPU, though made on the GPU if there is one: that is faster.
    """
    torch: Any = importlib.import_module("torch")
    with torch.device("meta"):
        skeleton = cls(config)
    tied = getattr(skeleton, "_tied_weights_keys", None) or ()
    skipped = set(tied) if getattr(config, "tie_word_embeddings", False) else set()
    dtype = _dtype(torch, config, options)
    target, maker = _devices(torch, options.get("device_map"))
    later, made = _may_be_made_later(), {}
    for number, (name, like) in enumerate(skeleton.state_dict().items()):
        if name not in skipped:
            wanted = dtype if like.is_floating_point() else like.dtype
            one = Weight(name, tuple(like.shape), wanted, SEED + number, target, maker)
            made[name] = one if later else one[...]
    return made


@dataclass(frozen=True)
class Weight:
    """A weight that is made when it is asked for, as a file's are read.

    A model whose weights all lay on the GPU before it is loaded would need it twice: transformers
    reserves room for the whole of it first.
    """

    name: str
    shape: tuple[int, ...]
    dtype: Any
    seed: int
    target: Any
    maker: Any

    def is_floating_point(self) -> bool:
        """Return whether it holds fractions."""
        return bool(self.dtype.is_floating_point)

    def __getitem__(self, _: Any) -> Any:
        """Return the tensor, made anew."""
        torch: Any = importlib.import_module("torch")
        if not self.is_floating_point():
            return torch.zeros(self.shape, dtype=self.dtype, device=self.target)
        if len(self.shape) == 1:
            fill = 0.0 if self.name.endswith("bias") else 1.0
            return torch.full(self.shape, fill, dtype=self.dtype, device=self.target)
        made = torch.empty(self.shape, dtype=self.dtype, device=self.maker)
        generator = torch.Generator(device=self.maker).manual_seed(self.seed)
        return made.normal_(0.0, DEVIATION, generator=generator).to(self.target)


def _may_be_made_later() -> bool:
    """Return whether transformers takes what can be indexed for tensors: 5 does, but under ZeRO-3.

    Source: transformers/core_model_loading.py, `_materialize_copy` [5.6.0].
    """
    transformers: Any = importlib.import_module("transformers")
    if int(transformers.__version__.partition(".")[0]) < 5:
        return False
    deepspeed: Any = importlib.import_module("transformers.integrations.deepspeed")
    return not deepspeed.is_deepspeed_zero3_enabled()


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
