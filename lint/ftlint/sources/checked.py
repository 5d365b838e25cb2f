"""When a value outside a key's list is noticed: facts about code, which no annotation tells.

"parse": refused while the arguments are parsed. "later": crashes or is refused after that.
"never": taken as something else without a word. Held against the real parsers by the slow tests.
"""

from __future__ import annotations

from ftlint.sources.versions import order
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Final, Literal

    Checked = Literal["parse", "later", "never"]


class Since(NamedTuple):
    """A fact that a release changed."""

    release: str
    before: Checked
    after: Checked


# Keys that are not listed: "later". A list that `__post_init__` asserts is "parse" by itself.
LLAMAFACTORY: Final[dict[str, Checked | Since]] = {
    "ray_storage_filesystem": "parse",
    "export_device": "never",  # anything but cpu is auto
    "init_special_tokens": "never",  # falls back to noise_init
    "mixture_of_depths": "never",  # neither loaded nor converted
    "quantization_device_map": "never",
    "quantization_method": "never",  # the model is loaded without quantization
    "reward_model_type": "never",  # taken as full
    # The loss is trl's, which from 0.20 on is told none and takes sigmoid.
    "pref_loss": Since("0.9.4", before="later", after="never"),
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

NEWEST = "999"
# What runs although the annotation does not list it: key -> (last release, values).
ALSO: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    # Losses of trl 0.9.6.
    "pref_loss": ("0.9.3", ("robust", "exo_pair", "sppo_hard", "nca_pair", "aot", "aot_pair")),
    # Handed to SwanLab as it stands, whose own these are.
    "swanlab_mode": (NEWEST, ("offline", "disabled", "online")),
}


def checked(key: str, release: str) -> Checked:
    """Return when LLaMA Factory notices a value outside the list of `key`."""
    found = LLAMAFACTORY.get(key, "later")
    if isinstance(found, Since):
        return found.before if order(release) < order(found.release) else found.after
    return found


def also(key: str, release: str) -> tuple[str, ...]:
    """Return the values of `key` that a release runs with although it does not list them."""
    last, values = ALSO.get(key, ("0", ()))
    return values if order(release) <= order(last) else ()
