"""What the pages say is there: links, codes, fields, facts, settings, dependencies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from docs.generating.rules import SOURCE, facts_of

from ftlint.facts.context import make_context
from ftlint.project import reading
from ftlint.rulebook.registry import BUILT_IN
from ftlint.steps import record
from ftlint.support.disk import Disk
from ftlint.syntax.construct import construct
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.docs.pages import PAGES, ROOT, anchors, column, name, prose
from tests.rules.examples import load
from tests.stating import stating

if TYPE_CHECKING:
    from pathlib import Path

WRITING = ROOT / "docs/rules/writing.md"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith(SOURCE):
            assert (ROOT / link.removeprefix(f"{SOURCE}/")).is_file(), link
        elif not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_rules_that_are_named_exist(page: Path) -> None:
    codes = set(re.findall(r"\bFT\d{3,4}\b", page.read_text("utf-8")))
    if page.stem == "FT902":  # its example names one that does not exist
        codes -= set(re.findall(r"\bFT\d{3,4}\b", load("FT902").about.bad))
    assert codes <= BUILT_IN.rules.keys()


def test_every_field_of_a_rule_is_explained() -> None:
    schema = json.loads((ROOT / "schemas/ftschemas/rule.schema.json").read_text("utf-8"))
    assert sorted(column(WRITING, "Fields")) == sorted(schema["properties"])


MANY_FACTS = """
model_name_or_path: m
stage: sft
finetuning_type: lora
dataset: a,a
eval_dataset: b
interleave_probs: 0.5,0.5
adapter_name_or_path: x
eval_strategy: steps
do_train: true
resume_from_checkpoint: saves/run/checkpoint-500
deepspeed: {zero_optimization: {stage: 2}}
fsdp_config: examples/guide/broken/pointer.jsonl
"""


def facts_known(text: str) -> set[str]:
    target = resolve_target()
    document = compose(text)
    assert not isinstance(document, Broken)
    context = make_context(
        of_text("config.yaml", text), document, construct(document.root, target.dialect), "train",
        target, stating(gpus=2, facts=(("env", ["USE_RAY"]), ("gpu", "24g"))), BUILT_IN, Disk(),
    )  # fmt: skip
    found: dict[str, object] = context.instance.facts
    return set(found)


def test_every_fact_is_defined_and_every_defined_fact_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    example = (ROOT / "examples/good/lora_sft.yaml").read_text("utf-8")
    asked = {fact for code in BUILT_IN.rules for fact in facts_of(code)}
    known = facts_known(MANY_FACTS) | facts_known(example) | asked
    assert sorted(column(WRITING, "Facts")) == sorted(known)


def test_every_number_of_the_plan_is_named() -> None:
    (row,) = [line for line in WRITING.read_text("utf-8").splitlines() if "| `plan` |" in line]
    assert set(re.findall(r"`(\w+)`", row)) >= {*record.WHOLE, *record.COUNTS}


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs/settings.md").read_text("utf-8")
    explained = re.findall(r"`([a-z-]+)`", "\n".join(re.findall(r"^- (.+?):", text, re.M)))
    assert sorted(explained) == sorted(reading.json_schema()["properties"])


def test_every_dependency_is_explained() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = project.partition("\ndependencies = [")[2].partition("\n]")[0]
    names = re.findall(r'^\s*"([\w.-]+?)(?=[<>=;\s"])', listed, re.M)
    heads = re.findall(r"^## (\S+)$", (ROOT / "docs/dependencies.md").read_text("utf-8"), re.M)
    assert sorted(heads) == sorted(names)
