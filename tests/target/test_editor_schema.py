"""The JSON Schema for editors: nothing that trains is red, every key says what it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ftlint import lint, load
from ftlint.loading import Config
from ftlint.target.editor_schema import editor_schema
from ftlint.target.releases import resolve_target
from tests.shared import CORPUS

COMMANDS = ("train", "export", "chat", "eval")
SCHEMA = editor_schema(resolve_target("0.9.5"), "train")
HEAD = {"model_name_or_path": "m", "stage": "sft"}


def errors(data: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> list[str]:
    found = Draft202012Validator(schema).iter_errors(HEAD | data)
    return [".".join(map(str, one.path)) for one in found]


@pytest.mark.parametrize("release", ["0.9.0", "0.9.3", "0.9.5"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_key_says_what_it_does_with_its_default(release: str, command: str) -> None:
    schema = editor_schema(resolve_target(release), command)
    Draft202012Validator.check_schema(schema)
    for name, prop in schema["properties"].items():
        if prop.get("deprecated"):
            assert prop["deprecationMessage"].startswith(f"{name} was last in "), name
            continue
        assert prop["description"], name
        assert not prop["description"].startswith("Default"), name
        if "default" in prop:
            default = json.dumps(prop["default"], ensure_ascii=False)
            assert f"Default: `{default}`." in prop["markdownDescription"], name


@pytest.mark.parametrize(
    "data",
    [
        {"resume_from_checkpoint": True}, {"resume_from_checkpoint": False}, {"pref_beta": None},
        {"pref_loss": None}, {"template": "of_a_fork"}, {"enable_thinking": "None"},
    ],
    ids=str,
)  # fmt: skip
def test_what_the_parser_takes_is_not_red(data: dict[str, Any]) -> None:
    assert errors(data) == []


@pytest.mark.parametrize(
    "data",
    [
        {"learnig_rate": 1}, {"lora_rank": None}, {"lora_rank": True}, {"stage": "stf"},
        {"output_dir": True}, {"save_strategy": False}, {"evaluation_strategy": "steps"},
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_train_is_red(data: dict[str, Any]) -> None:
    assert errors(data) != []


def test_a_key_of_before_says_what_to_write_and_is_not_offered() -> None:
    gone = SCHEMA["properties"]["evaluation_strategy"]
    assert gone["deprecationMessage"] == (
        "evaluation_strategy was last in 4.50: write eval_strategy."
    )
    assert gone["doNotSuggest"] is True
    assert "deprecated" not in SCHEMA["properties"]["eval_strategy"]
    older = editor_schema(resolve_target("0.9.0"), "train")
    assert errors({"evaluation_strategy": "steps"}, older) == []


@pytest.mark.shared
def test_no_published_config_that_is_read_is_red() -> None:
    """Of those in which ftlint, held against the real parsers, finds no fault of keys or values."""
    schemas = {one: editor_schema(resolve_target("0.9.5"), one) for one in COMMANDS}
    judged, red = 0, []
    for path in sorted(Path(CORPUS, "files").rglob("*.y*ml")):
        config = load(str(path))
        if not isinstance(config, Config) or config.command not in schemas:
            continue
        if any(one.severity == "error" and one.code[:3] in ("FT0", "FT1") for one in lint(config)):
            continue
        judged += 1
        data = config.context.constructed.value
        validator = Draft202012Validator(schemas[config.command])
        red += [(path.name, one.message) for one in validator.iter_errors(data)]
    assert judged > 200
    assert red == []


def test_the_published_schema_is_that_of_the_newest_release() -> None:
    root = Path(__file__).resolve().parents[2]
    published = root / "integrations" / "schemastore" / "llamafactory.json"
    assert json.loads(published.read_text("utf-8")) == SCHEMA


def test_the_entry_for_the_catalogue_of_schemas_fits_file_names() -> None:
    from fnmatch import fnmatch

    root = Path(__file__).resolve().parents[2]
    entry = json.loads((root / "integrations" / "schemastore" / "catalog-entry.json").read_text())
    assert entry.keys() == {"name", "description", "fileMatch", "url"}
    assert entry["url"].startswith("https://")

    def fits(name: str) -> bool:
        return any(fnmatch(f"/{name}", one.replace("**/", "*/")) for one in entry["fileMatch"])

    assert fits("llamafactory.yaml")
    assert fits("configs/sft.llamafactory.yaml")
    assert fits("llamafactory/train_lora/sft.yaml")
    assert not fits("docker-compose.yaml")
    assert not fits("configs/train.yaml")
