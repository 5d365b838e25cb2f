"""Which layer a checkpointing call is about, in the forms that transformers releases give it."""

from __future__ import annotations

from functools import partial

from ftbench.runners.hf import _layer_of


class Layer:
    def forward(self, states: object, mask: object = None) -> object:
        return states


def test_a_bound_call_is_of_its_owner() -> None:
    layer = Layer()
    assert _layer_of(layer.forward) is layer
    assert _layer_of(partial(layer.forward, mask=None)) is layer


def test_a_plain_function_names_the_layer_first() -> None:
    """As transformers 5.24 writes it in `GradientCheckpointingLayer`."""
    layer = Layer()
    assert _layer_of(partial(Layer.forward, layer, mask=None)) is layer
