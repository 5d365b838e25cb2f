"""Configs that belong together: what is told of two files, and that nothing else is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.calls import invoke

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = """model_name_or_path: meta-llama/Llama-3.1-8B-Instruct
stage: sft
do_train: true
finetuning_type: lora
dataset: tickets
template: llama3
output_dir: saves/llama/tickets
logging_steps: 10
per_device_train_batch_size: 1
learning_rate: 1.0e-4
"""
LATER = TRAIN.replace("llama/tickets", "llama/faq").replace("dataset: tickets", "dataset: faq")
DPO = LATER.replace("stage: sft", "stage: dpo") + "adapter_name_or_path: saves/llama/tickets\n"
EXPORT = """model_name_or_path: meta-llama/Llama-3.1-8B-Instruct
adapter_name_or_path: saves/llama/tickets
template: llama3
finetuning_type: lora
export_dir: merged/tickets
"""
OLD = 1_000_000_000
OURS = frozenset(["FT214", "FT594", "FT595", "FT650", "FT651", "FT652", "FT653", "FT656", "FT657",
                  "FT658", "FT659", "FT660", "FT661"])  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(project: Path, **files: str) -> None:
    """Write configs: `configs__a` is configs/a.yaml."""
    for name, text in files.items():
        path = project / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def told(path: str, *more: str) -> dict[str, str]:
    """Return what is said of a file by the rules of this page: key and message by code."""
    done = invoke("--isolated", "--no-cache", "--output-format", "jsonl", *more, path)
    found = [json.loads(line) for line in done.out.splitlines()]
    return {one["code"]: f"{one['key']}: {one['message']}" for one in found if one["code"] in OURS}


def test_two_runs_with_one_output_folder(project: Path) -> None:
    other = TRAIN.replace("dataset: tickets", "dataset: mails")
    write(project, a=TRAIN, b=other)
    for path, names in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        found = told(path)
        assert [*found] == ["FT650"]
        assert found["FT650"].startswith("output_dir: ")
        assert f"The run of `{names}` (with another `dataset`)" in found["FT650"]
    write(project, c=TRAIN.replace("sft", "pt"))
    assert "and 1 more" in told("a.yaml")["FT650"]


def test_another_try_of_one_run_is_advice(project: Path) -> None:
    write(project, a=TRAIN, b=TRAIN.replace("1.0e-4", "5.0e-5"))
    assert "another `learning_rate`" in told("a.yaml")["FT651"]
    assert [*told("b.yaml")] == ["FT651"]


@pytest.mark.parametrize("begun", ["saves/llama/tickets", "saves/llama/tickets/checkpoint-500/"])
def test_a_run_that_resumes_another_is_no_rival(project: Path, begun: str) -> None:
    more = f"resume_from_checkpoint: {begun}\nnum_train_epochs: 6\n"
    write(project, train=TRAIN, resume=TRAIN + more)
    assert [*told("train.yaml"), *told("resume.yaml")] == []
    write(project, resume=TRAIN + more.replace("tickets", "faq"))
    assert [*told("train.yaml"), *told("resume.yaml")] == ["FT651", "FT651"]


@pytest.mark.parametrize(
    "other",
    [
        TRAIN,
        TRAIN.replace("1.0e-4", "0.0001"),
        TRAIN.replace("size: 1", "size: 8") + "deepspeed: ds_z3_config.json\nbf16: true\n",
        TRAIN.replace("meta-llama/", "/data/models/") + "flash_attn: fa2\nreport_to: wandb\n",
        TRAIN.replace("do_train: true", "do_predict: true").replace("tickets\nt", "held\nt"),
        TRAIN.replace("dataset: tickets", "dataset: mails").replace("saves/llama", "saves/qwen"),
        TRAIN.replace("dataset: tickets", "dataset: mails").replace("saves/", "${HOME}/"),
        "services: {web: {image: nginx}}\noutput_dir: saves/llama/tickets\n",
    ],
)
def test_a_copy_for_another_machine_is_no_second_run(project: Path, other: str) -> None:
    write(project, a=TRAIN, b=other)
    assert told("a.yaml") == {}


def test_a_name_that_is_filled_in_is_no_folder(project: Path) -> None:
    text = TRAIN.replace("saves/llama/tickets", "placeholder")
    write(project, a=text, b=text.replace("dataset: tickets", "dataset: mails"))
    assert told("a.yaml") == {}


def test_files_of_one_project_meet_and_those_of_another_do_not(project: Path) -> None:
    other = TRAIN.replace("dataset: tickets", "dataset: mails")
    write(project, configs__sft__a=TRAIN, configs__more__b=other)
    assert "`../more/b.yaml`" in told("configs/sft/a.yaml")["FT650"]
    short = TRAIN.replace("saves/llama/tickets", "out/1")
    write(project, one__a=short, two__b=short.replace("dataset: tickets", "dataset: mails"))
    assert told("one/a.yaml") == {}  # started in folders of their own
    (project / "configs" / "sft" / ".git").mkdir()
    assert told("configs/sft/a.yaml") == {}


def test_an_example_that_nobody_runs_is_no_neighbour(project: Path) -> None:
    write(project, mine=TRAIN.replace("saves/llama/tickets", "saves/llama3-8b/lora/sft"))
    shipped = TRAIN.replace("saves/llama/tickets", "saves/llama3-8b/lora/sft")
    write(project, examples__train_lora__x=shipped.replace("tickets", "identity,alpaca_en_demo"))
    assert told("mine.yaml") == {}
    write(project, examples__train_lora__x=shipped.replace("tickets", "mails"))
    assert [*told("mine.yaml")] == ["FT650"]


def test_the_record_of_a_run_is_no_second_run(project: Path) -> None:
    record = TRAIN.replace("dataset: tickets", "dataset: mails")
    write(project, a=TRAIN, saves__llama__tickets__training_args=record)
    assert told("a.yaml") == {}
    assert told("saves/llama/tickets/training_args.yaml") == {}


def test_a_kept_result_falls_with_the_file_beside(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / ".cache"))
    write(project, a=TRAIN, b=TRAIN, c=LATER)
    for path in (*project.glob("*.yaml"), project):
        os.utime(path, (OLD, OLD))
    arguments = ("--isolated", "--output-format", "jsonl", ".")
    assert "FT650" not in invoke(*arguments).out
    with monkeypatch.context() as broken:
        broken.setattr("ftlint.engine.lint_bytes", None)  # so that kept results alone are told
        assert "FT650" not in invoke(*arguments).out
    write(project, b=TRAIN.replace("dataset: tickets", "dataset: mails"))
    assert invoke(*arguments).out.count('"code": "FT650"') == 2


@pytest.mark.parametrize(
    ("change", "code", "key"),
    [
        (("8B", "70B"), "FT656", "model_name_or_path"),
        (("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen2.5-7B"), "FT656", "model_name_or_path"),
        (("template: llama3", "template: qwen"), "FT657", "template"),
    ],
)
def test_an_export_unlike_its_training(
    project: Path, change: tuple[str, str], code: str, key: str
) -> None:
    write(project, train__sft=TRAIN, export__sft=EXPORT.replace(*change))
    found = told("export/sft.yaml")
    assert [*found] == [code]
    assert found[code].startswith(f"{key}: ")
    assert "`../train/sft.yaml`" in found[code]


@pytest.mark.parametrize(
    "change",
    [
        ("", ""),
        ("saves/llama/tickets", "saves/llama/tickets/checkpoint-500"),
        ("meta-llama/", "/data/models/"),
        ("meta-llama/Llama-3.1-8B-Instruct", "/data/llama"),
        ("Instruct", "Instruct-AWQ"),
        ("saves/llama/tickets", "saves/llama/other"),
        ("meta-llama/Llama-3.1-8B-Instruct", "${MODEL}"),
    ],
)
def test_an_export_that_fits_or_cannot_be_judged(project: Path, change: tuple[str, str]) -> None:
    write(project, train=TRAIN, export=EXPORT.replace(*change))
    assert told("export.yaml") == {}


@pytest.mark.parametrize(
    ("trained", "asked", "told_of"),
    [
        ("qwen", "chatml", []),
        ("qwen3", "qwen3_nothink", []),
        ("qwen", "of_a_fork", []),
        ("qwen", "llama3", ["FT657"]),
        ("mistral", "qwen", ["FT657"]),
    ],
)
def test_templates_are_told_apart_by_what_they_write(
    project: Path, trained: str, asked: str, told_of: list[str]
) -> None:
    write(
        project,
        train=TRAIN.replace("template: llama3", f"template: {trained}"),
        export=EXPORT.replace("template: llama3", f"template: {asked}"),
    )
    assert [*told("export.yaml")] == told_of


def test_one_training_that_fits_is_enough(project: Path) -> None:
    write(project, a=TRAIN.replace("8B", "70B"), export=EXPORT)
    assert [*told("export.yaml")] == ["FT656"]
    write(project, b=TRAIN)
    assert told("export.yaml") == {}


@pytest.mark.parametrize(
    "line", ["add_tokens: <a>,<b>", "add_special_tokens: <x>", "new_special_tokens_config: t.yaml"]
)
def test_tokens_of_the_training_are_needed_later(project: Path, line: str) -> None:
    write(project, train=f"{TRAIN}{line}\n", export=EXPORT, chat=f"{EXPORT[:-31]}\n{line}\n")
    key = line.partition(":")[0]
    assert f"`{line}`" in told("export.yaml")["FT658"]
    write(project, export=f"{EXPORT}{line}\n")
    assert told("export.yaml") == {}
    write(project, export=f"{EXPORT}{key}: other\n")
    assert told("export.yaml")["FT658"].startswith(f"{key}: ")


def test_rope_scaling_of_the_training_is_needed_later(project: Path) -> None:
    write(project, train=f"{TRAIN}rope_scaling: linear\n", export=EXPORT)
    assert [*told("export.yaml")] == ["FT659"]


def test_a_model_is_no_adapter(project: Path) -> None:
    full = TRAIN.replace("finetuning_type: lora", "finetuning_type: full")
    write(project, train=full, export=EXPORT)
    assert [*told("export.yaml")] == ["FT660"]
    whole = EXPORT.replace("adapter_name_or_path: saves/llama/tickets\n", "")
    whole = whole.replace("meta-llama/Llama-3.1-8B-Instruct", "saves/llama/tickets")
    write(project, export=whole)
    assert told("export.yaml") == {}
    write(project, train=TRAIN)
    assert [*told("export.yaml")] == ["FT660"]


def test_the_record_in_the_folder_tells_of_its_training(project: Path) -> None:
    write(project, export=EXPORT, saves__llama__tickets__training_args=TRAIN.replace("8B", "70B"))
    assert "saves/llama/tickets/training_args.yaml" in told("export.yaml")["FT656"]
    write(project, saves__llama__tickets__training_args=TRAIN, train=TRAIN.replace("8B", "70B"))
    assert told("export.yaml") == {}


def test_another_run_is_resumed_to_begin_a_stage(project: Path) -> None:
    resumed = f"{LATER}resume_from_checkpoint: saves/llama/tickets\n"
    write(project, one=TRAIN, two=resumed)
    found = told("two.yaml")
    assert [*found] == ["FT652"]
    assert "`one.yaml`" in found["FT652"]
    assert "`adapter_name_or_path`" in found["FT652"]
    write(project, two=resumed.replace("tickets\n", "tickets/checkpoint-9\n"))
    assert [*told("two.yaml")] == ["FT652"]
    write(project, two=resumed.replace("finetuning_type: lora", "finetuning_type: full"))
    assert "`model_name_or_path`" in told("two.yaml")["FT652"]


@pytest.mark.parametrize(
    "second",
    [
        TRAIN.replace("llama/tickets", "llama/longer") + "num_train_epochs: 9\n"
        "resume_from_checkpoint: saves/llama/tickets\n",
        TRAIN + "resume_from_checkpoint: saves/llama/tickets/checkpoint-9\n",
        LATER + "resume_from_checkpoint: saves/elsewhere\n",
        LATER + "resume_from_checkpoint: true\n",
    ],
)
def test_the_same_run_may_be_resumed(project: Path, second: str) -> None:
    write(project, one=TRAIN, two=second)
    assert "FT652" not in told("two.yaml")


def test_the_reference_of_preferences_is_the_base_model(project: Path) -> None:
    write(project, dpo=DPO)
    assert "`create_new_adapter: true`" in told("dpo.yaml")["FT653"]
    write(project, dpo=DPO.replace("stage: dpo", "stage: kto"))
    assert "`stage: kto`" in told("dpo.yaml")["FT653"]
    write(project, dpo=f"{DPO}quantization_bit: 4\n")
    assert "`ref_model_adapters`" in told("dpo.yaml")["FT653"]
    zero = "deepspeed: {zero_optimization: {stage: 3}}\ncreate_new_adapter: true\n"
    write(project, dpo=DPO + zero)
    assert "`ref_model_adapters`" in told("dpo.yaml")["FT653"]


@pytest.mark.parametrize(
    "change",
    [
        ("", "create_new_adapter: true\n"), ("", "ref_model: meta-llama/Llama-3.1-8B-Instruct\n"),
        ("", "pref_loss: orpo\n"), ("", "pref_loss: simpo\n"),
        ("saves/llama/tickets", "saves/llama/faq"), ("saves/llama/tickets", "saves/llama/dpo-1"),
        ("saves/llama/tickets", "saves/llama/sft,saves/llama/tickets"),
        ("stage: dpo", "stage: rm"), ("stage: dpo", "stage: sft"),
    ],
)  # fmt: skip
def test_a_reference_that_is_right(project: Path, change: tuple[str, str]) -> None:
    old, new = change
    write(project, dpo=DPO.replace(old, new) if old else DPO + new)
    assert "FT653" not in told("dpo.yaml")


def test_an_adapter_of_preferences_goes_on(project: Path) -> None:
    write(project, first=TRAIN.replace("stage: sft", "stage: dpo"), dpo=DPO)
    assert "FT653" not in told("dpo.yaml")


def test_nothing_is_trained_without_do_train(project: Path) -> None:
    untrained = TRAIN.replace("do_train: true\n", "")
    write(project, a=untrained)
    assert told("a.yaml")["FT214"].startswith("output_dir: ")
    plan = json.loads(invoke("steps", "--isolated", "--output-format", "json", "a.yaml").out)
    assert "do_train" in json.dumps(plan)
    assert "FT214" in json.dumps(plan)
    write(project, a=untrained + "do_train: false\n")
    assert told("a.yaml")["FT214"].startswith("do_train: ")
    write(project, a=untrained + "val_size: 0.1\neval_strategy: epoch\n")
    assert [*told("a.yaml")] == ["FT214"]
    for line in ("do_predict: true", "do_eval: true", "eval_strategy: epoch"):
        write(project, a=f"{untrained}{line}\n")
        assert told("a.yaml") == {}
    write(project, a=untrained.replace("dataset: tickets\n", ""))
    assert told("a.yaml") == {}


def test_a_run_that_saves_tokenized_rows_prepares_them(project: Path) -> None:
    write(project, a=TRAIN.replace("do_train: true\n", "") + "tokenized_path: rows\n")
    assert told("a.yaml") == {}
    done = invoke("steps", "--isolated", "--output-format", "json", "a.yaml")
    assert "FT214" not in done.out
    assert "do_train" in done.out + done.err
    (project / "rows").mkdir()
    (project / "rows" / "dataset_dict.json").write_text("{}", "utf-8")
    assert [*told("a.yaml")] == ["FT214", "FT594"]


def test_a_resumed_run_keeps_the_intervals_of_its_checkpoint(project: Path) -> None:
    state = {"global_step": 20, "save_steps": 20, "logging_steps": 5, "eval_steps": 500}
    folder = project / "saves" / "llama" / "tickets"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(json.dumps(state), "utf-8")
    lines = "resume_from_checkpoint: saves/llama/tickets\nsave_steps: 30\nmax_steps: 60\n"
    write(project, a=TRAIN.replace("logging_steps: 10", "logging_steps: 5") + lines)
    assert "`save_steps: 20`" in told("a.yaml")["FT595"]
    done = invoke("steps", "--isolated", "--output-format", "json", "--dataset-size", "500",
                  "a.yaml")  # fmt: skip
    (plan,) = json.loads(done.out)
    assert (plan["total_steps"], plan["checkpoints"], plan["logging_events"]) == (60, 3, 12)


def test_a_run_that_resumes_by_itself_keeps_them_too(project: Path) -> None:
    folder = project / "saves" / "llama" / "tickets" / "checkpoint-20"
    folder.mkdir(parents=True)
    state = {"global_step": 20, "save_steps": 500, "logging_steps": 5, "eval_steps": 500}
    (folder / "trainer_state.json").write_text(json.dumps(state), "utf-8")
    write(project, a=TRAIN)
    assert "FT595" not in told("a.yaml")  # what a folder holds here is not what it holds there
    assert "`logging_steps: 5`" in told("a.yaml", "--here")["FT595"]


def test_the_state_of_a_finished_run_tells_its_step(project: Path) -> None:
    folder = project / "saves" / "old"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text('{"global_step": 60}', "utf-8")
    write(project, a=f"{TRAIN}resume_from_checkpoint: saves/old\nmax_steps: 60\n")
    done = invoke("--isolated", "--no-cache", "--output-format", "json", "a.yaml")
    found = {one["code"]: one["message"] for one in json.loads(done.out)["diagnostics"]}
    assert "resumes at step 60" in found["FT626"]


def test_tokenized_rows_are_used_where_they_are(project: Path) -> None:
    write(project, a=f"{TRAIN}tokenized_path: rows\n")
    assert told("a.yaml") == {}
    (project / "rows").mkdir()
    assert told("a.yaml") == {}
    (project / "rows" / ".gitkeep").write_text("", "utf-8")
    assert "holds `.gitkeep` but no dataset" in told("a.yaml")["FT661"]
    for name in ("dataset_info.json", "state.json"):
        assert [*told("a.yaml")] == ["FT661"]
        (project / "rows" / name).write_text("{}", "utf-8")
    assert [*told("a.yaml")] == ["FT594"]


MERGED = TRAIN.replace("meta-llama/Llama-3.1-8B-Instruct", "merged/tickets").replace(
    "saves/llama/tickets", "saves/llama/second"
)


@pytest.mark.parametrize("template", ["llama3", "qwen"])
def test_a_merged_model_is_held_against_the_training_of_its_adapter(
    project: Path, template: str
) -> None:
    chat = f"model_name_or_path: merged/tickets\ntemplate: {template}\ninfer_backend: vllm\n"
    second = MERGED.replace("template: llama3", f"template: {template}")
    write(project, train=TRAIN, export=EXPORT, deploy__chat=chat, second=second)
    codes = {"FT657"} if template == "qwen" else set()
    assert told("deploy/chat.yaml").keys() == told("second.yaml").keys() == codes
    if codes:
        assert "`../train.yaml` trains with `template: llama3`" in told("deploy/chat.yaml")["FT657"]


def test_a_merged_model_says_nothing_of_a_template_that_its_training_had_none_of(
    project: Path,
) -> None:
    chat = "model_name_or_path: merged/tickets\ntemplate: qwen\ninfer_backend: vllm\n"
    write(project, export=EXPORT, chat=chat)  # nobody knows what it was trained with
    assert told("chat.yaml") == {}
    write(project, train=TRAIN.replace("stage: sft", "stage: pt"))
    assert told("chat.yaml") == {}


def test_a_merged_model_is_no_adapter(project: Path) -> None:
    chat = EXPORT.replace("saves/llama/tickets", "merged/tickets").replace(
        "export_dir: merged/tickets", "infer_backend: huggingface"
    )
    write(project, export=EXPORT, chat=chat)
    assert told("chat.yaml") == {
        "FT660": "adapter_name_or_path: `export.yaml` exports a whole model, not an adapter: name"
        " it in `model_name_or_path`."
    }


def test_a_model_that_another_config_exports_quantized_is_one(project: Path) -> None:
    plain = "model_name_or_path: merged/tickets\ntemplate: llama3\nexport_dir: merged/small\n"
    bits = "export_quantization_bit: 4\nexport_quantization_dataset: data/c4.jsonl\n"
    full = MERGED.replace("merged/tickets", "merged/small").replace("lora", "full")
    write(project, quantize=plain + bits, full=full)

    def codes() -> set[str]:
        done = invoke("--isolated", "--no-cache", "--output-format", "jsonl", "full.yaml")
        return {json.loads(line)["code"] for line in done.out.splitlines()}

    assert "FT4101" in codes()
    write(project, quantize=plain)
    assert "FT4101" not in codes()
