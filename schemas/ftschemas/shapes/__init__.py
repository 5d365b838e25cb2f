"""Dimensions of the models that published configs name most, as a config.json has them.

A file a model: `config` is what config.json says, `source` where that stands: repository, commit,
path and lines.
"""

from __future__ import annotations

import json
import os
import re

from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))

PATTERNS = {
    "gemma-2-27b": (r"gemma-2-27b",),
    "gemma-2-2b": (r"gemma-2-2b",),
    "gemma-2-9b": (r"gemma-2-9b",),
    "llama-3-70b": (r"(?:llama[-_]?3(?:\.[013])?[-_]|distill-llama-)70b",),
    "llama-3-8b": (r"(?:llama[-_]?3(?:\.[01])?[-_]|distill-llama-)8b",),
    "llama-3.2-1b": (r"llama[-_]?3\.2[-_]1b",),
    "llama-3.2-3b": (r"llama[-_]?3\.2[-_]3b",),
    "mistral-7b-v0.1": (r"mistral-7b(?:-instruct)?-v0\.[12]",),
    "phi-3-mini": (
        r"phi-3-mini-(?:4k|128k)",
        r"phi-3\.5-mini",
    ),
    "phi-4": (r"phi-4(?!-(?:mini|multimodal))",),
    "qwen2.5-0.5b": (r"qwen2(?:\.5)?[-_]?(?:math-|coder-)?0\.5b",),
    "qwen2.5-1.5b": (r"(?:qwen2(?:\.5)?[-_]?(?:math-|coder-)?|distill-qwen-)1\.5b",),
    "qwen2.5-14b": (r"(?:qwen2\.5[-_]?(?:coder-)?|distill-qwen-)14b",),
    "qwen2.5-32b": (r"(?:qwen2\.5[-_]?(?:coder-)?|distill-qwen-)32b",),
    "qwen2.5-3b": (r"qwen2\.5[-_]?(?:coder-)?3b",),
    "qwen2.5-72b": (r"qwen2\.5[-_]?(?:math-)?72b",),
    "qwen2.5-7b": (
        r"(?:qwen2(?:\.5)?[-_]?(?:coder-)?|distill-qwen-)7b",
        r"qwen2-math-7b",
    ),
    "qwen3-0.6b": (r"qwen3[-_]?0\.6b",),
    "qwen3-1.7b": (r"qwen3[-_]?1\.7b",),
    "qwen3-14b": (r"qwen3[-_]?14b",),
    "qwen3-32b": (r"qwen3[-_]?32b",),
    "qwen3-4b": (r"qwen3[-_]?4b",),
    "qwen3-8b": (r"qwen3[-_]?8b",),
}
"""What the last part of a name has in it, by the model that it stands for."""
_OTHERS = re.compile(
    r"gptq|awq|int[48]|[48]-?bit|bnb|fp8|gguf|llava|prun|layers|moe|[-_]vl\b|vision|omni|audio"
)
"""Words in names of what is made of such a model, and is another one to a GPU."""


class Known(NamedTuple):
    """A model whose dimensions are known."""

    name: str
    source: dict[str, str]
    config: dict[str, Any]


def names() -> list[str]:
    """Return the names of all that are known."""
    return sorted(name[:-5] for name in os.listdir(FOLDER) if name.endswith(".json"))


def load(name: str) -> Known:
    """Return a known model by its own name. Raises OSError."""
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as file:
        found = json.load(file)
    return Known(name, found["source"], found["config"])


def find(called: str) -> str | None:
    """Return the known model that a path or hub name stands for.

    >>> find("Qwen/Qwen2.5-7B-Instruct"), find("Qwen/Qwen2.5-7B-Instruct-AWQ")
    ('qwen2.5-7b', None)
    """
    last = called.rstrip("/").rpartition("/")[2].lower().replace("___", ".")
    if _OTHERS.search(last):
        return None
    return next(
        (name for name, patterns in PATTERNS.items() for one in patterns if re.search(one, last)),
        None,
    )
