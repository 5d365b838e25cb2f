"""What the alias table writes is taken by the real parser, which refused what was there before."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle import environments
from tests.oracle.bases import base
from tests.oracle.called import target_of
from tests.oracle.client import Case, Judge
from tests.oracle.generate import scalar
from tests.stating import stating

from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftschemas import compiled

pytestmark = pytest.mark.oracle

VALUES: dict[str, Any] = {
    "float": 0.5, "int": 2, "bool": True, "text": "words", "list": ["words"], "map": {},
}  # fmt: skip
FITTING: dict[str, Any] = {
    "deepspeed": "ds.json", "lr_scheduler_kwargs": {}, "model_name_or_path": "tiny", "debug": "",
    "image_max_pixels": 262144, "video_max_pixels": 65536, "optim": "adamw_torch",
    "load_best_model_at_end": False, "neat_packing": False, "dataloader_prefetch_factor": None,
    "adapter_name_or_path": "adapter", "dataset": "alpaca", "eval_dataset": "held_out",
    "dataset_dir": "data", "resume_from_checkpoint": "ran/checkpoint-1", "report_to": "none",
    "fsdp_config": {}, "accelerator_config": {}, "lora_target": "all",
}  # fmt: skip
"""Values that the fixture bears, where any word would be refused for what it is."""


def value_for(to: str) -> Any:
    """Return a value that the right key takes."""
    if to in FITTING:
        return FITTING[to]
    kinds, choices = compiled.KEYS[to][-1][4:6]
    if choices:
        return next(one for one in choices if one is not None)
    return next(value for kind, value in VALUES.items() if kind in kinds)


def safe_aliases() -> dict[str, Any]:
    """Return a value for each alias that a safe fix acts on."""
    found: dict[str, Any] = {}
    for name, entries in compiled.ALIASES.items():
        for number, alias in enumerate(entries):
            if alias["safe"] and alias.get("to") is not None:
                written = alias["if"] if "if" in alias else value_for(alias["to"])
                if "entry" in alias and "if" not in alias:
                    written = 2 if alias["entry"] == "min_num_params" else "words"
                if alias.get("transform") == "gigabytes":
                    written = "5GB"
                if alias.get("transform") == "negate":
                    written = False
                found[f"{name} {number}"] = {name: written}
    return found


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_what_a_safe_alias_writes_is_taken(release: str) -> None:
    options = Options(target_of(release), stating())
    cases: list[Case] = []
    after: list[Case] = []
    for name, change in safe_aliases().items():
        config = {key: value for key, value in base("lora").items() if key not in change}
        meant = {one.get("to") for one in compiled.ALIASES[next(iter(change))]}
        config = {key: value for key, value in config.items() if key not in meant}
        text = "".join(f"{key}: {scalar(value)}\n" for key, value in {**config, **change}.items())
        source = of_text("config.yaml", text)
        fixed = fix(source, options)
        if not any(one.key in change for one in fixed.applied):
            continue  # the right key is not this release's or this command's
        cases.append(Case(name, text=text))
        after.append(Case(name, text=fixed.source.text))
    assert len(cases) > 150
    with Judge(release) as judge:
        before, now = judge.judge(cases), judge.judge(after)
    assert [one.id for one in before if not one.refused] == []
    assert {one.id: one.error for one in now if one.refused} == {}
