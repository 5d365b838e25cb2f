"""Epochs and rates against the table, ftlint's own and a project's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.facts.rules_of_thumb import BadBands, bands_of, load
from ftlint.project.request import CliOptions, UsageError
from ftlint.run.session import run
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from ftschemas import compiled
from tests.planning.helpers import HEAD, codes, found
from tests.stating import stating

if TYPE_CHECKING:
    from pathlib import Path

WATCHED = (
    "val_size: 0.1\neval_strategy: epoch\nsave_strategy: epoch\nload_best_model_at_end: true\n"
)
METHODS = {
    "lora": "finetuning_type: lora",
    "qlora": "finetuning_type: lora\nquantization_bit: 4",
    "full": "finetuning_type: full",
}


def verdict(
    samples: int, epochs: float, method: str = "lora", rate: str = "", more: str = ""
) -> str:
    usual = {"lora": "1.0e-4", "qlora": "2.0e-4", "full": "1.0e-5"}[method]
    text = HEAD.replace("finetuning_type: lora", METHODS[method])
    text += f"num_train_epochs: {epochs}\nlearning_rate: {rate or usual}\n{more}"
    given = stating(gpus=1, dataset_sizes=(("faq", samples),))
    return " ".join(code for code in codes(text, given) if code[:3] == "FT3")


@pytest.mark.parametrize(
    ("samples", "epochs", "method", "expected"),
    [
        # outside of both bands
        (3000, 10, "lora", "FT301"), (3000, 5.5, "lora", "FT301"), (3000, 1.5, "lora", "FT302"),
        (3000, 2.5, "lora", "FT307"),
        (25000, 8, "lora", "FT301"), (25000, 0.5, "lora", "FT302"), (25000, 0.5, "full", "FT302"),
        (500, 12, "lora", "FT301"), (500, 1, "lora", "FT302"), (500, 0.5, "full", "FT302"),
        # inside of one
        (3000, 3, "lora", ""), (3000, 5, "lora", ""), (3000, 5, "qlora", ""), (3000, 1, "full", ""),
        (3000, 3, "full", ""), (25000, 1, "lora", ""), (25000, 2, "lora", ""), (500, 5, "lora", ""),
        # above the lower maximum by more than is tolerated
        (3000, 4, "full", "FT301"), (25000, 4, "lora", ""), (25000, 5, "lora", "FT301"),
        (25000, 4, "full", "FT301"), (500, 8, "full", "FT301"),
        # few samples: more epochs pass, with an eye on evaluation
        (500, 8, "lora", "FT306"), (500, 10, "lora", "FT306"), (500, 10.5, "lora", "FT301"),
        # near a limit the milder band judges
        (1000, 8, "lora", "FT306"), (1000, 12, "lora", "FT301"), (9500, 2, "lora", ""),
        (8000, 2, "lora", "FT307"), (1200, 8, "lora", "FT301"),
    ],
)  # fmt: skip
def test_size_and_method_meet(samples: int, epochs: float, method: str, expected: str) -> None:
    assert verdict(samples, epochs, method) == expected


def test_one_epoch_is_too_few_only_at_a_low_rate() -> None:
    assert verdict(50000, 1, rate="5.0e-5") == ""
    assert verdict(50000, 1, rate="4.0e-5") == "FT302"
    assert verdict(50000, 2, rate="2.0e-5") == ""
    assert verdict(50000, 1, "full", rate="1.0e-6") == ""


def test_a_trial_and_a_run_that_goes_on_are_not_judged() -> None:
    for epochs in (0.5, 2, 8, 10):
        assert verdict(5000, epochs, more="max_samples: 3\n") == ""
    assert verdict(5000, 100, more="max_samples: 3\n") == "FT301"  # outside every band
    assert verdict(5000, 0.5, more="adapter_name_or_path: saves/before\n") == ""
    text = HEAD + "max_steps: 100\nper_device_train_batch_size: 16\n"
    assert "FT301" not in codes(text, stating(dataset_sizes=(("faq", 64),)))
    assert "FT301" in codes(text.replace("100", "101"), stating(dataset_sizes=(("faq", 64),)))


def test_a_rate_far_off_is_said_once() -> None:
    assert verdict(50000, 1, rate="5.0e-6") == "FT303"
    assert verdict(3000, 1, rate="5.0e-6") == "FT302 FT303"
    for rate, said in (("5.0e-6", "20 times below"), ("2.0e-3", "20 times")):
        (finding,) = found(HEAD + f"learning_rate: {rate}\n")
        assert f"`learning_rate: {rate}` is {said} the usual 1.0e-4 for" in finding.message


def test_an_evaluated_run_may_be_long() -> None:
    assert verdict(3000, 10, more=WATCHED) == ""
    assert verdict(500, 8, more=WATCHED) == ""
    for key in ("eval_strategy", "evaluation_strategy"):
        assert verdict(3000, 2, more=f"val_size: 0.1\n{key}: epoch\n") == ""
    assert verdict(3000, 2, more="val_size: 0.1\n") == "FT307"
    assert verdict(3000, 10, more="val_size: 0.1\neval_strategy: epoch\n") == "FT301"


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ("", "`val_size: 0.1`, `eval_strategy: epoch`, `save_strategy: epoch`, "),
        ("val_size: 0.2\neval_strategy: epoch\nsave_strategy: epoch\n", ""),
        ("val_size: 0.2\neval_strategy: steps\neval_steps: 50\n", ""),
        ("val_size: 0.2\neval_strategy: steps\neval_steps: 70\n", "`save_steps: 70`, "),
        ("eval_dataset: other\neval_strategy: steps\nsave_strategy: epoch\n",
         "`save_strategy: steps`, "),
    ],
)  # fmt: skip
def test_only_the_keys_that_are_missing_are_asked_for(more: str, keys: str) -> None:
    text = HEAD + "num_train_epochs: 10\n" + more
    (finding,) = found(text, stating(dataset_sizes=(("faq", 3000),)))
    assert finding.message.endswith(
        f"stop early with {keys}`load_best_model_at_end: true`, `early_stopping_steps: 2`."
    )


@pytest.mark.parametrize("stage", ["dpo", "kto", "rm", "pt"])
def test_other_stages_are_not_judged_by_the_table_of_sft(stage: str) -> None:
    text = (
        HEAD.replace("stage: sft", f"stage: {stage}")
        + "num_train_epochs: 20\nlearning_rate: 5e-2\n"
    )
    assert [c for c in codes(text, stating(dataset_sizes=(("faq", 3000),))) if c[:3] == "FT3"] == []


@pytest.mark.parametrize("method", ["freeze", "oft"])
def test_methods_without_a_band_are_not_judged(method: str) -> None:
    text = HEAD.replace("lora", method) + "num_train_epochs: 30\nlearning_rate: 5e-2\n"
    assert [c for c in codes(text, stating(dataset_sizes=(("faq", 3000),))) if c[:3] == "FT3"] == []


def test_epochs_really_run_are_judged_under_max_steps() -> None:
    text = HEAD + "max_steps: 5000\nper_device_train_batch_size: 8\nlearning_rate: 1.0e-4\n"
    (one,) = [f for f in found(text, stating(dataset_sizes=(("faq", 1000),))) if f.code == "FT301"]
    assert "`max_steps: 5000` on one GPU (40 epochs of 1,000 samples)" in one.message
    assert "`max_steps: 625` or fewer" in one.message
    short = text.replace("5000", "50")
    assert "FT302" not in codes(short, stating(dataset_sizes=(("faq", 1000),)))


@pytest.mark.parametrize(
    ("method", "rate", "off"),
    [
        ("lora", "1.0e-4", False), ("lora", "1.0e-5", False), ("lora", "9.0e-6", True),
        ("lora", "1.0e-3", False), ("lora", "2.0e-3", True), ("full", "2.0e-4", True),
        ("full", "1.0e-4", False), ("full", "5.0e-7", True), ("qlora", "1.9e-5", True),
    ],
)  # fmt: skip
def test_rates_off_by_more_than_ten(method: str, rate: str, off: bool) -> None:
    text = HEAD.replace("finetuning_type: lora", METHODS[method]) + f"learning_rate: {rate}\n"
    assert ("FT303" in codes(text)) == off


def test_low_rates_of_runs_that_go_on_and_of_other_parts_are_not_judged() -> None:
    low = HEAD + "learning_rate: 5.0e-6\n"
    assert "FT303" in codes(low)
    assert "FT303" not in codes(low + "adapter_name_or_path: saves/before\n")
    assert "FT303" in codes(low.replace("5.0e-6", "5.0e-3") + "adapter_name_or_path: saves/a\n")
    vision = HEAD.replace("lora", "full") + "learning_rate: 2.0e-4\n"
    assert "FT303" in codes(vision)
    assert "FT303" not in codes(vision + "freeze_language_model: true\n")


def test_optimizers_with_rates_of_their_own_are_not_judged() -> None:
    text = HEAD.replace("lora", "full") + "learning_rate: 1.0e-2\nuse_galore: true\n"
    assert "FT303" not in codes(text)


def test_few_tiny_steps_and_unknown_launches_are_left_alone() -> None:
    tiny = HEAD + "per_device_train_batch_size: 1\nlearning_rate: 1.0e-4\n"
    sizes = (("faq", 10000),)
    assert "FT304" in codes(tiny, stating(gpus=1, dataset_sizes=sizes))
    assert "FT304" not in codes(tiny, stating(gpus=8, dataset_sizes=sizes))
    assert "FT304" not in codes(tiny, stating(gpus=1, dataset_sizes=(("faq", 5000),)))
    deepspeed = tiny + "deepspeed: {zero_optimization: {stage: 2}}\n"
    assert "FT304" in codes(tiny, stating(dataset_sizes=sizes))
    assert "FT304" not in codes(deepspeed, stating(dataset_sizes=sizes))
    layerwise = tiny.replace("lora", "full") + "use_galore: true\ngalore_layerwise: true\n"
    assert "FT304" not in codes(layerwise, stating(gpus=1, dataset_sizes=sizes))


def test_samples_never_reached() -> None:
    short = HEAD + "max_steps: 200  # a trial\nper_device_train_batch_size: 4\n"
    assert "FT305" in codes(short, stating(gpus=1, dataset_sizes=(("faq", 50000),)))
    assert "FT305" not in codes(short, stating(dataset_sizes=(("faq", 10000),)))  # 8 GPUs: 6,400
    smoke = short.replace("200", "20")
    assert "FT305" not in codes(smoke, stating(gpus=1, dataset_sizes=(("faq", 50000),)))
    limited = short + "max_samples: 1000\n"
    assert "FT305" not in codes(limited, stating(gpus=1, dataset_sizes=(("faq", 50000),)))


TABLE = """
stages:
  sft:
    sizes: [{epochs: [1, 2]}]
    methods: {lora: {epochs: [1, 2], learning_rate: 1.0e-3}}
    rate: {factor: 2, low: 0.5}
  dpo:
    sizes: [{epochs: [1, 1]}]
    methods: {lora: {epochs: [1, 1]}}
"""


def lint(folder: Path, config: str, table: str) -> list[str]:
    (folder / "house.yaml").write_text(table, encoding="utf-8")
    (folder / "ftlint.toml").write_text('bands = "house.yaml"\n', encoding="utf-8")
    (folder / "config.yaml").write_text(config + "bf16: true\n", encoding="utf-8")
    report, _ = run(CliOptions((str(folder / "config.yaml"),)), bytes, lambda done, total: None)
    return [one.code for result in report.results for one in result.diagnostics]


def test_a_project_may_bring_its_own_table(tmp_path: Path) -> None:
    size = "# ftlint: dataset-size=3000\n"
    assert lint(tmp_path, HEAD + "num_train_epochs: 3\nlearning_rate: 1.0e-3\n" + size, TABLE) == [
        "FT301"
    ]
    assert lint(tmp_path, HEAD + "num_train_epochs: 2\nlearning_rate: 1.0e-4\n" + size, TABLE) == [
        "FT303"
    ]
    dpo = HEAD.replace("stage: sft", "stage: dpo") + "num_train_epochs: 2\n" + size
    assert lint(tmp_path, dpo, TABLE) == ["FT301"]
    assert lint(tmp_path, dpo, "stages: {}\n") == []


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("[", "not readable"),
        ("stages: {grpo: {}}", "stages: should be one of pt, sft"),
        ("stages: {sft: {sizes: [{below: 10, epochs: [1, 2]}]}}", "only the last"),
        ("stages: {sft: {sizes: [{epochs: [1, 2]}, {epochs: [1, 2]}]}}", "only the last"),
        (TABLE.replace("[{", "[" + 2 * "{below: 9, epochs: [1, 2]}, " + "{"), "must rise"),
        ("stages: {sft: {sizes: [{epochs: [3, 2]}]}}", "no span"),
        ("stages: {sft: {methods: {lora: {}}}}", "epochs"),
    ],
)  # fmt: skip
def test_a_bad_table_is_refused_with_its_reason(tmp_path: Path, table: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as refused:
        lint(tmp_path, HEAD, table)
    assert "house.yaml" in str(refused.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadBands, match=r"nowhere\.yaml"):
        load(str(tmp_path / "nowhere.yaml"), Disk(project_of(str(tmp_path))))


def test_the_guides_table_is_compiled_in() -> None:
    bands = bands_of(compiled.POLICY, "sft")
    assert bands is not None
    assert [(band.above, band.below, *band.epochs) for band in bands.sizes] == [
        (0, 1000, 5, 8), (1000, 10000, 3, 5), (10000, None, 2, 3),
    ]  # fmt: skip
    assert {name: (*band.epochs, band.learning_rate) for name, band in bands.methods.items()} == {
        "lora": (3, 5, 1e-4), "qlora": (3, 4, 2e-4), "full": (1, 2, 1e-5),
    }  # fmt: skip
