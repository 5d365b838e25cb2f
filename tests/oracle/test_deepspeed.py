"""DeepSpeed configs have an error just where transformers, accelerate or DeepSpeed raise one."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle.bases import base
from tests.oracle.called import target_of
from tests.oracle.client import Process
from tests.oracle.environments import RELEASES
from tests.stating import stating

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.support.messages import show
from ftlint.syntax.source import of_text

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

MANY = 600
STEPS = 40

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "per_device_train_batch_size": (1, 2, 4),
    "gradient_accumulation_steps": (1, 8),
    "learning_rate": (1.0e-5, 5.0e-5),
    "weight_decay": (0.0, 0.1),
    "adam_beta2": (0.999, 0.95),
    "adam_epsilon": (1.0e-8, 1.0e-6),
    "max_grad_norm": (1.0, 0.5, 1),
    "warmup_steps": (2, 10),
    "bf16": (True, False),
}
SOUND: dict[str, tuple[object, ...]] = {
    "gradient_accumulation_steps": ("auto",),
    "train_batch_size": ("auto",),
    "gradient_clipping": ("auto",),
    "bf16": ({"enabled": "auto"}, {}),
    "fp16": ({"enabled": "auto"}, {"enabled": False, "loss_scale": 0}, {"enabled": 0}),
    "steps_per_print": (10,),
    "wall_clock_breakdown": (False,),
    "comms_logger": ({"enabled": False}, {"verbose": "no"}),
    "tensorboard": ({"enabled": False, "output_path": "x"},),
    "unheard_of": (1, {"a": "b"}),
    "zero_optimization.stage": (0, 1, 2, 3, "2", 2.0, "auto"),
    "zero_optimization.overlap_comm": (True, "True", 1, None),
    "zero_optimization.contiguous_gradients": (True, "yes"),
    "zero_optimization.reduce_bucket_size": ("auto", 500_000_000, 5e8, "500"),
    "zero_optimization.sub_group_size": (1e9,),
    "zero_optimization.stage3_prefetch_bucket_size": ("auto", 100),
    "zero_optimization.stage3_gather_16bit_weights_on_model_save": (True, "auto"),
    "zero_optimization.offload_optimizer": (
        {"device": "none"}, {"device": "auto"}, {"device": "cpu", "pin_memory": True},
    ),
    "zero_optimization.offload_param": ({"device": "none"},),
    "optimizer": ({"type": "AdamW", "params": {"lr": "auto", "betas": "auto"}},),
    "optimizer.params.eps": ("auto",),
    "optimizer.params.weight_decay": ("auto",),
    "scheduler": (
        {"type": "WarmupLR", "params": {"warmup_max_lr": "auto"}},
        {"type": "WarmupDecayLR", "params": {"total_num_steps": "auto"}},
        {"type": "WarmupCosineLR", "params": {"total_num_steps": STEPS}},
    ),
    "scheduler.params.warmup_num_steps": ("auto",),
}  # fmt: skip
"""Parts of a DeepSpeed config that are right, by their path."""
ODD: dict[str, tuple[object, ...]] = {
    "train_micro_batch_size_per_gpu": (1, 2, 4, "2", None, 2.0),
    "gradient_accumulation_steps": (8, "8", 1, 8.0, None),
    "train_batch_size": (8, 16, 32, "16", 64.0),
    "gradient_clipping": (1.0, 1, 0.5, "1.0", True),
    "bf16": ({"enabled": True}, {"enabled": False}, {"enabled": "true"}),
    "wall_clock_breakdown": ("auto",),
    "comms_logger": ({"enabled": False, "prof": 1}, {"verbose": "maybe"}),
    "tensorboard": ({"enabeld": False},),
    "zero_optimization.stage": (5, -1, "two"),
    "zero_optimization.overlap_comm": ("auto", "maybe", 2),
    "zero_optimization.contiguous_gradients": ([], None),
    "zero_optimization.reduce_bucket_size": ("5e8", {}, "many", None),
    "zero_optimization.sub_group_size": (-1, None),
    "zero_optimization.stage3_prefetch_bucket_size": ("x",),
    "zero_optimization.stage3_gather_16bit_weights_on_model_save": ("perhaps",),
    "zero_optimization.overlap_com": (True,),
    "zero_optimization.offload_optimizer": (
        {"device": "gpu"}, {"pin_memory": "auto"}, {"device": "cpu", "pin_mem": True},
        {"device": "cpu", "buffer_count": "four"},
    ),
    "zero_optimization.offload_param": ({"device": "disk"}, {"device": "none", "ratio": 1}),
    "optimizer.type": ("AdamW",),
    "optimizer.params.lr": (1.0e-5, 5.0e-5, "1e-5"),
    "optimizer.params.betas": ([0.9, 0.999], [0.9, 0.95], "0.9,0.999"),
    "optimizer.params.eps": (1e-8, "1e-8"),
    "optimizer.params.weight_decay": (0.0, 0, 0.1, False),
    "optimizer.params.amsgrad": (False, "auto"),
    "scheduler.type": ("WarmupLR", "WarmupDecayLR", "WarmupCosineLR", "WarmupDecayLr"),
    "scheduler.params.warmup_min_lr": ("auto", 0),
    "scheduler.params.warmup_max_lr": (1.0e-5, 5.0e-5, "5e-5"),
    "scheduler.params.warmup_num_steps": (2, 10, "10"),
    "scheduler.params.total_num_steps": (STEPS, 50, str(STEPS)),
    "scheduler.params.warmup_type": ("linear", "auto"),
}  # fmt: skip
"""Parts that are wrong, or only right for some training arguments."""


def _put(content: dict[str, Any], path: str, value: object) -> None:
    """Write a value at a dotted path, where the mapping that it belongs to is there."""
    *above, name = path.split(".")
    for part in above:
        content = content.get(part, {})
    content[name] = value


def _drawn(
    draw: random.Random, table: dict[str, tuple[object, ...]], most: float
) -> dict[str, Any]:
    return {name: draw.choice(some) for name, some in table.items() if draw.random() < most}


def cases(seed: int) -> Iterator[dict[str, Any]]:
    """Yield DeepSpeed configs with training arguments, each with none, one or two odd parts."""
    draw = random.Random(seed)
    for _ in range(MANY):
        content: dict[str, Any] = {"train_micro_batch_size_per_gpu": "auto"}
        if draw.random() < 0.97:
            content["zero_optimization"] = {}
        for path, value in _drawn(draw, SOUND, 0.4).items():
            _put(content, path, copy.deepcopy(value))
        for path in draw.sample(sorted(ODD), draw.choice((0, 0, 1, 1, 2))):
            _put(content, path, copy.deepcopy(draw.choice(ODD[path])))
        arguments = _drawn(draw, ARGUMENTS, 0.6)
        arguments = {"learning_rate": 1.0e-5, "warmup_steps": 2, **arguments}
        yield {
            "deepspeed": content,
            "arguments": arguments,
            "world_size": draw.choice((1, 2)),
            "steps": STEPS,
        }


class Judge(Process):
    script = "deepspeed_runner.py"


def _errors(case: dict[str, Any], options: Options) -> list[str]:
    config = {**base("full"), **case["arguments"], "max_steps": case["steps"]}
    text = json.dumps(case["deepspeed"])  # in text, since YAML has other floats
    config["deepspeed"] = "'" + text.replace("'", "''") + "'"
    lines = "".join(
        f"{key}: {value if isinstance(value, str) else show(value)}\n"
        for key, value in config.items()
    )
    given = stating(case["world_size"], 1)
    found = lint(of_text("config.yaml", lines), options._replace(given=given))
    return [f"{one.code} {one.message}" for one in found.diagnostics if one.severity == "error"]


@pytest.mark.parametrize("release", RELEASES)
def test_an_error_just_where_the_run_ends(release: str) -> None:
    options = Options(target_of(release), stating())
    wrong: list[object] = []
    verdicts = {True: 0, False: 0}
    with Judge(release, extras=True) as judge:
        for case in cases(int(release.replace(".", ""))):
            answer, errors = judge.ask(case, 30), _errors(case, options)
            verdicts[bool(answer["error"])] += 1
            if bool(answer["error"]) != bool(errors):
                wrong.append((answer, errors, case))
    assert min(verdicts.values()) > MANY / 5
    assert wrong == []
