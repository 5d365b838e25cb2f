"""`ftlint steps`: what the tokens of rows come to, as a person sees it and as JSON."""

from __future__ import annotations

import json
import random
import shutil
import time
from array import array
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from ftlint.cli.commands import cli
from ftlint.datasets.entries import FILE, DatasetEntry
from ftlint.support.disk import Disk
from ftlint.tokens.chat import chat_of
from ftlint.tokens.encoding import Encoder, encode
from ftlint.tokens.tokenizer import Additions, Tokenizer, read_files
from ftlint.tokens.writing import Writer
from tests.tokens.helpers import INTRODUCTION, asked, config_of, write_data

if TYPE_CHECKING:
    from pathlib import Path

END = 1
"""The token that ends an answer."""


def steps(folder: Path, *arguments: str, **keys: Any) -> dict[str, Any]:
    (folder / "c.yaml").write_text(config_of(**keys), "utf-8")
    options = ("--gpus", "1", "--output-format", "json", *arguments)
    done = CliRunner().invoke(cli, ["steps", *options, "c.yaml"])
    return json.loads(done.stdout)[0]  # type: ignore[no-any-return]


def table(folder: Path, *arguments: str, **keys: Any) -> str:
    (folder / "c.yaml").write_text(config_of(**keys), "utf-8")
    return CliRunner().invoke(cli, ["steps", "--gpus", "1", *arguments, "c.yaml"]).stdout


def test_rows_their_cuts_and_what_answers_lose(project: Path) -> None:
    write_data(project / "data", [asked(10, 20)] * 9 + [asked(10, 200)])
    found = steps(project, cutoff_len=100)["tokens"]
    assert found["rows"] == 10
    short = 10 + INTRODUCTION + 20 + END
    assert found["whole"]["0.5"] == [short] * 3
    assert found["whole"]["1"] == [short + 180] * 3
    assert (found["cut"], found["longest"]) == (1, 100)
    assert found["answers"] == 9 * 21 + 201
    # The prompt is less than half of cutoff_len: it stays whole, and the answer takes the rest.
    assert found["lost"] == 201 - (100 - 10 - INTRODUCTION)


def test_packed_sequences_are_exact(project: Path) -> None:
    write_data(project / "data", [asked(10, 15)] * 10)  # 31 tokens each: two fit into 63
    plan = steps(project, packing=True, cutoff_len=64, per_device_train_batch_size=1)
    assert plan["samples"]["total"] == 5
    assert plan["total_steps"] == 15
    assert plan["tokens"]["padding"] == 1 - 62 / 64
    shutil.rmtree(project / "model")
    bounds = steps(project, packing=True, cutoff_len=64)
    assert bounds["samples"]["total"] is None
    assert bounds["bounds"]["samples"][1] == 10


def test_the_longest_batch_and_its_step(project: Path) -> None:
    rows = [asked(2, 3)] * 7 + [asked(2, 100)]
    write_data(project / "data", rows)
    in_order = {"disable_shuffling": True, "per_device_train_batch_size": 2}
    batch = steps(project, **in_order, gradient_accumulation_steps=2)["tokens"]["batch"]
    length = 2 + INTRODUCTION + 100 + END
    assert batch == {"rows": 2, "length": -(-length // 8) * 8, "step": 2}
    two = steps(project, "--gpus", "2", **in_order)["tokens"]["batch"]
    assert two["step"] == 2
    unknown = steps(project, train_sampling_strategy="group_by_length")["tokens"]["batch"]
    assert unknown["step"] is None


def test_without_a_tokenizer_there_are_bounds(project: Path) -> None:
    write_data(project / "data", [asked(10, 20)] * 9 + [asked(10, 200)])
    exact = steps(project, cutoff_len=300)["tokens"]
    found = steps(project, cutoff_len=300, model_name_or_path="owner/model")["tokens"]
    assert found["at_most"]
    assert not exact["at_most"]
    assert found["longest"] <= 300
    assert found["cut"] >= exact["cut"] == 0
    for share, (low, at, high) in exact["whole"].items():
        assert low == at == high <= found["whole"][share][1]
    text = table(project, cutoff_len=300, model_name_or_path="owner/model")
    assert "≤ 1 (10.0%)" in text
    assert "at most one for each byte" in text


def test_a_sample_tells_its_error(project: Path) -> None:
    write_data(project / "data", [asked(place, place) for place in range(1, 401)])
    exact = steps(project)["tokens"]
    found = steps(project, "--sample", "100")["tokens"]
    assert (found["rows"], found["sampled"]) == (100, True)
    assert found["batch"] is None
    for share in ("0.5", "0.9"):
        low, _, high = found["whole"][share]
        assert low < exact["whole"][share][1] < high


def test_the_bounds_of_a_sample_hold_as_often_as_they_say(project: Path) -> None:
    held = 0
    for seed in range(12):
        rng = random.Random(seed)
        rows = [asked(1, 1 + int(rng.lognormvariate(3, 1))) for _ in range(800)]
        write_data(project / "data", rows)
        exact, found = (
            steps(project, *more)["tokens"]["whole"] for more in ((), ("--sample", "120"))
        )
        for share in ("0.5", "0.9"):
            low, _, high = found[share]
            held += low <= exact[share][1] <= high
    assert held >= 21, "of 24; 95 of 100 are told"


def test_a_sample_costs_what_its_rows_cost(project: Path) -> None:
    """117 MiB of lines take 0.2 s so, and as one list of JSON, which is read whole, 1.8 s."""
    write_data(project / "data", [], file_name="faq.jsonl")
    rows = (asked(place % 9, 80 + place % 40) for place in range(12_000))
    (project / "data" / "faq.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    began = time.process_time()
    found = steps(project, "--sample", "300")["tokens"]
    sampled = time.process_time() - began
    assert found["rows"] == 300
    began = time.process_time()
    steps(project)
    assert sampled < 0.5 * (time.process_time() - began)


def test_a_tokenizer_of_the_hub_is_found_in_its_cache(project: Path) -> None:
    write_data(project / "data", [asked(10, 20)])
    snapshot = project / "hf" / "hub" / "models--owner--model" / "snapshots" / "abc123"
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(project / "model", snapshot)
    refs = snapshot.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc123", "utf-8")
    found = steps(project, model_name_or_path="owner/model")["tokens"]
    assert not found["at_most"]
    assert found["longest"] == 10 + INTRODUCTION + 20 + END


def test_why_tokens_are_not_counted_is_said_where_it_matters(project: Path) -> None:
    row = {"instruction": "<image> what", "output": "this", "image": ["a.png"]}
    columns = {"prompt": "instruction", "response": "output", "images": "image"}
    write_data(project / "data", [row], columns=columns)
    text = table(project, template="qwen2_vl", packing=True)
    assert "rows with images" in text
    assert "rows with images" not in table(project, template="qwen2_vl")


def test_counts_are_kept_by_content(project: Path) -> None:
    write_data(project / "data", [asked(10, 20)])
    kept = project / ".cache" / "ftlint" / "tokens"
    first = steps(project)["tokens"]
    assert len(list(kept.iterdir())) == 1
    assert steps(project, cutoff_len=20)["tokens"]["cut"] == 1
    assert len(list(kept.iterdir())) == 1, "cutoff_len has no part in what is kept"
    (entry,) = kept.iterdir()
    entry.write_bytes(entry.read_bytes()[:-1] + b"\x07")
    assert steps(project)["tokens"] == first, "a damaged entry counts as none"
    write_data(project / "data", [asked(11, 20)])
    assert steps(project)["tokens"]["longest"] == first["longest"] + 1
    assert len(list(kept.iterdir())) == 2


def test_a_sample_of_lines_is_that_of_the_rows(project: Path) -> None:
    rows = [asked(place, place) for place in range(1, 101)]
    write_data(project / "data", rows)
    whole = steps(project, "--sample", "30")["tokens"]
    lines = "\n\n".join(map(json.dumps, rows))
    (project / "data" / "faq.jsonl").write_text(lines, "utf-8")
    table_ = {"faq": {"file_name": "faq.jsonl"}}
    (project / "data" / "dataset_info.json").write_text(json.dumps(table_), "utf-8")
    assert steps(project, "--sample", "30")["tokens"] == whole


def test_processes_count_what_one_does(project: Path) -> None:
    entry = DatasetEntry("faq", FILE, "faq.json")
    chat = chat_of({"stage": "sft", "template": "default"}, "0.9.5")
    tokenizer = Tokenizer(read_files(str(project / "model"), Disk()), chat, Additions())
    encoder = Encoder(Writer(chat, tokenizer.marks, "sft"), tokenizer, entry, "sft")
    rows = [asked(place % 7, place % 50) for place in range(500)] + [{"output": None}]
    told: list[int] = []
    one = encode(encoder, rows, 0)
    several = encode(encoder, rows, 64 << 20, told.append)
    assert several == one
    assert len(one) == 501
    assert list(one.rows())[-1] == array("i")
    assert told
