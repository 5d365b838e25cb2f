"""What rules are to each other is data: kinds and phases, who yields to whom, related places."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.diagnostics import Related
from ftlint.engine import lint
from ftlint.facts.launch import UNSTATED
from ftlint.project.options import Options
from ftlint.report.sarif import report as sarif
from ftlint.report.text import report as text
from ftlint.results import Run
from ftlint.rulebook.registry import BUILT_IN, JUDGED, MISREAD
from ftlint.run.serialize import KeptResult, plain, read
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from ftschemas import ruleformat
from ftschemas.form import schema_of
from tests.fixes.documents import TRAINING_TEXT as HEAD

if TYPE_CHECKING:
    from ftlint.results import Result
    from ftschemas.rule import Rule

TARGET = resolve_target("0.9.5")
KINDS = schema_of("rule.schema.json")["properties"]["kind"]["enum"]


def policy(code: str, **data: Any) -> Rule:
    made: dict[str, Any] = {
        "code": code, "name": code.lower(), "summary": "s", "severity": "warning", "message": code,
        "why": "w", "bad": "", "good": "", "at": "lora_rank",
        "when": {"config": {"lora_rank": {}}}, **data,
    }  # fmt: skip
    ruleformat.validate(made)
    return ruleformat.parse(made)


def judged(body: str, *rules: Rule) -> Result:
    options = Options(TARGET, rules=BUILT_IN.with_policies(rules))
    return lint(of_text("c.yaml", HEAD + body), options)


def codes(body: str, *rules: Rule) -> list[str]:
    return sorted({one.code for one in judged(body, *rules).diagnostics} & {r.code for r in rules})


# Kinds and phases


def test_every_rule_of_our_own_is_of_a_kind_that_the_format_knows() -> None:
    used = {BUILT_IN.kind(code) for code in BUILT_IN.rules}
    assert used == set(KINDS)


@pytest.mark.parametrize("code", BUILT_IN.rules)
def test_kind_and_severity_agree(code: str) -> None:
    """What is a rejection is an error, what changes nothing is none.

    An unknown key is an error but where it is not known what reads it: a build, a launcher.
    """
    rule = BUILT_IN[code]
    if rule.kind in ("ignored", "unused", "advice"):
        assert rule.severity != "error"
    if rule.kind == "rejection":
        assert rule.severity == "error"
    if rule.kind == "unknown-key":
        assert (rule.severity == "warning") == (code in ("FT130", UNSTATED))


def test_modules_on_what_is_misread_come_first_and_no_module_comes_twice() -> None:
    everything = {"deepspeed", "num_train_epochs"}
    first = BUILT_IN.modules(TARGET, "train", MISREAD, everything)
    then = BUILT_IN.modules(TARGET, "train", JUDGED, everything)
    assert set(first) == {"deepspeed.misspelt", "keys", "placeholders", "values"}
    assert not set(first) & set(then)
    assert {"plan.epochs", "numbers", "secrets"} <= set(then)


def test_what_is_misread_is_unknown_to_what_is_judged_after_it() -> None:
    misread = policy("ACME001", kind="misread")
    judges = policy("ACME002")
    other = policy("ACME003", at="stage", when={"config": {"stage": {}}})
    assert codes("lora_rank: 8\n", judges, other) == ["ACME002", "ACME003"]
    assert codes("lora_rank: 8\n", judges, other, misread) == ["ACME001", "ACME003"]


def test_what_is_converted_is_judged_as_the_target_takes_it() -> None:
    converted, judges = policy("ACME001", kind="converted"), policy("ACME002")
    assert codes("lora_rank: 8\n", converted, judges) == ["ACME001", "ACME002"]


def test_the_key_that_is_meant_is_unknown_as_well() -> None:
    judges = policy("ACME002", when={"effective": {"lora_rank": {}}})
    assert codes("", judges) == ["ACME002"]
    assert codes("lora_rnak: 8\n", judges) == []


# Yielding


def test_a_rule_yields_where_the_other_is_shown_at_the_same_key_and_nowhere_else() -> None:
    better = policy("ACME001", at="lora_alpha", when={"config": {"lora_alpha": {}}})
    here = policy("ACME002", at="lora_alpha", yields_to=["ACME001"])
    away = policy("ACME003", yields_to=["ACME001"])
    body = "lora_rank: 8\nlora_alpha: 16\n"
    assert codes(body, better, here, away) == ["ACME001", "ACME003"]
    assert codes(body, here, away) == ["ACME002", "ACME003"]


@pytest.mark.parametrize(
    ("model", "code"), [("meta-llama/Llama-3.1-8B", "FT4107"), ("models/unnamed", "FT544")]
)
def test_what_is_known_to_crash_is_not_said_to_be_ignored_as_well(model: str, code: str) -> None:
    head = re.sub(r"^model_name_or_path: .*$", f"model_name_or_path: {model}", HEAD, flags=re.M)
    made = lint(of_text("c.yaml", f"{head}shift_attn: true\n"), Options(TARGET))
    assert [one.code for one in made.diagnostics if one.key == "shift_attn"] == [code]


# Related places


RELATED = policy("ACME001", related=["lora_alpha", "lora_dropout", "lora_rank"])
BODY = "lora_rank: 8\nlora_alpha: 16\n"


def test_a_finding_points_at_the_other_keys_that_the_file_has() -> None:
    made = judged(BODY, RELATED)
    (found,) = [one for one in made.diagnostics if one.code == "ACME001"]
    start = (HEAD + BODY).index("lora_alpha")
    assert found.related == (
        Related(start, start + len("lora_alpha"), "`lora_alpha` is set on this line"),
    )  # fmt: skip


def test_every_report_that_can_tell_related_places_does() -> None:
    made = judged(BODY, RELATED)
    run = Run(TARGET, (made,))
    line = made.source.position((HEAD + BODY).index("lora_alpha")).line
    assert f"note: line {line}: `lora_alpha` is set on this line" in "\n".join(text(run, False))
    log = json.loads("\n".join(sarif(run, False)))
    (found,) = [one for one in log["runs"][0]["results"] if one["ruleId"] == "ACME001"]
    (place,) = found["relatedLocations"]
    assert place["physicalLocation"]["region"]["startLine"] == line
    assert place["message"] == {"text": "`lora_alpha` is set on this line"}


def test_related_places_go_to_another_process_and_back() -> None:
    made = judged(BODY, RELATED)
    there = json.dumps(
        plain(KeptResult(None, "digest", {}, made.command, made.diagnostics, None, ()), ())
    )
    assert read("c.yaml", json.loads(there), len(HEAD + BODY)).diagnostics == made.diagnostics


@pytest.mark.parametrize(
    ("body", "code", "key"),
    [
        ("learnig_rate: 1.0e-5\nlearning_rate: 1.0e-4\n", "FT101", "learning_rate"),
        ("lora_rank: 8\nlora_rank: 9\n", "FT003", "lora_rank"),
        ("val_size: 0.1\neval_dataset: x\n", "FT402", "eval_dataset"),
        ("fp8: true\nquantization_bit: 4\n", "FT427", "quantization_bit"),
    ],
)
def test_the_other_of_two_keys_is_pointed_at(body: str, code: str, key: str) -> None:
    made = judged(body)
    (found,) = [one for one in made.diagnostics if one.code == code]
    (other,) = found.related
    assert made.source.text[other.start : other.end] == key
    assert other.start != found.start
