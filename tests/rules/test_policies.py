"""A team's own rules: loaded, applied, suppressed like ftlint's; a bad file is one clear line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.project.request import CliOptions, UsageError
from ftlint.run.session import run

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "model_name_or_path: m\ntemplate: qwen\nstage: sft\nlora_rank: 256\n"
POLICY: dict[str, Any] = {
    "code": "ACME001",
    "name": "rank-above-64",
    "summary": "our GPUs hold rank 64",
    "severity": "warning",
    "when": {"config": {"lora_rank": {"type": "integer", "exclusiveMinimum": 64}}},
    "at": "lora_rank",
    "show": "value",
    "message": "lora_rank {lora_rank} is above 64, which our GPUs hold: lower it.",
    "why": "Measured in March.",
    "bad": "lora_rank: «256»\n",
    "good": "lora_rank: 64\n",
}


def lint(folder: Path, config: str, policies: str = '["policy/*"]') -> list[tuple[str, str]]:
    (folder / "ftlint.toml").write_text(f"policies = {policies}\n", encoding="utf-8")
    (folder / "c.yaml").write_text(config, encoding="utf-8")
    report, _ = run(CliOptions((str(folder / "c.yaml"),)), bytes, lambda done, total: None)
    return [(one.code, one.message) for result in report.results for one in result.diagnostics]


def write(folder: Path, content: str, name: str = "one.json") -> None:
    (folder / "policy").mkdir(exist_ok=True)
    (folder / "policy" / name).write_text(content, encoding="utf-8")


def test_a_policy_fires_with_its_own_words(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(POLICY))
    message = "lora_rank 256 is above 64, which our GPUs hold: lower it."
    assert lint(tmp_path, CONFIG) == [("ACME001", message)]
    assert lint(tmp_path, CONFIG.replace("256", "64")) == []


def test_policies_may_be_yaml_and_lists_and_are_suppressed_like_any_rule(tmp_path: Path) -> None:
    write(tmp_path, json.dumps([POLICY]), "many.yaml")
    silenced = CONFIG.replace("256", "256  # ftlint: ignore[ACME001] the big node")
    assert lint(tmp_path, silenced) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"code": "FT999"}, "FT is reserved for ftlint"),
        ({"code": "acme"}, "code"),
        ({"severity": "fatal"}, "severity"),
        (
            {"when": {"config": {"a": {"dependentRequired": {}}}}},
            "when/config/a: has unknown keys; known",
        ),
        (
            {"when": {"config": {"a": {"properties": None}}}},
            "when/config/a/properties: should be a mapping",
        ),
        ({"when": {"config": {"a": {"allOf": {}}}}}, "when/config/a/allOf: should be a list"),
        (
            {"when": {"config": {"a": {"type": "text"}}}},
            "when/config/a/type: has none of the forms",
        ),
        (
            {"when": {"config": {"a": {"minLength": {"$data": "/facts/gpus"}}}}},
            "when/config/a/minLength: should be an integer",
        ),
        ({"when": {"config": {"a": {"pattern": "["}}}}, "pattern '\\['"),
        (
            {
                "fix": {
                    "applicability": "safe",
                    "message": "m",
                    "delete": ["a"],
                    "when": {"config": {"a": {"pattern": "["}}},
                }
            },
            "pattern '\\['",
        ),
        (
            {"for_each": ["a"], "when": {"config": {"$key": {"allOf": ["$other"]}}}},
            "for_each/a/when/config/a/allOf/0: should be a mapping",
        ),
        (
            {"value_of": {"a": {"minimum": "b"}}, "when": {"config": {"$key": "$value"}}},
            "value_of/a/minimum: should be a number",
        ),
        (
            {"for_each": {"a": "["}, "when": {"config": {"$key": {"pattern": "$other"}}}},
            "pattern '\\['",
        ),
        (
            {"for_each": ["a", "["], "when": {"config": {"b": {"pattern": "$key"}}}},
            "pattern '\\['",
        ),
        ({"when": {"config": {"a": {"enum": "$other"}}}}, "when/config/a/enum: should be a list"),
        (
            {"value_of": {"a": {}}, "when": {"config": {"$value": {"const": 1}}}},
            "\\$value stands for {}, which is no key",
        ),
        (
            {"value_of": {"a": {}}, "when": {"config": {"$key": {"minimum": "$value"}}}},
            "value_of/a/when/config/a/minimum: lacks \\$data",
        ),
        ({"for_each": {"a": 8}, "when": {"config": {"$key": {}}}}, "for_each/a: should be text"),
        ({"for_each": ["a"], "value_of": {"a": {}}}, "the rule: has none of the forms"),
        ({"instead": [{"message": "m"}]}, "instead/0: has none of the forms"),
        (
            {
                "for_each": ["a"],
                "when": {"config": {"$key": {}}},
                "instead": [{"of": "b", "message": "m"}],
            },
            "instead: b is none of the keys that",
        ),
        (
            {"instead": [{"message": "m", "when": {"config": {"a": {"pattern": "["}}}}]},
            "pattern '\\['",
        ),
        ({"base": "sft"}, "base: sft is not one of sft-lora"),
        (
            {"fix": {"from": "code", "applicability": "often"}},
            "fix/applicability: has none of the forms",
        ),
        ({"when": None}, "when"),
        ({"surprise": 1}, "the rule: unknown key surprise"),
        ({"mesage": 1}, "unknown key mesage; did you mean message?"),
    ],
)
def test_a_bad_policy_is_refused_with_its_reason(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    write(tmp_path, json.dumps({**POLICY, **change}))
    with pytest.raises(UsageError, match=complaint) as refused:
        lint(tmp_path, CONFIG)
    assert "one.json" in str(refused.value)


@pytest.mark.parametrize("schema", ["$value", {"allOf": ["$value"]}, {"not": {"not": "$value"}}])
def test_the_schema_of_each_key_is_held_against_its_value(tmp_path: Path, schema: object) -> None:
    each = {"lora_rank": {"const": 256}, "lora_alpha": {"minimum": 64}}
    loop = {"value_of": each, "when": {"config": {"$key": schema}}, "at": "$key"}
    write(tmp_path, json.dumps({**POLICY, **loop}))
    assert [code for code, _ in lint(tmp_path, CONFIG)] == ["ACME001"]
    assert lint(tmp_path, CONFIG.replace("256", "0")) == []
    assert len(lint(tmp_path, CONFIG + "lora_alpha: 64\n")) == 2


def test_what_stands_beside_a_key_is_another_key(tmp_path: Path) -> None:
    when = {"config": {"$key": {}, "$other": {"const": {"$data": "/config/$key"}}}}
    loop = {"for_each": {"lora_rank": "lora_alpha"}, "when": when, "at": "$other"}
    write(tmp_path, json.dumps({**POLICY, **loop}))
    assert [code for code, _ in lint(tmp_path, CONFIG + "lora_alpha: 256\n")] == ["ACME001"]
    assert lint(tmp_path, CONFIG + "lora_alpha: 8\n") == []


def test_other_defects_of_policy_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file matches"):
        lint(tmp_path, CONFIG)
    write(tmp_path, "{not yaml")
    with pytest.raises(UsageError, match="not readable"):
        lint(tmp_path, CONFIG)
    write(tmp_path, json.dumps(POLICY))
    write(tmp_path, json.dumps(POLICY), "two.json")
    with pytest.raises(UsageError, match="is already used in"):
        lint(tmp_path, CONFIG)


def test_the_first_message_that_fits_is_told(tmp_path: Path) -> None:
    loop = {"for_each": ["lora_rank", "seed"], "when": {"config": {"$key": {}}}, "at": "$key"}
    instead = [
        {"of": "seed", "message": "$key {$key}"},
        {"when": {"config": {"lora_rank": {"const": 8}}}, "message": "the usual $key"},
    ]
    write(tmp_path, json.dumps({**POLICY, **loop, "message": "any $key", "instead": instead}))
    assert [told for _, told in lint(tmp_path, CONFIG + "seed: 1\n")] == ["any lora_rank", "seed 1"]
    usual = lint(tmp_path, CONFIG.replace("256", "8"))
    assert [told for _, told in usual] == ["the usual lora_rank"]
