"""The judge agrees with verdicts that were recorded without it, and no case reaches the next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from omegaconf import OmegaConf
from tests.oracle import environments
from tests.oracle.bases import base
from tests.oracle.client import Case, Judge, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.oracle

SHARED = environments.ROOT / ".." / "shared"
CORPUS = Path(os.environ.get("FTLINT_CORPUS") or SHARED / "corpus")
REFERENCE = Path(os.environ.get("FTLINT_REFERENCE") or SHARED / "reference")


@pytest.fixture(scope="module", params=list(environments.RELEASES))
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    with Judge(request.param) as one:
        yield one


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def head(error: str | None) -> str:
    """An error without the paths and positions in it."""
    return (error or "").partition("\n")[0][:80]


def test_agrees_with_every_recorded_verdict_on_the_corpus(judge: Judge) -> None:
    rows = lines_of(CORPUS / "manifest.jsonl")
    files = CORPUS.resolve() / "files"
    verdicts = judge.judge(Case(row["file"], path=str(files / row["file"])) for row in rows)
    assert len(verdicts) == 308
    assert {v.id: head(v.error) for v in verdicts} == {
        row["file"]: head(row["refused"][judge.release]) for row in rows
    }


def recorded(judge: Judge) -> Iterator[tuple[Case, str]]:
    """Parse cases as they were recorded: on a CPU, optional packages absent."""
    first, *rows = lines_of(REFERENCE / "parse_cases.jsonl")
    place = {"model_name_or_path": "tiny", "dataset_dir": "data", "output_dir": "out"}
    release = f"LF{judge.release}/tf{environments.PINS[judge.release].transformers}"
    for row in rows:
        outcome = row["outcome"].get(release)
        if outcome is None or outcome == "died":  # the recorder could not express duplicate keys
            continue
        config = {**first["_base_config"], **place, **row["cfg"]}
        if "yaml" in row:
            typed: Any = OmegaConf.to_container(OmegaConf.create(row["yaml"]))
            config.update(typed)
        for key in row.get("drop", ()):
            del config[key]
        case = Case(row["id"], config=config, env=row.get("env"), as_is=True)
        if row.get("infer"):
            case = case._replace(command="chat")
        yield case, "" if outcome.startswith("OK") else outcome


def test_agrees_with_every_recorded_parse_case(judge: Judge) -> None:
    cases, outcomes = zip(*recorded(judge), strict=True)
    assert len(cases) > 250
    verdicts = judge.judge(cases)
    assert {v.id: head(v.error) for v in verdicts} == {
        case.id: head(outcome) for case, outcome in zip(cases, outcomes, strict=True)
    }


def one(judge: Judge, **case: Any) -> Verdict:
    return judge.judge([Case("one", **case)])[0]


def test_a_refusal_leaves_nothing_behind(judge: Judge) -> None:
    config = base("lora")
    assert one(judge, config=config).verdict == "accepted"
    leaky = {**config, "fsdp": "full_shard", "bf16": True, "seed": "text"}
    assert one(judge, config=leaky).refused
    extra = {**config, "banana": 1}
    assert one(judge, config=extra, env={"ALLOW_EXTRA_ARGS": "1"}).verdict == "accepted"
    assert one(judge, config=extra).error_type == "ValueError"
    assert one(judge, config=config).verdict == "accepted"


def test_a_file_is_read_as_the_program_reads_it(judge: Judge) -> None:
    lines = "".join(f"{key}: {json.dumps(value)}\n" for key, value in base("lora").items())
    doubled = one(judge, text=lines + "seed: 1\nseed: 2\n")
    assert doubled.refused == (judge.release > "0.9.3")
    assert doubled.stage == ("load" if doubled.refused else "parse")
    as_json = one(judge, text=json.dumps(base("lora")), suffix=".json")
    assert as_json.refused == (judge.release > "0.9.4")
    assert one(judge, text=lines, suffix=".YAML").refused
    assert one(judge, text="- a\n- list\n").refused


def test_each_command_has_its_own_parser(judge: Judge) -> None:
    config = {"model_name_or_path": "tiny", "template": "empty"}
    assert one(judge, config=config, command="chat").verdict == "accepted"
    assert "export_dir" in one(judge, config=config, command="export").message
    exported = {**config, "export_dir": "merged"}
    assert one(judge, config=exported, command="export").verdict == "accepted"
    assert "output_dir" in one(judge, config={**exported, "output_dir": "o"}, command="chat").error
    evaluated = {**config, "task": "mmlu_test"}
    gone = one(judge, config=evaluated, command="eval")
    assert gone.error_type == ("NotImplementedError" if judge.release > "0.9.3" else "")


@pytest.mark.parametrize("release", list(environments.RELEASES))
def test_deepspeed_is_judged_where_it_is_installed(release: str) -> None:
    def zero(stage: object, **more: object) -> dict[str, Any]:
        return {**base("lora"), "deepspeed": {"zero_optimization": {"stage": stage}}, **more}

    with Judge(release, extras=True) as judge:
        assert one(judge, config=zero(3)).verdict == "accepted"
        assert "ZeRO-3" in one(judge, config=zero(3, pissa_init=True)).message
        assert one(judge, config=zero(2, pissa_init=True)).verdict == "accepted"
        away = one(judge, config={**base("lora"), "deepspeed": "not/here.json"})
        assert away.set_aside == ("deepspeed",)


def test_the_machine_is_spared_unless_asked_for(judge: Judge) -> None:
    for key in ("bf16", "tf32", "pure_bf16", "enable_liger_kernel"):
        config = {**base("lora"), key: True}
        assert one(judge, config=config).verdict == "accepted", key
        assert one(judge, config=config, as_is=True).refused, key
    deepspeed = one(judge, config={**base("lora"), "deepspeed": {"zero_optimization": {}}})
    assert deepspeed.verdict == "accepted"
    assert deepspeed.set_aside == ("deepspeed",)
