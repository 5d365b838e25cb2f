"""What is recorded of tokens, and FT740, which judges by it and by what is counted here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from jsonschema import Draft202012Validator

from ftlint.cli.commands import cli
from ftschemas.form import schema_of
from tests.tokens.helpers import INTRODUCTION, asked, config_of, write_data

LONG = [asked(5, 50)] * 6 + [asked(5, 400)] * 4
"""Of 2,000 words of answers and their ends 1,604 are in rows of more than 400 tokens."""


def ftlint(*arguments: str) -> Any:
    return CliRunner().invoke(cli, arguments)


def found(*arguments: str, **keys: Any) -> list[str]:
    Path("c.yaml").write_text(config_of(**keys), "utf-8")
    done = ftlint("check", "--output-format", "json", "--no-cache", "--select", "FT740",
                  "c.yaml", *arguments)  # fmt: skip
    return [one["message"] for one in json.loads(done.stdout)["diagnostics"]]


def record(*arguments: str, **keys: Any) -> dict[str, Any]:
    Path("c.yaml").write_text(config_of(**keys), "utf-8")
    assert ftlint("record", "c.yaml", *arguments).exit_code == 0
    return json.loads(Path("ftlint-facts.json").read_text("utf-8"))  # type: ignore[no-any-return]


def test_nothing_is_counted_while_a_config_is_linted_unasked(project: Path) -> None:
    write_data(project / "data", LONG)
    assert found(cutoff_len=128) == []


def test_what_is_counted_here_is_judged(project: Path) -> None:
    write_data(project / "data", LONG)
    (told,) = found("--here", cutoff_len=128)
    assert "cuts 40% of 10 rows" in told
    lost = 4 * (401 - (128 - 5 - INTRODUCTION))
    assert f"{lost / (6 * 51 + 4 * 401):.0%} of all answer tokens" in told
    assert "`cutoff_len: 512`" in told
    assert found("--here", cutoff_len=512) == []


def test_records_are_judged_by_where_there_is_no_tokenizer(project: Path) -> None:
    write_data(project / "data", LONG)
    facts = record(cutoff_len=200)
    errors = Draft202012Validator(schema_of("facts.schema.json")).iter_errors(facts)
    assert list(errors) == []
    (lengths,) = facts["datasets"]["faq"]["lengths"]
    assert (lengths["stage"], lengths["template"], lengths["model"]) == ("sft", "default", "model")
    assert lengths["whole"][50] == 5 + INTRODUCTION + 51
    assert lengths["cuts"]["200"][0] == 4
    shutil.rmtree(project / "model")
    (project / "data" / "faq.json").unlink()
    (told,) = found(cutoff_len=200)
    assert "cuts 40% of 10 rows" in told
    (at_least,) = found(cutoff_len=190)
    assert "at least 40%" in at_least
    assert found(cutoff_len=500) == []


def test_other_ways_of_writing_rows_are_not_judged(project: Path) -> None:
    write_data(project / "data", LONG)
    record(cutoff_len=200)
    assert len(found(cutoff_len=200)) == 1
    for keys in (
        {"template": "qwen"},
        {"model_name_or_path": "owner/other"},
        {"max_samples": 5},
        {"default_system": "be brief"},
        {"add_tokens": "a,b"},
    ):
        assert found(cutoff_len=200, **keys) == [], keys
    write_data(project / "data", [asked(1, 1)])
    assert found(cutoff_len=200) == [], "the data have changed since"


def test_records_of_several_templates_stand_side_by_side(project: Path) -> None:
    write_data(project / "data", LONG)
    record()
    facts = record(template="qwen")
    templates = [one["template"] for one in facts["datasets"]["faq"]["lengths"]]
    assert templates == ["default", "qwen"]
    again = record(template="qwen")
    assert [one["template"] for one in again["datasets"]["faq"]["lengths"]] == templates


def test_a_record_without_a_tokenizer_has_no_lengths(project: Path) -> None:
    write_data(project / "data", LONG)
    shutil.rmtree(project / "model")
    assert "lengths" not in record()["datasets"]["faq"]


def test_malformed_lengths_are_told_in_one_line(project: Path) -> None:
    write_data(project / "data", LONG)
    facts = record()
    lengths = facts["datasets"]["faq"]["lengths"][0]
    for broken in ({"whole": [1, 2]}, {"cuts": {"x": [1, 2]}}, {"cuts": {"1": [1]}}, {"way": "w"}):
        facts["datasets"]["faq"]["lengths"] = [{**lengths, **broken}]
        Path("ftlint-facts.json").write_text(json.dumps(facts), "utf-8")
        done = ftlint("check", "c.yaml", "--no-cache")
        assert done.exit_code in (0, 1, 2)
        assert "should be" in done.output, broken
