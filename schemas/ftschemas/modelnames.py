"""How a model is called: one spelling of a name, whoever holds the model and wherever it lies."""

from __future__ import annotations


def folded(name: str) -> str:
    """Return a model's name in small letters with hyphens; hubs write a dot as three underscores.

    >>> folded("Qwen2___5-7B_Instruct")
    'qwen2.5-7b-instruct'
    """
    return name.lower().replace("___", ".").replace("_", "-")
