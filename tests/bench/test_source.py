from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.models.source import (
    WEIGHTS,
    NoModel,
    choose,
    file_of,
    identity,
    known_shapes,
    read_shape,
    shape_of,
)  # fmt: skip
from ftbench.models.texts import texts
from ftlint.memory.shape import Shape
from ftlint.memory.shape import read_shape as read_dimensions

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = {
    "qwen2.5-0.5b": 494e6,
    "qwen2.5-1.5b": 1544e6,
    "qwen2.5-3b": 3086e6,
    "qwen2.5-7b": 7616e6,
    "qwen2.5-14b": 14770e6,
    "qwen2.5-32b": 32764e6,
    "qwen2.5-72b": 72706e6,
    "qwen3-0.6b": 596e6,
    "qwen3-1.7b": 1721e6,
    "qwen3-4b": 4022e6,
    "qwen3-8b": 8191e6,
    "qwen3-14b": 14768e6,
    "qwen3-32b": 32762e6,
    "llama-3-8b": 8030e6,
    "llama-3-70b": 70554e6,
    "llama-3.2-1b": 1236e6,
    "llama-3.2-3b": 3213e6,
    "gemma-2-2b": 2614e6,
    "gemma-2-9b": 9242e6,
    "gemma-2-27b": 27227e6,
    "phi-3-mini": 3821e6,
    "phi-4": 14660e6,
    "mistral-7b-v0.1": 7242e6,
}
"""What the models' cards say."""


@pytest.fixture(autouse=True)
def _no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def test_each_bundled_shape_has_the_published_size() -> None:
    found = {name: read_dimensions(read_shape(file_of(name))) for name in known_shapes()}
    sizes = {name: one.size for name, one in found.items() if isinstance(one, Shape)}
    assert sizes.keys() == {*PARAMETERS, "tiny"}
    for name, size in PARAMETERS.items():
        assert sizes[name] == pytest.approx(size, rel=0.001), name


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", "qwen2.5-0.5b"),
        ("Qwen/Qwen2.5-Coder-7B", "qwen2.5-7b"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", "qwen2.5-1.5b"),
        ("/models/Qwen2.5-3B-Instruct/", "qwen2.5-3b"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama-3-8b"),
        ("meta-llama/Llama-3.1-8B", "llama-3-8b"),
        ("meta-llama/Llama-2-7b-hf", None),
        ("meta-llama/Llama-3-70B", "llama-3-70b"),
        ("Qwen/Qwen2.5-14B", "qwen2.5-14b"),
        ("Qwen/Qwen2.5-32B", "qwen2.5-32b"),
        ("Qwen/Qwen3-8B", "qwen3-8b"),
        ("Qwen/Qwen3-30B-A3B", None),
        ("Qwen/Qwen2.5-0.5B-Instruct-GPTQ-Int4", None),
        ("Qwen/Qwen2.5-7B-Instruct-AWQ", None),
        ("unsloth/llama-3-8b-bnb-4bit", None),
        ("llava-hf/llava-llama-3-8b", None),
    ],
)
def test_a_name_means_the_shape_it_has(name: str, shape: str | None) -> None:
    assert shape_of(name) == shape


def test_a_model_is_told_by_its_dimensions(tmp_path: Path) -> None:
    """Checkpoints have the same name everywhere."""
    known = read_shape(file_of("qwen2.5-0.5b"))
    found = []
    changes: list[dict[str, Any]] = [
        {}, {"num_hidden_layers": 12}, {"quantization_config": {"quant_method": "gptq"}},
    ]  # fmt: skip
    for number, change in enumerate(changes):
        folder = tmp_path / str(number) / "checkpoint-100"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({**known, **change}), encoding="utf-8")
        found.append(identity(str(folder)))
    assert found[0] == "qwen2.5-0.5b"
    assert found[1] == "qwen2 896 12 4864 14 2 151936"
    assert found[2] == "qwen2 896 24 4864 14 2 151936 gptq"
    assert identity("/elsewhere/a/checkpoint-100") != identity("/elsewhere/b/checkpoint-100")
    assert identity("org/My-Model") == "my-model"


def test_a_folder_with_weights_is_used(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text('{"vocab_size": 9}')
    random = choose("mine", None, str(tmp_path))
    assert (random.label, random.path) == ("random:mine", None)
    (tmp_path / "mine" / "model.safetensors").touch()
    found = choose("mine", None, str(tmp_path))
    assert (found.label, found.path) == (WEIGHTS, "mine")


def test_the_hubs_cache_is_looked_into(tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "models--org--odd-13b" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    with pytest.raises(NoModel, match="no bundled shape is known"):
        choose("org/odd-13b", None, str(tmp_path))
    (snapshot / "model.safetensors").touch()
    assert choose("org/odd-13b", None, str(tmp_path)).path == "org/odd-13b"


def test_what_is_asked_for_wins(tmp_path: Path) -> None:
    assert choose("Qwen/Qwen2.5-7B", "tiny", str(tmp_path)).label == "random:tiny"
    assert choose("Qwen/Qwen2.5-7B", "weights", str(tmp_path)).path == "Qwen/Qwen2.5-7B"
    with pytest.raises(NoModel, match="neither a bundled shape"):
        choose("Qwen/Qwen2.5-7B", "huge", str(tmp_path))
    with pytest.raises(NoModel, match="names no model"):
        choose(None, None, str(tmp_path))
    assert "tiny" in known_shapes()


def test_a_tokenizer_learns_from_values_not_keys(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"frage {number} \u00e4hnlich", "output": "so"} for number in range(200)
    ]
    (tmp_path / "d.json").write_text(json.dumps(rows, ensure_ascii=True))
    (tmp_path / "dataset_info.json").write_text('{"d": {"file_name": "d.json"}}')
    found = texts({"dataset": "d", "dataset_dir": str(tmp_path)}, str(tmp_path))
    assert found.splitlines()[:2] == ["frage 0 ähnlich", "so"]
    assert "instruction" not in found
    assert texts({"dataset": "absent", "dataset_dir": str(tmp_path)}, str(tmp_path)) == ""
