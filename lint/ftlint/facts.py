"""What rules may ask beyond the text: defaults, silent rewrites, and what the file cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ftlint.discovery import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.catalogue import Catalogue
    from ftlint.target import Target


class Given(NamedTuple):
    """Facts that a person states: by flag, by setting or by a comment in the file."""

    gpus: int | None = None
    nodes: int | None = None
    dataset_sizes: tuple[tuple[str, int], ...] = ()
    dataset_dir: str | None = None


def effective(config: Mapping[str, object], catalogue: Catalogue) -> dict[str, object]:
    """Return the config over the target's defaults, after what the target rewrites in silence.

    Source: transformers `TrainingArguments.__post_init__` (an evaluation strategy switches
    `do_eval` on), LLaMA Factory `get_train_args` (packing is on for stage pt unless it is written,
    and on with neat_packing) [0.9.0 to 0.9.5].
    """
    values = {**catalogue.defaults(), **config}
    if "do_eval" in values and values.get("eval_strategy") not in ("no", None, False):
        values["do_eval"] = True
    if "packing" in values:
        if values.get("neat_packing"):
            values["packing"] = True
        elif values["packing"] is None:
            values["packing"] = values.get("stage") == "pt"
    return values


def facts(values: Mapping[str, object], target: Target, given: Given) -> dict[str, object]:
    """Return what is known besides: versions, launch, and keys that hold several words, cut up."""
    known: dict[str, object] = {
        "llamafactory": target.llamafactory,
        "transformers": target.transformers,
    }
    for name, key in _LISTS.items():
        if values.get(key) is not None and not is_placeholder(values[key]):
            known[name] = words(values[key])
    probabilities = _numbers(values.get("interleave_probs"))
    if probabilities is not None:
        known["interleave_probs"] = probabilities
    if given.gpus is not None:
        known["gpus"] = given.gpus
        known["nodes"] = given.nodes or 1
        known["world_size"] = given.gpus * (given.nodes or 1)
    return known


_LISTS = {
    "dataset_names": "dataset",
    "eval_dataset_names": "eval_dataset",
    "adapters": "adapter_name_or_path",
    "report_to": "report_to",
}


def words(value: object) -> list[object]:
    """Cut a comma text as LLaMA Factory does (items stripped); a list stays as it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list) else [value]


def _numbers(value: object) -> list[object] | None:
    if value is None or is_placeholder(value):
        return None
    try:
        return [float(word) for word in words(value)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
