"""Files that somebody names: configs are judged however misspelt, other tools' files never."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ftlint.loading import look
from tests.cli.calls import invoke
from tests.discovery.named import NAMED, blocked, kind, slipped
from tests.shared import CORPUS

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-0.5B
stage: sft
do_train: true
finetuning_type: lora
dataset: faq
template: qwen
output_dir: saves/faq
learning_rate: 1.0e-4
"""

MISSPELT = {
    "another-tools-key": "model_name_or_path: m\nstage: sft\ndo_train: true\ndatasets: faq\n",
    "half-a-key": "model_name_or_path: m\nfinetuning: lora\ndataset: faq\noutput_dir: o\n",
    "short": "model_name_or_path: m\ntemplte: qwen\n",
    "one-key": "finetuning_type: lora\n",
    "one-slip": "finetunning_type: lora\n",
    "no-model": "stage: sft\ndo_train: true\nlearnig_rate: 1.0e-4\n",
    "no-model-nor-stage": "dataset: faq\ntemplate: qwen\nlearnig_rate: 1\n",
    "one-word-and-a-slip": "dataset: faq\nlogging_stps: 10\nseeed: 1\n",
    "two-words": "stage: sft\ndataset: faq\nnum_epoch: 3\n",
    "template-alone": "templte: qwen\n",
    "length-alone": "cutof_len: 2048\n",
    "dashes": "model-name-or-path: m\nfinetuning-type: lora\n",
    "capital": "Model_name_or_path: m\nStage: sft\nDataset: faq\n",
    "model": CONFIG.replace("model_name_or_path", "model_name").replace("stage", "stge"),
    "pasted-dtype": CONFIG.replace("stage: sft\n", "torch_dtype: bfloat16\nmodel_type: qwen2\n"),
    "pasted-zero": CONFIG + "zero_optimization: {stage: 2}\ntrain_batch_size: 8\n",
    "a-fork": CONFIG + "".join(f"fork_key_{n}: {n}\n" for n in range(40)),
    "chat": "model_name_or_path: m\nadapter_name_or_pth: a\ntemplate: qwen\ninfer_backnd: vllm\n",
    "export": "model_name_or_path: m\ntemplate: qwen\nexport_dr: out\nexport_sise: 5\n",
    "broken": CONFIG.replace("stage", "stge").replace("do_train", "do_trian") + "x: [\n",
    "json": json.dumps({"model_name_or_path": "m", "finetunig_type": "lora", "datasets": "faq"}),
}  # fmt: skip

OTHERS = {
    "compose.yaml": "services:\n  web: {image: nginx}\n",
    "stack.yml": "version: '3'\nvolumes: {db: {}}\nnetworks: {front: {}}\n",
    "ci.yaml": "name: ci\non: [push]\njobs:\n  test: {runs-on: linux, steps: [{run: make}]}\n",
    "circle.yml": "version: 2.1\njobs: {build: {docker: [{image: python}]}}\n",
    ".gitlab-ci.yml": "stages: [test]\ntest: {stage: test, script: [make]}\n",
    "gitlab.yml": "image: python\nstages: [a]\nvariables: {A: 1}\njob:\n  script: [make]\n",
    "azure.yml": "trigger: [main]\npool: {vmImage: ubuntu-latest}\nsteps: [{script: make}]\n",
    "deploy.yaml": "apiVersion: apps/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {}}\n",
    "values.yaml": "replicaCount: 1\nimage: {tag: a}\nservice: {port: 80}\nresources: {}\n",
    "chart.yaml": "{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
    "stack.json": '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}',
    "play.yml": "- hosts: all\n  tasks: []\n",
    "sky.yaml": "resources: {accelerators: H100}\nsetup: pip install .\nrun: train\n",
    "accelerate.yaml": "compute_environment: LOCAL_MACHINE\ndistributed_type: FSDP\n"
                       "mixed_precision: bf16\nnum_processes: 8\nuse_cpu: false\n",
    "ds.json": '{"train_batch_size": "auto", "bf16": {"enabled": true}, "zero_optimization": {}}',
    "ds_zero0.json": '{"train_micro_batch_size_per_gpu": 1, "steps_per_print": 10, "fp16": {}}',
    "dataset_info.json": '{"dataset": {"file_name": "a.json"}, "template": {"hf_hub_url": "a/b"}}',
    "more_info.json": '{"identity": {"file_name": "identity.json"}}',
    "rows.json": '[{"instruction": "stage: sft", "input": "", "output": ""}]',
    "row.json": '{"instruction": "a", "output": "b", "history": []}',
    "turns.json": '{"messages": [{"role": "user", "content": "hi"}], "tools": "[]"}',
    "package.json": '{"name": "a", "version": "1.0.0", "scripts": {"test": "x"}}',
    "tsconfig.json": '{"compilerOptions": {"strict": true}, "include": ["src"]}',
    "lock.json": '{"lockfileVersion": 3, "packages": {}}',
    "env.yaml": "name: train\nchannels: [conda-forge]\ndependencies: [python=3.11]\n",
    "mkdocs.yml": "site_name: a\nnav: []\ntheme: {name: material}\n",
    "hooks.yaml": "repos:\n- repo: local\n  hooks: []\n",
    "dependabot.yml": "version: 2\nupdates: []\n",
    "openapi.yaml": "openapi: 3.0.0\ninfo: {title: a}\npaths: {}\n",
    "schema.json": '{"$schema": "x", "type": "object", "properties": {"stage": {}}}',
    "axolotl.yaml": "base_model: m\ndatasets: [{path: a, type: alpaca}]\nadapter: lora\nlora_r: 8\n"
                    "lora_alpha: 16\nsequence_len: 2048\noutput_dir: o\nlearning_rate: 1e-4\n",
    "trl.yaml": "model_name_or_path: m\ndataset_name: a/b\nuse_peft: true\nlora_r: 8\npacking: 1\n"
                "learning_rate: 1e-4\nnum_train_epochs: 1\noutput_dir: o\n",
    "glue.json": '{"model_name_or_path": "m", "train_file": "a.csv", "do_train": true}',
    "verl.yaml": "data: {train_batch_size: 8}\nactor_rollout_ref: {}\ntrainer: {}\nalgorithm: {}\n",
    "tune.yaml": "output_dir: o\ntokenizer:\n  _component_: x\nmodel:\n  _component_: y\nseed: 1\n",
    "swift.yaml": "model: m\ntrain_type: lora\ndataset: [a]\nlora_rank: 8\nlearning_rate: 1e-4\n"
                  "output_dir: o\nmax_length: 2048\n",
    "unsloth.yaml": "model_name: m\nmax_seq_length: 2048\nload_in_4bit: true\nlora_alpha: 16\n"
                    "per_device_train_batch_size: 2\nlearning_rate: 2e-4\npacking: false\n",
    "nemo.yaml": "trainer: {devices: 8}\nmodel: {data: {}}\nseed: 1\n",
    "hydra.yaml": "defaults: [_self_]\nseed: 1\nstage: train\noutput_dir: o\n",
    "task.yaml": "task: mine\ndataset_path: a/b\noutput_type: generate_until\ndoc_to_text: q\n",
    "sweep.yaml": "program: train.py\nmethod: grid\nparameters: {learning_rate: {values: [1]}}\n",
    "config.json": '{"architectures": ["A"], "model_type": "qwen2", "rope_scaling": null}',
    "generation_config.json": '{"do_sample": true, "temperature": 0.7, "eos_token_id": 1}',
    "tokenizer_config.json": '{"tokenizer_class": "A", "split_special_tokens": false}',
    "adapter_config.json": '{"peft_type": "LORA", "lora_alpha": 16, "use_dora": false}',
    "trainer_state.json": '{"log_history": [], "global_step": 8, "max_steps": 8, "eval_steps": 5}',
    "all_results.json": '{"epoch": 1.0, "train_loss": 0.5, "train_runtime": 9.0}',
    "results.json": '{"runs": [{"config": {"finetuning_type": "lora", "stage": "sft"}}]}',
    "run.sh": "cat > c.yaml <<EOF\nmodel_name_or_path: m\nstage: sft\ntemplate: t\nEOF\n",
    "sampling.yaml": "temperature: 0.7\ntop_p: 0.9\nmax_new_tokens: 512\nrepetition_penalty: 1.1\n",
    "params.yaml": "seed: 1\nlearning_rate: 0.1\nn_estimators: 100\nmax_depth: 3\n",
    "app.yaml": "debug: true\nport: 8000\nlog_level: info\nproject: shop\n",
    "env.yml": "STAGE: prod\nDATASET: x\nTEMPLATE: y\n",
    "i18n.json": '{"stage": "Bühne", "welcome": "Willkommen", "dataset": "Daten"}',
    "dvc_params.yaml": "stage: train\ndataset: cifar\nepochs: 3\nhidden: 8\n",
    "site.yaml": "template: page\ntitle: a\nlang: en\n",
    "deploy_stage.yaml": "stage: prod\nregion: eu\nreplicas: 2\n",
    "loader.yaml": "dataset: coco\nmodel: resnet\nnum_workers: 4\n",
    "sets.yaml": "datasets: [a]\nmodels: [b]\nseed: 1\n",
    "list.yaml": "- stage: sft\n- template: qwen\n",
    "text.yaml": "just words\n",
    "empty.yaml": "",
}  # fmt: skip


@pytest.mark.parametrize("name", MISSPELT)
def test_a_named_config_is_judged_however_it_is_misspelt(name: str, tmp_path: Path) -> None:
    path = tmp_path / ("c.json" if name == "json" else "c.yaml")
    path.write_text(MISSPELT[name], encoding="utf-8")
    found = blocked(path)
    assert found is not None
    assert found.status == 1
    assert any(said.startswith(("FT1", "FT0", "FT4")) for said in found.said)


@pytest.mark.parametrize("name", OTHERS)
def test_a_named_file_of_another_tool_blocks_no_commit(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(OTHERS[name], encoding="utf-8")
    assert blocked(path) is None
    assert kind(path, path.read_bytes()).command is None


@pytest.mark.parametrize("name", OTHERS)
def test_a_broken_file_of_another_tool_blocks_none_either(name: str, tmp_path: Path) -> None:
    for ending in ("\n: [\n", "\n<<<<<<< HEAD\n", "\n\tx: [", '{"'):
        (tmp_path / name).write_text(OTHERS[name] + ending, encoding="utf-8")
        assert blocked(tmp_path / name) is None


@pytest.mark.shared
def test_every_published_config_is_judged_when_it_is_named_also_with_a_slip_in_every_key() -> None:
    names = sorted((CORPUS / "files").iterdir())
    assert len(names) == 308
    for seed, path in enumerate(names):
        data = path.read_bytes()
        wrong = slipped(data, seed)
        assert wrong != data
        assert kind(path, data).command is not None, path
        assert kind(path, wrong).command is not None, (path, wrong)


def test_a_folder_judges_what_is_plainly_a_config_whatever_else_it_has() -> None:
    plain = CONFIG + "services: {}\njobs: {}\ndatasets: faq\ntorch_dtype: bfloat16\n"
    unnamed = NAMED._replace(named=False)
    assert look("c.yaml", plain.encode(), unnamed).command == "train"
    for name in ("one-key", "half-a-key", "short"):
        assert look("c.yaml", MISSPELT[name].encode(), unnamed).command is None


def test_what_is_passed_over_is_one_line_on_standard_error_unless_its_shape_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yaml").write_text(OTHERS["app.yaml"], encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(OTHERS["compose.yaml"], encoding="utf-8")
    done = invoke("--isolated", "app.yaml", "compose.yaml")
    assert (done.status, done.out) == (0, "No LLaMA Factory config found, 2 other files skipped.\n")
    assert done.err.startswith("ftlint: app.yaml: skipped: ")
    assert done.err.count("\n") == 1
    assert invoke("--isolated", ".").err == ""
    forced = invoke("--isolated", "app.yaml", "--command", "train", "--output-format", "concise")
    assert forced.status == 1
    assert "port" in forced.out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n",
         "a Git LFS pointer"),
        ("", "an empty file"),
        ("\ufeff\n \n", "an empty file"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["data.json", "c.yaml"])
def test_what_holds_nothing_of_its_own_is_told_without_advice(
    name: str, text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = invoke("--isolated", name)
    assert (done.status, done.err) == (0, f"ftlint: {name}: skipped: {says}\n")
    shown = invoke("--isolated", "--show-files", name)
    assert shown.out == f"{name}: skipped: {says}\n"


@pytest.mark.parametrize("command", ["train", "export", "chat", "api", "eval", "v1"])
def test_a_command_is_what_named_files_are_judged_as(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(OTHERS["compose.yaml"], encoding="utf-8")
    word = {"chat": "chat or api", "api": "chat or api"}.get(command, command)
    shown = invoke("--isolated", "--show-files", "--command", command, "c.yaml", "compose.yaml")
    assert shown.out == f"c.yaml: checked as {word}\ncompose.yaml: checked as {word}\n"
    folder = invoke("--isolated", "--show-files", "--command", command, ".")
    judged, passed = folder.out.splitlines()
    assert judged == f"c.yaml: checked as {word}"
    assert passed == "compose.yaml: skipped: a Docker Compose file"
    told = invoke("--isolated", "--command", command, ".", "--output-format", "json")
    files = json.loads(told.out)["files"]
    assert (files["checked"], files["skipped"]) == (1, 1)
    other = command in ("chat", "api", "export", "eval")
    assert ('"FT104"' in told.out) == other  # output_dir is train's


def test_show_files_lists_and_lints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG + "no_such_key: 1\n", encoding="utf-8")
    (tmp_path / "slip.yaml").write_text(MISSPELT["half-a-key"], encoding="utf-8")
    done = invoke("--isolated", "--show-files", "c.yaml", "slip.yaml", "gone.yaml")
    assert done.status == 2
    assert set(done.out.splitlines()) == {
        "c.yaml: checked as train", "slip.yaml: checked as train",
        "gone.yaml: not read: no such file or folder",
    }  # fmt: skip
    folder = invoke("--isolated", "--show-files", ".")
    assert folder.status == 0
    assert "slip.yaml: skipped: too few LLaMA Factory keys" in folder.out


@pytest.mark.parametrize(
    "text",
    [
        "top.model_name: Qwen2.5-7B\ntop.template: qwen\ntrain.dataset: [faq]\n",
        "cache_dir: null\nhub_name: huggingface\nlang: en\nlast_model: Q\npath_dict: {Q: /m}\n",
    ],
)
def test_settings_of_llama_board_are_told_for_what_they_are(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "llamaboard_config.yaml").write_text(text, encoding="utf-8")
    done = invoke("--isolated", "llamaboard_config.yaml")
    assert done.status == 0
    assert "skipped: settings of LLaMA Board" in done.err
    assert invoke("--isolated", ".").err == ""
