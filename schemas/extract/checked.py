"""When a value outside a key's list is noticed: facts about code, which no annotation tells.

"parse": refused while the arguments are parsed. "later": crashes or is refused after that.
"never": taken as something else without a word. Held against the real parsers by the slow tests.
"""

from __future__ import annotations

from typing import Final, Literal

Checked = Literal["parse", "later", "never"]

# Keys that are not listed: "later". A list that `__post_init__` asserts is "parse" by itself.
LLAMAFACTORY: Final[dict[str, Checked]] = {
    "ray_storage_filesystem": "parse",
    "export_device": "never",  # anything but cpu is auto
    "init_special_tokens": "never",  # falls back to noise_init
    "mixture_of_depths": "never",  # neither loaded nor converted
    "quantization_device_map": "never",
    "quantization_method": "never",  # the model is loaded without quantization
    "reward_model_type": "never",  # taken as full
}

# Keys that are not listed: "parse".
TRANSFORMERS: Final[dict[str, Checked]] = {
    "log_level": "later",
    "log_level_replica": "later",
    "report_to": "later",
    "fp16_backend": "never",
    "half_precision_backend": "never",
    "train_sampling_strategy": "never",  # taken as random
}
