"""The dimensions of a model, as its config.json has them."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import pytest

from ftlint.memory.shape import DIMENSIONS, FAMILIES, SIZES, Shape, read_shape

SMALL = dict.fromkeys(SIZES, 64)


class Asked(UserDict[str, Any]):
    """A config.json that knows afterwards what it was asked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def test_what_is_recorded_of_a_model_is_all_that_is_read_of_it() -> None:
    asked: set[str] = set()
    for kind in FAMILIES:
        config = Asked({**SMALL, "model_type": kind, "sliding_window": 8})
        assert isinstance(read_shape(config), Shape)
        asked |= config.names
    assert asked - {"text_config"} == set(DIMENSIONS)


@pytest.mark.parametrize(
    ("kind", "more", "head_dim", "window"),
    [
        ("llama", {}, 1, None),
        ("gemma2", {}, 256, 4096),
        ("gemma2", {"head_dim": 8, "sliding_window": None}, 8, None),
        ("mistral", {"sliding_window": 16}, 1, 16),
        ("qwen3", {"sliding_window": 16}, 128, None),
        ("qwen3", {"sliding_window": 16, "use_sliding_window": True}, 128, 16),
    ],
)
def test_what_a_config_does_not_state_its_family_does(
    kind: str, more: dict[str, Any], head_dim: int, window: int | None
) -> None:
    found = read_shape({**SMALL, "model_type": kind, **more})
    assert isinstance(found, Shape)
    assert (found.head_dim, found.window) == (head_dim, window)
