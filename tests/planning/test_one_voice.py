"""What `ftlint steps` refuses is a finding of `ftlint`, in the same words, and the other way round.

`python -m tests.planning.test_one_voice COUNT SEED` tries as many configs as it is told.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from ftlint.api import plan as plan_run
from ftlint.engine import lint
from ftlint.loading import Config, load_text
from ftlint.project.options import Options
from ftlint.steps import NoPlan
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.oracle.generate import generate
from tests.searches import tries
from tests.shared import CORPUS
from tests.stating import stating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftlint.facts.context import Context

RELEASES = ("0.9.5", "0.9.4", "0.9.3", "0.9.1")

STARTS = frozenset(["FT202", "FT203", "FT606", "FT607", "FT611"])
"""Errors of runs that take steps before they die, or that end well having done something else."""

MAY_START = frozenset(["FT006", "FT008", "FT105"])
"""Errors of a value that some keys survive for some steps."""

NOT_COUNTED = frozenset(["save_total_limit", "logging_steps", "save_steps", "eval_steps"])
"""Keys of which a value may be none to count with although nothing is known to refuse it.

There is no plan and no code then: nothing is refused.
"""


def trains_elsewhere(context: Context) -> bool:
    """Return whether a config without do_train is to evaluate, prepares data or is a part of one.

    A part has no model, no data, or neither an output folder nor a setting of training.
    """
    config, values = context.instance.config, context.instance.effective
    evaluates = config.get("do_eval") or values.get("do_predict") or config.get("tokenized_path")
    whole = all(map(config.get, ("model_name_or_path", "dataset")))
    started = "output_dir" in config and "do_train" not in config
    return bool(evaluates or not whole or not (started or any(map(config.get, OF_TRAINING))))


OF_TRAINING = (
    *("learning_rate", "num_train_epochs", "max_steps", "per_device_train_batch_size"),
    "gradient_accumulation_steps",
)

BASE = {
    "model_name_or_path": "Qwen/Qwen2.5-0.5B", "stage": "sft", "do_train": "true",
    "finetuning_type": "lora", "dataset": "faq", "template": "qwen", "output_dir": "o",
}  # fmt: skip

VALUES = {
    "stage": ("pt", "dpo", "rm", "ppo", "kto"),
    "do_train": ("true", "1", "'False'"),
    "dataset": ("faq,chat", "[faq, chat]", "", "1", "faq,faq"),
    "eval_dataset": ("held", "held,other"),
    "val_size": ("0.1", "0.9999", "1", "1.0", "20", "100000", "-1", "0", "'0.1'"),
    "max_samples": ("1", "5", "0", "-1", "'5'", "1.5", "1.0e+5"),
    "streaming": ("true",),
    "tokenized_path": ("t",),
    "mix_strategy": ("interleave_under", "interleave_over", "interleave_once", "mixed"),
    "interleave_probs": ("0.5,0.5", "[0.3, 0.7]", "0.5,0.6", "0,1", "a,b", "1"),
    "seed": ("-1", "7", "a"),
    "packing": ("true",),
    "neat_packing": ("true",),
    "per_device_train_batch_size": ("1", "3", "64", "0", "-2", "'4'", "2.0", "${B}"),
    "per_device_eval_batch_size": ("1", "64", "0"),
    "gradient_accumulation_steps": ("1", "8", "1000", "0", "2.5"),
    "num_train_epochs": ("1", "0", "-1", "1.0e+308", "0.001", "a", "1000"),
    "max_steps": ("1", "5", "0", "100", "5.0", "'5'", "-5"),
    "dataloader_drop_last": ("true",),
    "dataloader_num_workers": ("0", "1", "4", "-1", "100"),
    "warmup_ratio": ("0.1", "1.5", "-0.1"),
    "warmup_steps": ("10", "0.1", "-1", "a"),
    "logging_strategy": ("steps", "epoch", "'no'", "no", "sometimes"),
    "logging_steps": ("10", "0", "0.1", "1.0e-300", "1.5", "a"),
    "eval_strategy": ("steps", "epoch", "no", "'no'"),
    "eval_steps": ("10", "0", "0.01", "1.5", "'5'"),
    "save_strategy": ("epoch", "best", "'no'"),
    "save_steps": ("10", "0", "0.01", "1.5", "a"),
    "save_total_limit": ("1", "a", "1.5"),
    "eval_on_start": ("true",),
    "eval_on_each_dataset": ("true",),
    "metric_for_best_model": ("eval_loss", "eval_faq_loss", "nothing"),
    "load_best_model_at_end": ("true",),
    "early_stopping_steps": ("1", "'2'"),
    "accelerator_config": ("{split_batches: true}", "{split_batches: true, even_batches: false}",
                           "'{'", "{gradient_accumulation_kwargs: {num_steps: 3}}"),
    "parallelism_config": ("{tp_size: 2}", "{sp_size: 3}"),
    "cutoff_len": ("1024", "0", "'1024'"),
    "preprocessing_batch_size": ("10", "a"),
    "preprocessing_num_workers": ("2", "0", "a"),
    "ppo_buffer_size": ("2", "0"),
    "auto_find_batch_size": ("true",),
    "finetuning_type": ("full", "qlora"),
    "learnig_rate": ("1",),
    "deepspeed": ("{train_micro_batch_size_per_gpu: 2, zero_optimization: {stage: 2}}",),
    "report_to": ("none", "null"),
}  # fmt: skip


TOO_FEW = {
    "val_size": ("3", "100", "1", "0.99", "1.0"),
    "max_samples": ("1", "2"),
    "dataloader_drop_last": ("true",),
    "per_device_train_batch_size": ("2", "3", "64"),
    "gradient_accumulation_steps": ("8", "1000"),
    "max_steps": ("3", "5"),
    "logging_steps": ("0.1", "10"),
    "accelerator_config": ("{split_batches: true}",),
    "parallelism_config": ("{tp_size: 2}", "{sp_size: 3}"),
    "packing": ("true",),
    "num_train_epochs": ("1", "1.0e+308"),
}  # fmt: skip
"""Values that every release takes, and of which together nothing may come."""


def about_steps(rng: random.Random) -> str:
    """Write a config of keys that the number of steps rests on, some of them wrong."""
    written = dict(BASE)
    few = rng.random() < 0.5
    values = TOO_FEW if few else VALUES
    for key in rng.sample(sorted(values), rng.choice([1, 1, 2, 3, 5, 8])):
        written[key] = rng.choice(values[key])
    if not few and rng.random() < 0.1:
        del written[rng.choice(sorted(BASE))]
    lines = [f"{key}: {value}" for key, value in written.items()]
    if rng.random() < 0.1:
        lines[-1] += "  # ftlint: ignore"
    return "\n".join(lines) + "\n"


def configs(count: int, seed: int) -> Iterator[tuple[str, Options]]:
    """Yield configs with what is known of their launch and data: a half of them about steps."""
    rng = random.Random(seed)
    drawn = {name: generate(name, seed, count) for name in RELEASES[:3]}
    for number in range(count):
        release = rng.choice(RELEASES)
        if number % 2 and release in drawn:
            text = next(one.text for one in drawn[release] if one.command == "train")
        else:
            text = about_steps(rng)
        rows = rng.choice([(), (), (("", 3),), (("", 100),), (("faq", 1), ("chat", 30))])
        given = stating(gpus=rng.choice([None, None, 1, 3, 8]), dataset_sizes=rows)
        yield text, Options(resolve_target(release), given)


def differs(text: str, options: Options) -> str | None:
    """Return in what the two commands differ about a config, if they do."""
    source = of_text("c.yaml", text)
    result = lint(source, options)
    config = load_text(source, options)
    if not isinstance(config, Config) or config.command != "train":
        return None
    suppressed = {one.line for one in config.directives.suppressions}
    said = {(one.code, one.message) for one in result.diagnostics}
    errors = {(one.code, one.message) for one in result.diagnostics if one.severity == "error"}
    found = plan_run(config)
    refused = {(one.code, one.reason) for one in found.refused}
    if isinstance(found.plan, NoPlan):
        if not refused:
            known = found.plan.key in NOT_COUNTED or (
                found.plan.key == "do_train" and trains_elsewhere(config.context)
            )
            return None if known else f"refused without a code: {found.plan.reason}"
        if (found.plan.code, found.plan.reason) not in refused:
            return f"another reason: {found.plan}"
        if refused - said and not suppressed:
            return f"only steps refuses: {refused - said}"
        noted = set()
    else:
        noted = {(c, m) for c, m in errors if f"{c} {m}" in found.plan.assumptions}
        if {c for c, _ in noted} - STARTS - MAY_START:
            return f"planned in spite of {noted}"
    left = {one for one in errors - refused - noted if one[0] not in STARTS | MAY_START}
    return f"only lint refuses: {left}" if left else None


def differences(count: int, seed: int) -> Iterator[tuple[str, str]]:
    for text, options in configs(count, seed):
        told = differs(text, options)
        if told is not None:
            yield told, f"# {options.target.llamafactory} {options.given[:3]}\n{text}"


@pytest.mark.search
@pytest.mark.parametrize("seed", [1, 2])
def test_lint_and_steps_say_one_thing(seed: int) -> None:
    assert list(differences(tries(25), seed)) == []


@pytest.mark.shared
@pytest.mark.skipif(not CORPUS.exists(), reason="no published configs")
def test_of_published_configs_as_well() -> None:
    found = []
    for path in sorted((CORPUS / "files").glob("*.yaml")):
        text = path.read_text("utf-8", errors="replace")
        for release in RELEASES[:3]:
            told = differs(text, Options(resolve_target(release), stating(gpus=8)))
            if told is not None:
                found.append((path.name, release, told))
    assert found == []


def test_the_configs_are_of_all_kinds() -> None:
    """That nothing differs would prove little where nothing is refused."""
    kinds: Counter[str] = Counter()
    for text, options in configs(300, 3):
        config = load_text(of_text("c.yaml", text), options)
        if not isinstance(config, Config) or config.command != "train":
            kinds["other"] += 1
            continue
        plan = plan_run(config).plan
        kinds["planned" if not isinstance(plan, NoPlan) else str(plan.code)[:3]] += 1
        kinds["arithmetic"] += isinstance(plan, NoPlan) and plan.code == "FT204"
    assert min(kinds[kind] for kind in ("planned", "FT1", "FT4")) > 20, kinds
    assert kinds["arithmetic"] > 5, kinds


if __name__ == "__main__":
    many, start = int(sys.argv[1]), int(sys.argv[2])
    kinds = Counter(told.partition(":")[0] for told, _ in differences(many, start))
    print(f"{many} configs, seed {start}: {sum(kinds.values())} differences {dict(kinds)}")
    for told, text in differences(many, start):
        print(f"--- {told}\n{text}")
