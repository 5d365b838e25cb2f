from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftbench.models.source import SHAPES, WEIGHTS, NoModel, choose, identity, known_shapes, shape_of
from ftbench.models.texts import texts

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = {
    "qwen2.5-0.5b": 494e6,
    "qwen2.5-1.5b": 1544e6,
    "qwen2.5-3b": 3086e6,
    "qwen2.5-7b": 7616e6,
    "llama-3-8b": 8030e6,
}
"""What the models' cards say."""


@pytest.fixture(autouse=True)
def _no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def parameters(shape: dict[str, Any]) -> int:
    hidden, layers, width = (
        shape[f"{name}"] for name in ("hidden_size", "num_hidden_layers", "intermediate_size")
    )
    keys = hidden // shape["num_attention_heads"] * shape["num_key_value_heads"]
    biases = hidden + 2 * keys if shape["model_type"] == "qwen2" else 0
    layer = 2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * width + 2 * hidden + biases
    tables = 1 if shape["tie_word_embeddings"] else 2
    return int(layers * layer + tables * hidden * shape["vocab_size"] + hidden)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_bundled_shapes_have_the_published_size(name: str) -> None:
    shape = json.loads((SHAPES / f"{name}.json").read_text())
    assert parameters(shape) == pytest.approx(PARAMETERS[name], rel=0.001)


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
        ("meta-llama/Llama-3-70B", None),
        ("Qwen/Qwen2.5-14B", None),
        ("Qwen/Qwen2.5-32B", None),
        ("Qwen/Qwen3-8B", None),
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
    known = json.loads((SHAPES / "qwen2.5-0.5b.json").read_text(encoding="utf-8"))
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
