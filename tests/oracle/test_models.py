"""What the name of a model tells of a run, beside runs on random models that are called so."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.oracle.called import target_of

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftschemas.compiled import ARTEFACT, MODULES

from . import bases, environments
from .beside import assert_ends_as_told, errors_and_end
from .client import HERE, Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

CALLED = {
    "llama": "Llama-3.2-1B-Instruct",
    "qwen2": "Qwen2.5-7B-Instruct",
    "qwen3": "Qwen3-8B",
    "mistral": "Mistral-7B-Instruct-v0.3",
    "gemma": "gemma-2b-it",
    "gemma2": "gemma-2-9b-it",
    "gemma3_text": "gemma-3-1b-it",
    "granite": "granite-3.1-8b-instruct",
    "phi3": "Phi-3-mini-4k-instruct",
    "bloom": "bloom-3b",
    "llava": "llava-1.5-7b-hf",
    "gemma3": "gemma-3-4b-it",
}
"""Architecture -> a listed model of it."""

SCHEMAS = Path(ARTEFACT).parent / "llamafactory"
VISION = ("llava", "gemma3")
NOT_IN_0_9_3 = {"learning_rate", "dataloader_drop_last"}
FROZEN = {"freeze_language_model": True}
PROJECTOR, TOWER = {"freeze_multi_modal_projector": False}, {"freeze_vision_tower": False}
POLYNOMIAL = {"lr_scheduler_type": "polynomial"}
DROPPED = {"packing": False, "dataloader_drop_last": True, "per_device_eval_batch_size": 8,
           "val_size": 4, "do_eval": True}  # fmt: skip


class Built(NamedTuple):
    """A trainer, where its models lie, and what layers they have."""

    trainer: Trainer
    folder: Path
    layers: dict[str, list[str]]


@pytest.fixture(scope="module", params=list(environments.RELEASES))
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("models")
    with Trainer(request.param) as trainer:
        command = [str(environments.ensure(request.param, extras=True)),
                   str(HERE / "architectures.py"), str(trainer.fixture / "tiny"),
                   str(folder)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        for kind, name in CALLED.items():
            (folder / kind).rename(folder / name)
        shutil.copytree(trainer.fixture / "tiny", folder / "tiny")
        yield Built(trainer, folder, json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_the_list_of_a_release_is_what_it_registers(release: str) -> None:
    command = [str(environments.ensure(release, extras=True)), str(HERE / "registry.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    real = json.loads(done.stdout.splitlines()[-1])
    schema = json.loads((SCHEMAS / f"{release}.json").read_text("utf-8"))
    read = schema["x-templates"]
    assert read.keys() == real["templates"].keys()
    for name, one in real["templates"].items():
        question, answer = one["turns"]
        turns = re.sub(r"\s", "", f"{question.removeprefix('{bos}')}|{answer}")
        assert read[name]["format"] == turns.removesuffix("{eos}"), name
        assert (read[name]["media"], read[name]["thinks"]) == (one["media"], one["thinks"]), name
    paths = {path.rpartition("/")[2].lower() for path, _, _ in real["models"]}
    assert schema["x-models"].keys() == paths
    for path, template, media in real["models"]:
        model = schema["x-models"][path.rpartition("/")[2].lower()]
        assert template is None or template in model["templates"], path
        assert model["media"] or not media, path


def test_the_layers_of_a_family_are_those_of_its_models(built: Built) -> None:
    for kind, name in CALLED.items():
        family = [one for one in MODULES if re.match(one[0], name.lower())]
        if kind not in VISION:
            assert set(built.layers[kind]) == set(family[0][2]), kind


@pytest.mark.parametrize(
    ("kind", "base", "change", "code"),
    [
        ("llama", "lora", {"template": "qwen2_vl"}, "FT4100"),
        ("llama", "dpo", {"template": "llava"}, "FT4100"),
        ("llama", "kto", {"template": "qwen2_audio"}, "FT4100"),
        ("llama", "lora", {"template": "default"}, None),
        ("llama", "lora", {"lora_target": "q_porj"}, "FT4110"),
        ("llama", "lora", {"lora_target": "query_key_value,W_pack"}, "FT4110"),
        ("llama", "lora", {"lora_target": "mlp,q_proj"}, "FT4111"),
        ("llama", "lora", {"lora_target": ["q_proj", "self_attn"]}, "FT4111"),
        ("llama", "lora", {"lora_target": "norm,q_proj"}, "FT4111"),
        ("llama", "lora", {"lora_target": "norm"}, "FT4111"),
        ("llama", "lora", {"lora_target": "layers,q_proj"}, "FT4111"),
        ("llama", "lora", {"lora_target": "lm_head,self_attn.q_proj"}, None),
        ("phi3", "lora", {"lora_target": "q_proj,v_proj"}, "FT4110"),
        ("phi3", "lora", {"lora_target": "qkv_proj"}, None),
        ("bloom", "lora", {"lora_target": "q_proj"}, "FT4110"),
        ("bloom", "lora", {"lora_target": "query_key_value"}, None),
        ("qwen2", "lora", {"lora_target": "all"}, None),
        ("llama", "dpo", {"group_by_length": True}, "FT4105"),
        ("llama", "rm", {"group_by_length": True}, "FT4105"),
        ("llama", "kto", {"group_by_length": True}, None),
        ("llama", "pt", {"group_by_length": True}, None),
        ("llama", "lora", {**POLYNOMIAL, "learning_rate": 1e-7}, "FT4106"),
        ("llama", "lora", {**POLYNOMIAL, "lr_scheduler_kwargs": {"lr_end": 1e-3}}, "FT4106"),
        ("llama", "lora", {**POLYNOMIAL, "learning_rate": 1.1e-7}, None),
        ("llama", "lora", {**POLYNOMIAL, "learning_rate": 1e-7,
                           "lr_scheduler_kwargs": {"lr_end": 0.0}}, None),
        ("qwen2", "lora", {"shift_attn": True}, None),
        ("llama", "pt", DROPPED, "FT4108"),
        ("llama", "pt", {**DROPPED, "per_device_eval_batch_size": 4}, None),
        ("llama", "full", FROZEN, None),
        ("llava", "full", FROZEN, "FT4109"),
        ("llava", "freeze", FROZEN, "FT4109"),
        ("llava", "lora", FROZEN, "FT4109"),
        ("llava", "lora", {**FROZEN, "lora_target": "q_proj,v_proj"}, "FT4109"),
        ("llava", "lora", {**FROZEN, **PROJECTOR}, "FT4109"),
        ("llava", "lora", {**FROZEN, **TOWER}, None),
        ("llava", "lora", {"lora_target": "q_pro,v_proj"}, None),
        ("gemma3", "full", FROZEN, "FT4109"),
        ("gemma3", "dpo", FROZEN, "FT4109"),
        ("gemma3", "lora", {**FROZEN, **TOWER}, None),
        ("gemma3", "lora", PROJECTOR, None),
    ],
)  # fmt: skip
def test_a_run_is_said_to_end_just_where_it_does(
    built: Built,
    kind: str,
    base: str,
    change: dict[str, Any],
    code: str | None,
) -> None:
    if "group_by_length" in change and built.trainer.release == "0.9.5":  # transformers 5
        change = {"train_sampling_strategy": "group_by_length"}
    if built.trainer.release == "0.9.3" and (kind in VISION or change.keys() & NOT_IN_0_9_3):
        pytest.skip("0.9.3 asks each vision model for a processor, reads 1e-07 as text, and dies "
                    "of its model card where there was no evaluation")  # fmt: skip
    model = {"model_name_or_path": str(built.folder / CALLED[kind])}
    assert_ends_as_told(built.trainer, {**bases.base(base), **model, **change}, code)


def test_shift_attn_needs_an_older_transformers_than_any_here(built: Built) -> None:
    model = str(built.folder / CALLED["llama"])
    config = {**bases.base("lora"), "model_name_or_path": model, "shift_attn": True}
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    options = Options(target_of(built.trainer.release))
    said = lint(of_text("c.yaml", text), options).diagnostics
    assert [one.code for one in said if one.severity == "error"] == ["FT4107"]
    assert "transformers>=4.45.0,<4.48.0" in built.trainer.train(config).error


@pytest.mark.parametrize("kind", ["llama", "llava"])
def test_a_name_that_fits_nothing_is_ignored(built: Built, kind: str) -> None:
    if built.trainer.release == "0.9.3" and kind in VISION:
        pytest.skip("0.9.3 asks each vision model for a processor")
    config = {**bases.base("lora"), "model_name_or_path": str(built.folder / CALLED[kind]),
              "lora_target": "q_porj,v_proj"}  # fmt: skip
    assert errors_and_end(built.trainer, config, ["FT580"]) == (["FT580"], "")


@pytest.mark.parametrize("template", ["qwen", "chatml", "gemma"])
def test_the_stop_word_of_another_template_may_be_a_token_too_many(
    built: Built, template: str
) -> None:
    """The random model has no embedding to spare for it, as Llama 3 has none."""
    config = {**bases.base("lora"), "model_name_or_path": str(built.folder / CALLED["llama"]),
              "template": template}  # fmt: skip
    found, error = errors_and_end(built.trainer, config, ["FT577"])
    assert "IndexError" in error
    assert found == ["FT577"]
