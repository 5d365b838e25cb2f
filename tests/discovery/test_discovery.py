"""LLaMA Factory's files are told from all others by their keys, whole or broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ftlint.engine import lint_bytes
from ftlint.project.options import Options
from ftlint.target.classify import command_of, names_in, placeholder_in
from ftlint.target.releases import KNOWN, resolve_target
from tests.shared import CORPUS

FOREIGN = sorted((Path(__file__).parent / "foreign").iterdir())
OPTIONS = Options(resolve_target())
BREAKS = [b"\n: [\n", b"\n\tx: [", b"\n<<<<<<< HEAD\n", b"\n\x07", b"\nlone line\n"]
"""Endings that no YAML file survives."""


def command(name: str, data: bytes, options: Options = OPTIONS) -> str | None:
    return lint_bytes(name, data, options).command


def manifest() -> list[tuple[str, str]]:
    """Return file and command of the corpus; its manifest names where a file lay, not its use."""
    commands = {"train": "train", "export": "export", "infer": "chat", "eval": "train"}
    lines = (CORPUS / "manifest.jsonl").read_text("utf-8").splitlines()
    files = [(one["file"], commands[one["kind"]]) for one in map(json.loads, lines)]
    return [(name, "train" if name == "0273.yaml" else kind) for name, kind in files]


@pytest.mark.shared
def test_every_corpus_file_gets_its_command() -> None:
    files = manifest()
    assert len(files) == 308
    found = {name: command(name, (CORPUS / "files" / name).read_bytes()) for name, _ in files}
    assert found == dict(files)


@pytest.mark.shared
@pytest.mark.parametrize("ending", BREAKS)
def test_every_corpus_file_keeps_its_command_when_it_is_broken(ending: bytes) -> None:
    for name, kind in manifest():
        data = (CORPUS / "files" / name).read_bytes() + ending
        result = lint_bytes(name, data, OPTIONS)
        assert (name, result.command) == (name, kind)
        assert any(one.severity == "error" for one in result.diagnostics)


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.name)
def test_files_of_other_tools_stay_silent(path: Path) -> None:
    data = path.read_bytes()
    for version in KNOWN:
        result = lint_bytes(str(path), data, Options(resolve_target(version)))
        assert (result.command, result.diagnostics) == (None, ())


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.name)
def test_files_of_other_tools_stay_silent_when_they_are_broken(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for cut in range(len(lines) + 1):
        for ending in (b"", *BREAKS):
            assert command(str(path), b"".join(lines[:cut]) + ending) is None


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ("model_name_or_path stage do_train finetuning_type dataset template output_dir", "train"),
        ("model_name_or_path template", "chat"),
        ("model_name_or_path adapter_name_or_path template finetuning_type", "chat"),
        ("model_name_or_path template infer_backend trust_remote_code", "chat"),
        ("model_name_or_path adapter_name_or_path template export_dir export_size", "export"),
        ("model_name_or_path template export_dir do_train dataset output_dir", "train"),
        ("model_name_or_path template task lang n_shot batch_size", "eval"),
        ("model_name_or_path template stage do_predict eval_dataset output_dir", "train"),
        ("stage finetuning_type dataset template cutoff_len output_dir learning_rate", "train"),
        ("model model_class init_config peft_config train_dataset output_dir", "v1"),
        ("model train_dataset micro_batch_size global_batch_size", "v1"),
        ("model dist_config optim_config learning_rate", "v1"),
        ("model_name_or_path", None),
        ("stage template", None),
        ("model_name_or_path output_dir learning_rate num_train_epochs", None),
        ("model peft_config_x train_dataset", None),
        ("", None),
    ],
)
def test_the_command_follows_from_the_keys(names: str, wanted: str | None) -> None:
    assert command_of(names.split()) == wanted


V1 = b"""\
model: Qwen/Qwen2.5-0.5B
model_class: llm
kernel_config: {name: auto}
peft_config: {name: lora, r: 8}
dist_config: null
train_dataset: data/demo.yaml
output_dir: out
micro_batch_size: 1
"""


def test_the_v1_family_is_judged_by_its_own_keys() -> None:
    result = lint_bytes("v1.yaml", V1 + b"no_such_key: 1\nlearning_rate: fast\n", OPTIONS)
    assert result.command == "v1"
    assert [(one.code, one.severity, one.key) for one in result.diagnostics] == [
        ("FT146", "error", "no_such_key")
    ]


def test_names_come_from_the_top_level_of_a_broken_text() -> None:
    text = """\
# head
a: 1
"b": 2
'c' : [x,
  y: 3
d:
  nested: 4
  - item: 5
e: &anchor
  deep: 6
f: |  # text
  stage: in a text
- g: 7
  h: 8
i: !!map
    j: 9
k: {l: 1
  m: 2
n:o
p:\t1
"""
    assert names_in(text) == ["a", "b", "c", "y", "d", "e", "f", "i", "k", "m", "p"]
    for line_end in ("\r\n", "\r"):
        assert names_in(text.replace("\n", line_end)) == names_in(text)
    assert names_in("\ufeff" + text) == names_in(text)


def test_names_of_an_indented_text_are_its_own() -> None:
    assert names_in("  a: 1\n  b:\n    c: 2\n  d: [\n") == ["a", "b", "d"]


def test_names_come_from_a_broken_json_text() -> None:
    assert names_in('{"stage": "sft", \'template\' : 1, "x y": 2, "n": {"dataset": 3') == [
        "stage", "template", "n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "gap"),
    [
        ("{{MODEL}}", "{{MODEL}}"),
        ("saves/{{ run }}/x", "{{ run }}"),
        ("{{}}", "{{}}"),
        ("${MODEL}", "${MODEL}"),
        ("${oc.env:HOME}/x", "${oc.env:HOME}"),
        ("$MODEL_PATH/x", "$MODEL_PATH"),
        ("<your_model_path>", "<your_model_path>"),
        ("__MODEL__", "__MODEL__"),
        ("saves/__RUN_ID__/x", "__RUN_ID__"),
        ("%MODEL%", "%MODEL%"),
        ("Qwen/Qwen2.5-0.5B", None),
        ("a {b} c", None),
        ("<image>text", None),
        ("<a> <b>", None),
        ("<|im_end|>", None),
        ("__init__", None),
        ("price $5, $x and $", None),
        ("50%", None),
        ("100% of 50%", None),
        ("{{unclosed", None),
        ("${unclosed", None),
        ("", None),
        (None, None),
        (3.5, None),
        (["{{X}}"], None),
    ],
)
def test_gaps_of_templates_are_told_from_values(value: object, gap: str | None) -> None:
    assert placeholder_in(value) == gap
