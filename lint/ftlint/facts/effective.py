"""The values of a config as the target takes them: converted, over its defaults, and rewritten."""

from __future__ import annotations

from ftlint.target.classify import placeholder_in
from ftschemas.launchers import MCA
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ftlint.target.keys import Catalogue, Key


def coerce_like_target(value: object, key: Key | None) -> object:
    """Return a value as the program's conditions take it.

    Nothing converts what the file says: a switch given text or a number is on when Python calls
    that true, and a number given true is 1. Source: observed in 0.9.3 to 0.9.5.
    """
    if key is None or value is None or placeholder_in(value) is not None:
        return value
    if isinstance(value, bool):
        return int(value) if key.kinds[0] in ("int", "float") and key.default is not None else value
    return bool(value) if key.kinds[0] == "bool" and key.kinds[1:] in ((), ("null",)) else value


_OLD_NAMES = {"eval_strategy": "evaluation_strategy", "use_cpu": "no_cuda"}


def source_key(name: str, config: Mapping[str, object], catalogue: Catalogue) -> str:
    """Return the key that decides `name`: an old one, where the target copies its value to that.

    Source: transformers `TrainingArguments.__post_init__`, up to 4.50 and 4.57.
    """
    old = _OLD_NAMES.get(name)
    return old if old and config.get(old) and catalogue.get(old) is not None else name


def apply_old_names(config: dict[str, object], catalogue: Catalogue) -> dict[str, object]:
    """Return the config with the values that the target copies from old names to new ones."""
    for name in _OLD_NAMES:
        source = source_key(name, config, catalogue)
        if source != name:
            config = {**config, name: config[source]}
    return config


def effective(config: Mapping[str, object], catalogue: Catalogue) -> dict[str, object]:
    """Return the config over the target's defaults, after what the target rewrites in silence.

    Source: transformers `TrainingArguments.__post_init__` (an evaluation strategy switches
    `do_eval` on; `eval_steps` of nothing becomes `logging_steps`), LLaMA Factory `get_train_args`
    (packing is on for stage pt unless it is written, and on with neat_packing) [0.9.0 to 0.9.5];
    mcore_adapter `TrainingArguments.__post_init__` (it knows no DeepSpeed).
    """
    values = {**catalogue.defaults(), **config}
    if "do_eval" in values and values.get("eval_strategy") not in ("no", None, False):
        values["do_eval"] = True
    if values.get("eval_strategy") == "steps" and not values.get("eval_steps"):
        values["eval_steps"] = values.get("logging_steps")
    if "packing" in values:
        if values.get("neat_packing"):
            values["packing"] = True
        elif values["packing"] is None:
            values["packing"] = values.get("stage") == "pt"
    if catalogue.launcher == MCA and "deepspeed" in values:
        values["deepspeed"] = None
    return values


def words(value: object) -> list[object]:
    """Cut a comma text as LLaMA Factory does (items stripped); a list stays as it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if isinstance(value, list) else [value]
