"""Configs that belong together: what is said of them, and what the real program makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from . import environments, sequence
from .called import run_ftlint

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

TRAIN: dict[str, Any] = {
    "model_name_or_path": "tiny", "stage": "sft", "do_train": True, "finetuning_type": "lora",
    "dataset": "alpaca", "template": "empty", "logging_steps": 1, "learning_rate": 0.1,
    "per_device_train_batch_size": 4, "cutoff_len": 64, "max_steps": 4,
}  # fmt: skip
DPO = {**TRAIN, "stage": "dpo", "dataset": "pairs", "learning_rate": 1e-4, "max_steps": 2}
KTO = {**DPO, "stage": "kto", "dataset": "labelled"}
EXPORT = {"model_name_or_path": "tiny", "template": "empty", "finetuning_type": "lora"}
ADDED = {"add_tokens": "<a>,<b>"}
UNTRAINED = {key: value for key, value in TRAIN.items() if key != "do_train"}
ROUNDING = 1e-6
CODES = frozenset(["FT214", "FT594", "FT650", "FT651", *(f"FT{code}" for code in range(652, 661))])


class Case(NamedTuple):
    """A config, and the codes of what is said of it among the others."""

    config: dict[str, Any]
    said: frozenset[str] = frozenset()
    command: str = "train"


def train(config: dict[str, Any], output: str, *said: str, **more: object) -> Case:
    return Case({**config, "output_dir": f"saves/x/{output}", **more}, frozenset(said))


def export(begun: str, output: str, *said: str, **more: object) -> Case:
    adapter = {"adapter_name_or_path": f"saves/x/{begun}"} if begun else {}
    config = {**EXPORT, **adapter, "export_dir": output, **more}
    return Case(config, frozenset(said), "export")


ONE = {"adapter_name_or_path": "saves/x/one"}
CASES = {
    "nothing": train(UNTRAINED, "nothing", "FT214"),
    "one": train(TRAIN, "one", save_steps=2),
    "resumed": train(TRAIN, "resumed", "FT652", dataset="alpaca_b",
                     resume_from_checkpoint="saves/x/one"),
    "begun": train(TRAIN, "begun", **ONE, dataset="alpaca_b"),
    "longer": train(TRAIN, "longer", resume_from_checkpoint="saves/x/one/checkpoint-4",
                    max_steps=10, save_steps=3),
    "dpo": train(DPO, "dpo", "FT653", **ONE),
    "dpo-new": train(DPO, "dpo-new", **ONE, create_new_adapter=True),
    "dpo-ref": train(DPO, "dpo-ref", **ONE, ref_model="tiny", ref_model_adapters="saves/x/one"),
    "kto": train(KTO, "kto", "FT653", **ONE),
    "kto-new": train(KTO, "kto-new", **ONE, create_new_adapter=True),
    "tokens": train(TRAIN, "tokens", **ADDED),
    "merged": export("one", "merged"),
    "merged-without": export("tokens", "without", "FT658"),
    "merged-with": export("tokens", "with", **ADDED),
    "next-without": train(TRAIN, "next", "FT658", adapter_name_or_path="saves/x/tokens"),
    "large": export("one", "large-1", "FT656", model_name_or_path="Qwen/large-7b"),
    "adapter-as-model": export("", "m", "FT660", model_name_or_path="saves/x/one"),
    "full": train(TRAIN, "full", finetuning_type="full"),
    "full-as-adapter": export("full", "f", "FT660"),
    "merged-as-adapter": Case({**EXPORT, "adapter_name_or_path": "merged", "export_dir": "twice"},
                              frozenset(["FT660"]), "export"),
    "rows": train(TRAIN, "rows", tokenized_path="rows"),
    "rows-again": train(TRAIN, "again", tokenized_path="rows", dataset="not_there"),
    "prepared": train(UNTRAINED, "prepared", tokenized_path="early"),
    "prepared-used": train(TRAIN, "used", tokenized_path="early", dataset="not_there"),
}  # fmt: skip


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_what_is_said_of_files_that_belong_together_is_so(release: str, tmp_path: Path) -> None:
    asked = {name: (case.command, dict(case.config)) for name, case in CASES.items()}
    asked["large"][1]["model_name_or_path"] = "large"
    seen = sequence.run(release, tmp_path, asked)

    configs = tmp_path / "configs"
    configs.mkdir()
    for name, case in CASES.items():
        config = {**case.config}
        if config["model_name_or_path"] == "tiny":
            config["model_name_or_path"] = "Qwen/tiny-1b"
        (configs / f"{name}.json").write_text(json.dumps(config), "utf-8")
    said = {}
    for name in CASES:
        told = json.loads(run_ftlint(configs, release, [f"{name}.json"]))
        said[name] = {one["code"] for one in told["diagnostics"]} & CODES
    assert said == {name: case.said for name, case in CASES.items()}

    crashed = {name for name, one in seen.items() if one.error}
    assert crashed == {
        name for name, case in CASES.items() if case.said & {"FT656", "FT658", "FT660"}
    }
    assert (seen["nothing"].steps, seen["nothing"].weights) == (None, None)
    # the steps of the other run are done: none is left, or one where that ended within an epoch
    assert seen["resumed"].losses <= seen["one"].losses + 1
    assert seen["begun"].weights not in (seen["one"].weights, None)
    assert seen["longer"].saves == [6, 8, 10]  # every 2, not every 3
    assert all(seen[name].margin == 0 for name in ("dpo-new", "kto-new"))
    # the reference has the adapter merged into its weights, which are rounded
    assert abs(seen["dpo-ref"].margin or 0) < ROUNDING
    assert all(abs(seen[name].margin or 0) > 1e-4 for name in ("dpo", "kto"))
    assert seen["rows-again"].weights == seen["rows"].weights
    assert (seen["prepared"].steps, seen["prepared"].weights) == (None, None)
    assert seen["prepared-used"].weights == seen["rows"].weights
