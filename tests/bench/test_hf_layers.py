"""The hf runner's model: which layer a checkpointing call is about, and how it is loaded."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path

import pytest
from tests.oracle.environments import ensure

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


LOADING = """
import json, sys
sys.path[:0] = ["bench", "lint", "schemas"]
import transformers
from ftbench.runners import hf
shape = transformers.AutoConfig.from_pretrained(sys.argv[1])
transformers.AutoModelForCausalLM.from_config(shape).save_pretrained(sys.argv[2])
for plain in (False, True):
    config = {"model_name_or_path": sys.argv[2], "output_dir": sys.argv[2], "use_cpu": True,
              "disable_gradient_checkpointing": plain, "finetuning_type": "full"}
    model = hf._model(transformers, config, hf._arguments(transformers, config))
    layer = model.model.layers[0]
    print(json.dumps([shape.use_cache, model.config.use_cache, layer.gradient_checkpointing]))
"""


@pytest.mark.oracle
def test_nothing_is_cached_with_or_without_checkpointing(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    shape = root / "bench/ftbench/models/shapes/tiny.json"
    done = subprocess.run(
        [ensure("0.9.5"), "-c", LOADING, str(shape), str(tmp_path)],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()[-2:]]
    assert found == [[True, False, True], [True, False, False]]
