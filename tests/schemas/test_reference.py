"""The schemas agree with what was dumped from real installations."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Layer = dict[str, dict[str, Any]]
PAIRS = [("0.9.3", "4.52.4"), ("0.9.4", "4.57.1"), ("0.9.5", "5.6.0")]
WORDS = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
    "None": "null",
    "NoneType": "null",
    "Path": "string",
}
ENUMS = {
    "IntervalStrategy": ("eval_strategy", "logging_strategy"),
    "SaveStrategy": ("save_strategy",),
    "SchedulerType": ("lr_scheduler_type",),
    "HubStrategy": ("hub_strategy",),
    "OptimizerNames": ("optim",),
    "DebugOption": ("debug",),
}


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]} with {pair[1]}")
def pair(
    request: pytest.FixtureRequest, llamafactory: Layer, transformers: Layer, reference: Path
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    own, other = request.param
    recorded = json.loads((reference / "keys" / f"lf{own}-tf{other}.json").read_text("utf-8"))
    return llamafactory[own], transformers[".".join(other.split(".")[:2])], recorded


def legal(own: dict[str, Any], other: dict[str, Any], command: str) -> dict[str, Any]:
    """The keys of a command, by the rule that schemas/README.md states."""
    groups = own["x-commands"][command]
    keys = dict(other["properties"]) if "training" in groups else {}
    return keys | {k: p for k, p in own["properties"].items() if p["x-group"] in groups}


def types(recorded: str) -> set[str]:
    """JSON types that the printed form of an annotation names, its word lists left out."""
    plain = re.sub(r"list\[.*?\]|List\[.*?\]", "list", recorded)
    plain = re.sub(r"dict\[.*?\]|Dict\[.*?\]", "dict", plain)
    found = set()
    for literal in re.findall(r"Literal\[(.*?)\]", plain):
        found.add("boolean" if literal in {"True", "False"} else "string")
    plain = re.sub(r"(typing\.)?Literal\[.*?\]", "", plain)
    if "Optional[" in plain:
        found.add("null")
    if "<enum" in plain or re.search(
        r"\.(RopeScaling|\w+Strategy|SchedulerType|OptimizerNames)\b", plain
    ):
        found.add("string")
    if "ParallelismConfig" in plain:
        found.add("object")
    return found | {WORDS[word] for word in re.findall(r"\w+", plain) if word in WORDS}


@pytest.mark.parametrize("command", ["train", "infer", "eval"])
def test_key_sets_are_equal(
    pair: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], command: str
) -> None:
    own, other, recorded = pair
    assert legal(own, other, command).keys() == recorded[command].keys()


@pytest.mark.parametrize("command", ["train", "infer", "eval"])
def test_defaults_are_equal(
    pair: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], command: str
) -> None:
    own, other, recorded = pair
    mine = legal(own, other, command)
    for key, entry in recorded[command].items():
        expected = entry["default"]
        found = "<required>" if mine[key].get("x-required") else mine[key]["default"]
        assert (type(found), found) == (type(expected), expected), key


def test_types_are_those_of_the_annotations(
    pair: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> None:
    own, other, recorded = pair
    compared = 0
    for key, entry in recorded["train"].items():
        prop = legal(own, other, "train")[key]
        found = {prop["type"]} if isinstance(prop["type"], str) else set(prop["type"])
        expected = types(entry["type"])
        # beyond the annotation only these: a comma string may be a list, a default is always legal
        more = {"array", "null"} if entry["default"] is None else {"array"}
        assert found - expected <= more, (key, entry["type"], found)
        assert expected <= found, (key, entry["type"], found)
        compared += 1
    assert compared == len(recorded["train"])


@pytest.mark.parametrize("name", ENUMS)
def test_lists_of_values_are_equal(
    pair: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], name: str
) -> None:
    _, other, recorded = pair
    for key in ENUMS[name]:
        prop = other["properties"][key]
        assert prop.get("enum", prop.get("items", {}).get("enum")) == recorded["enums"][name], key
