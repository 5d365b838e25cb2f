"""Paths that are not there, or begin with ~: told of just where the run dies of one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from probe import keys_of

from . import bases, environments
from .beside import assert_ends_as_told, errors_and_end
from .client import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

LOOKED_FOR = ("FT121", "FT713")
SETTINGS = {"fsdp": "full_shard"}


@pytest.fixture(scope="module", params=list(environments.RELEASES))
def trainer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trainer]:
    """A trainer whose home holds all that the fixture's folder does."""
    home = tmp_path_factory.mktemp("home")
    (home / "settings.json").write_text("{}", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        with Trainer(request.param) as one:
            shutil.copytree(one.fixture, home, dirs_exist_ok=True)
            yield one


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model_name_or_path": "~/tiny"}, "FT120"),
        ({"model_name_or_path": "./tiny"}, None),
        ({"model_name_or_path": "./tiny-no"}, "FT121"),
        ({"model_name_or_path": "models/of/ours"}, "FT121"),
        ({"adapter_name_or_path": "~/ran/checkpoint-1"}, "FT120"),
        ({"adapter_name_or_path": "./ran/checkpoint-1"}, None),
        ({"adapter_name_or_path": "ran/checkpoint-1/no"}, "FT121"),
        ({"dataset_dir": "~/data"}, "FT120"),
        ({"dataset_dir": "./data"}, None),
        ({"dataset_dir": "dta"}, "FT713"),
        ({"resume_from_checkpoint": "~/ran/checkpoint-1"}, "FT120"),
        ({"resume_from_checkpoint": "checkpoint-no"}, "FT121"),
        ({**SETTINGS, "fsdp_config": "~/settings.json"}, "FT120"),
        ({**SETTINGS, "fsdp_config": "no.json"}, "FT121"),
        ({"accelerator_config": "~/settings.json"}, "FT120"),
        ({"accelerator_config": "no.json"}, "FT121"),
        ({"deepspeed": "no/ds.json"}, "FT121"),
        ({"new_special_tokens_config": "tokens.yaml"}, None),
        ({"new_special_tokens_config": "~/tokens.yaml"}, "FT120"),
        ({"new_special_tokens_config": "no.yaml"}, "FT121"),
        ({"output_dir": "~/out"}, None),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_path_is_told_of_just_where_the_run_dies_of_it(
    trainer: Trainer, change: dict[str, object], code: str | None
) -> None:
    if not change.keys() <= keys_of(trainer.release).keys():
        return  # another release's key, which FT101 tells
    config = {**bases.base("lora"), **change}
    assert_ends_as_told(trainer, config, code, LOOKED_FOR)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"alpaca": {"hf_hub_url": "hub/alpaca"}}, None),
        ({"alpaca": {"file_name": "data/alpaca.json"}}, "FT704"),
        ({"chats": {"hf_hub_url": "hub/alpaca"}}, "FT701"),
        ({"alpaca": "data/alpaca.json"}, "FT702"),
    ],
    ids=["hub", "file", "other", "text"],
)
def test_a_table_in_dataset_dir_defines_what_needs_no_folder(
    trainer: Trainer, table: dict[str, object], code: str | None
) -> None:
    """Which 0.9.3 does not take at all."""
    found, error = errors_and_end(trainer, {**bases.base("lora"), "dataset_dir": table})
    if trainer.release == "0.9.3":
        code = "FT105"
    assert bool(error) == bool(code), error
    assert code is None or code in found
    assert code is not None or not found
