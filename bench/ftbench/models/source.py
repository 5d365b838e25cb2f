"""Which model a run trains: the weights that the config names, or random ones in their shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

OWN = Path(__file__).with_name("shapes")
"""Shapes of no published model: for tests."""
TINY = "tiny"
WEIGHTS = "weights"
"""`--model weights`: what the config names, whatever is found here."""

_DIMENSIONS = (
    "hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads",
    "num_key_value_heads", "vocab_size",
)  # fmt: skip


class Source(NamedTuple):
    """A model of a run.

    `path` is what `model_name_or_path` becomes where the weights are the user's own. Otherwise
    `shape` is the file of the architecture, `tokenizer` a folder with its tokenizer if there is
    one, and `label` says `random:NAME`.
    """

    label: str
    why: str
    path: str | None = None
    shape: Path | None = None
    tokenizer: Path | None = None


class NoModel(ValueError):
    """No model can be had for a config. The text says why and what to do."""


def known_shapes() -> list[str]:
    """Return the names that `--model` takes."""
    from ftschemas import shapes  # here: the process that trains needs no part of ftlint

    return sorted((*shapes.names(), TINY))


def file_of(shape: str) -> Path:
    """Return the file that a bundled shape stands in."""
    from ftschemas import shapes

    return (OWN if shape == TINY else Path(shapes.FOLDER)) / f"{shape}.json"


def choose(name: object, asked: str | None, folder: str) -> Source:
    """Return the model for a config that names `name`; relative paths start at `folder`.

    Raises:
        NoModel: neither weights nor an architecture are known for it.
    """
    if asked is not None and asked != WEIGHTS:
        return _asked(asked, folder)
    if not isinstance(name, str) or not name:
        raise NoModel("the config names no model_name_or_path: --model SHAPE picks one")
    if asked == WEIGHTS:
        return Source(WEIGHTS, "--model weights", path=name)
    local = Path(folder, Path(name).expanduser())
    if (local / "config.json").is_file():
        if _has_weights(local):
            return Source(WEIGHTS, "the folder has weights", path=name)
        return Source(
            f"random:{local.name}",
            f"{name} has no weights: random ones in the shape of its config.json",
            shape=local / "config.json",
            tokenizer=local if _has_tokenizer(local) else None,
        )
    cached = _cached(name)
    if cached is not None and _has_weights(cached):
        return Source(WEIGHTS, "the hub's cache has the weights", path=name)
    shape = shape_of(name)
    if shape is None:
        raise NoModel(
            f"the weights of {name} are not on this machine, and no bundled shape is known to be"
            f" its own: set --model to {', '.join(known_shapes())}, to a folder with a config.json,"
            " or to `weights` to download them"
        )
    why = f"the weights of {name} are not on this machine: random ones in the shape of {shape}"
    return Source(f"random:{shape}", why, shape=file_of(shape))


def shape_of(name: str) -> str | None:
    """Return the bundled shape that a model's name stands for."""
    from ftschemas import shapes

    return shapes.find(name)


def identity(name: str) -> str:
    """Return what a model is to a GPU: a bundled shape, its dimensions, or else its name.

    A folder is what its config.json says: checkpoint-100 of one model is not that of another.
    """
    config = Path(name).expanduser() / "config.json"
    if not config.is_file():
        last = name.rstrip("/").rpartition("/")[2].lower()
        is_path = name.startswith(("/", ".", "~")) or name.count("/") > 1
        return shape_of(name) or (name if is_path else last)
    try:
        found = read_shape(config)
    except NoModel:
        return name
    ours = _dimensions(found)
    for shape in () if found.get("quantization_config") else known_shapes():
        if _dimensions(read_shape(file_of(shape))) == ours:
            return shape
    quantized = found.get("quantization_config")
    method = f" {quantized.get('quant_method')}" if isinstance(quantized, dict) else ""
    return f"{found.get('model_type')} {' '.join(map(str, ours))}{method}"


def _dimensions(architecture: dict[str, object]) -> tuple[object, ...]:
    return tuple(architecture.get(name) for name in _DIMENSIONS)


def _asked(asked: str, folder: str) -> Source:
    if asked in known_shapes():
        why = f"--model {asked}: random weights in that shape"
        return Source(f"random:{asked}", why, shape=file_of(asked))
    given = Path(folder, Path(asked).expanduser())
    if not (given / "config.json").is_file():
        raise NoModel(
            f"--model {asked}: neither a bundled shape ({', '.join(known_shapes())})"
            " nor a folder with a config.json"
        )
    if _has_weights(given):
        return Source(WEIGHTS, f"--model {asked}", path=str(given.resolve()))
    return Source(
        f"random:{given.resolve().name}",
        f"--model {asked}: random weights in the shape of its config.json",
        shape=given / "config.json",
        tokenizer=given if _has_tokenizer(given) else None,
    )


def _has_weights(folder: Path) -> bool:
    patterns = ("*.safetensors", "pytorch_model*.bin")
    return any(found.exists() for pattern in patterns for found in folder.glob(pattern))


def _has_tokenizer(folder: Path) -> bool:
    names = ("tokenizer.json", "tokenizer.model", "vocab.json")
    return any((folder / name).is_file() for name in names)


def _cached(name: str) -> Path | None:
    """Return the newest snapshot of a hub repository in the hub's own cache."""
    if name.count("/") != 1:
        return None
    from ftlint.facts.model_files import hub_caches

    folder = Path(hub_caches()[0], f"models--{name.replace('/', '--')}", "snapshots")
    found = list(folder.glob("*/config.json"))
    return max(found, key=lambda path: path.stat().st_mtime).parent if found else None


def read_shape(path: Path) -> dict[str, object]:
    """Return the architecture of a config.json. Raises `NoModel` when it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoModel(f"{path}: {error}") from None
    if isinstance(found, dict) and {"source", "config"} <= found.keys():  # a bundled one
        found = found["config"]
    if not isinstance(found, dict) or not isinstance(found.get("vocab_size"), int):
        raise NoModel(f"{path}: not the architecture of a language model (no vocab_size)")
    return found
