"""A team's own rules: loaded, applied, suppressed like ftlint's; a bad file is one clear line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.run.session import CliOptions, UsageError, run

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
            {"for_each": ["a"], "when": {"config": {"$key": {"allOf": ["$default"]}}}},
            "for_each/a/when/config/a/allOf/0: should be a mapping",
        ),
        (
            {"for_each": {"a": {"minimum": "b"}}, "when": {"config": {"$key": "$default"}}},
            "for_each/a/when/config/a/minimum: should be a number",
        ),
        (
            {"for_each": {"a": "["}, "when": {"config": {"$key": {"pattern": "$default"}}}},
            "pattern '\\['",
        ),
        (
            {"for_each": ["a", "["], "when": {"config": {"b": {"pattern": "$key"}}}},
            "pattern '\\['",
        ),
        ({"when": {"config": {"a": {"enum": "$default"}}}}, "when/config/a/enum: should be a list"),
        (
            {"for_each": {"a": {}}, "when": {"config": {"$default": {"const": 1}}}},
            "\\$default stands for {}, which is no key",
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


@pytest.mark.parametrize(
    ("schema", "value"),
    [({"minimum": "$default"}, 256), ({"enum": "$default"}, [256]), ({"truthy": "$default"}, True),
     ("$default", {"const": 256})],
)  # fmt: skip
def test_default_stands_for_anything_that_the_place_takes(
    tmp_path: Path, schema: object, value: object
) -> None:
    each = {"for_each": {"lora_rank": value}, "when": {"config": {"$key": schema}}}
    write(tmp_path, json.dumps({**POLICY, **each}))
    assert [code for code, _ in lint(tmp_path, CONFIG)] == ["ACME001"]
    assert lint(tmp_path, CONFIG.replace("256", "0")) == []


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
