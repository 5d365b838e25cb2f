"""Inputs with a form: configs of real keys and odd values, and mutations of given ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ftschemas import compiled

if TYPE_CHECKING:
    import random

ROOT = Path(__file__).resolve().parents[2]
KEYS = sorted(compiled.KEYS)
USUAL = """model_name_or_path stage do_train finetuning_type dataset template output_dir max_steps
    num_train_epochs learning_rate per_device_train_batch_size eval_strategy save_steps val_size
    quantization_bit deepspeed dataset_dir warmup_ratio lr_scheduler_type report_to logging_steps
    eval_steps gradient_accumulation_steps max_samples warmup_steps packing""".split()
VALUES = """true false null ~ 1 0 -1 1e-4 1.5 'no' no yes [1,2] [] {} {a: 1} '' x auto all full lora
    sft dpo 2024-01-01 .nan .inf -.inf 010 1:30 9999999999999999999 [b,[c]] "1" {{X}} ${X} <x>
    *a &a !!str [null] {x: {y: [1]}} 1e400 | > ? - : [ { ' " None a,b ,, 1_000 +1 steps qlora
    -3.0e+307 0.5 1e18 7 64
    epoch 한 😀 "\\0" "\\e[31m"
    ../../etc /dev/zero a#b a:b &a &b ${ !!binary !!set "\\ud800" """.split()
LINES = """# c|  # c|---|...|<<: *a|a: &a {b: 1}|  - x|- y|? k|: v|  z: 1|# ftlint: ignore[FT1]|
    # ftlint: gpus=8, dataset-size=5|<<<<<<< HEAD|>>>>>>> b|	|%YAML 1.1|'q': 1|::error::x"""
LINES_OF_ALL_KINDS = LINES.split("|")
PIECES = [b"\n", b"\r\n", b"\t", b": ", b" #", b"- ", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x85",
          b"\x1b[31m", b"\0", b"&a ", b"*a", b"<<: ", b"[", b"]", b"{", b"}", b"'", b'"', b"|\n",
          b"\\", b"\xff", b"!!x ", b"9" * 40, b"0x", b"1e", b"${", b"{{", b"::"]  # fmt: skip


def config(r: random.Random) -> bytes:
    """Return a config, mostly of real keys."""
    lines = ["model_name_or_path: m", "template: qwen", "stage: sft", "do_train: true"]
    lines = [line for line in lines if r.random() < 0.9]
    for _ in range(r.randrange(12)):
        key = r.choice(USUAL if r.random() < 0.6 else KEYS)
        if r.random() < 0.1:
            place = r.randrange(len(key))
            key = key[:place] + key[place + 1 :]
        comment = r.choice(["", "", "", "  # why", " #", "  # ftlint: ignore[FT2]"])
        lines.append(f"{key}: {r.choice(VALUES)}{comment}")
        if r.random() < 0.15:
            lines.append(r.choice(LINES_OF_ALL_KINDS).strip("\n"))
    if r.random() < 0.1:
        text = json.dumps({line.partition(":")[0]: line.partition(":")[2] for line in lines})
    else:
        text = r.choice(["\n", "\n", "\n", "\r\n"]).join(lines) + r.choice(["\n", "", "\n\n"])
    return text.encode("utf-8", "surrogatepass")


def mutated(r: random.Random, data: bytes) -> bytes:
    """Return `data` with bytes, pieces and lines changed, dropped, repeated and moved."""
    for _ in range(r.randrange(1, 5)):
        place, length = r.randrange(len(data) + 1), r.randrange(1, 24)
        kind = r.randrange(5)
        if kind == 0:
            data = data[:place] + r.choice(PIECES) + data[place:]
        elif kind == 1:
            data = data[:place] + data[place + length :]
        elif kind == 2:
            data = data[:place] + bytes([r.randrange(256)]) + data[place + 1 :]
        elif kind == 3:
            data = data[:place] + data[place : place + length] * r.randrange(2, 5) + data[place:]
        else:
            lines = data.split(b"\n")
            lines.insert(r.randrange(len(lines) + 1), lines[r.randrange(len(lines))])
            data = b"\n".join(lines)
    return data[: 1 << 13]


def seeds(target: str) -> list[bytes]:
    """Return inputs to begin from: the project's examples, its settings, its rules."""
    patterns = {
        "settings": ["pyproject.toml"], "policies": ["schemas/ftschemas/rules/FT4*.yaml"],
        "datasets": ["examples/**/dataset_info.json", "examples/**/*.jsonl", "examples/**/*.csv"],
    }.get(target, ["examples/**/*.yaml"])  # fmt: skip
    found = [path.read_bytes()[: 1 << 12] for one in patterns for path in sorted(ROOT.glob(one))]
    if target == "resolver":
        return [value.encode("utf-8", "surrogatepass") for value in VALUES]
    if target == "policies":  # FT is refused, and nothing of what follows would be looked at
        found = [one.replace(b"code: FT", b"code: AC") for one in found]
    if target == "datasets":
        info = b'{"d": {"file_name": "d.json"}}\n\n'
        found = [info + one for one in found] + [one + b"\n\n{}" for one in found]
    return found or [b"a: 1\n"]
