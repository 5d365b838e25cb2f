"""Rule files for schemas/compile.py: parsed, validated, and sorted by what they judge."""

from __future__ import annotations

import json
import marshal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from ftschemas import ruleformat
from ftschemas.judging import grouped
from ftschemas.rule import OF_RUN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ftschemas.rule import Rule

DATA = Path(__file__).parent / "ftschemas"

Defaults = dict[str, list[object]]
"""Of each key, those of any release and any trainer."""


def bases() -> dict[str, str]:
    """Return the configs that examples of rules begin with."""
    return dict(_read(DATA / "bases.yaml"))


def _read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def rules(defaults: Defaults) -> tuple[list[Rule], dict[str, tuple[Any, ...]]]:
    """Return every rule file, parsed, by code, and what each tells its readers."""
    found: dict[str, Rule] = {}
    about: dict[str, tuple[Any, ...]] = {}
    for path in sorted((DATA / "rules").glob("*.yaml")):
        data = _read(path)
        try:
            ruleformat.validate(data)
            rule = ruleformat.parse(data)
            about[rule.code] = tuple(ruleformat.about_of(data, bases()))
        except ruleformat.BadRule as error:
            raise SystemExit(f"{path.name}: {error}") from None
        if "kind" not in data:
            raise SystemExit(f"{path.name}: lacks `kind`, which ftlint's own rules have")
        if path.stem != f"{rule.code}-{rule.name}":
            raise SystemExit(f"{path.name}: should be called {rule.code}-{rule.name}.yaml")
        if rule.code in found:
            raise SystemExit(f"{path.name}: {rule.code} is taken by {found[rule.code].name}")
        for code, other in found.items():
            if other.name == rule.name:
                raise SystemExit(f"{path.name}: {rule.name} is the name of {code}")
        checks = tuple(check._replace(needs=needed(check.when, defaults)) for check in rule.checks)
        found[rule.code] = rule._replace(checks=checks)
    unknown = {
        f"{rule.code} yields to {other}"
        for rule in found.values()
        for other in rule.yields_to
        if other not in found
    }
    if unknown:
        raise SystemExit(f"no such rule: {', '.join(sorted(unknown))}")
    return [found[code] for code in sorted(found)], {code: about[code] for code in sorted(about)}


REWRITTEN = frozenset(["do_eval", "eval_steps", "packing"])
"""Keys whose effective value may be no default although it is absent (ftlint.facts.effective)."""

USUAL = frozenset(
    """model_name_or_path stage finetuning_type do_train do_eval dataset template cutoff_len
    max_samples preprocessing_num_workers dataloader_num_workers overwrite_cache output_dir
    logging_steps save_steps plot_loss overwrite_output_dir save_only_model report_to
    per_device_train_batch_size gradient_accumulation_steps learning_rate num_train_epochs
    lr_scheduler_type warmup_ratio bf16 ddp_timeout trust_remote_code lora_rank lora_target
    eval_strategy eval_steps val_size per_device_eval_batch_size gradient_checkpointing
    llamafactory transformers unreadable_json dataset_count dataset_names""".split()
) | {"stage: sft", "finetuning_type: lora", "eval_strategy: steps", "lr_scheduler_type: cosine"}
"""What most configs have: a condition that needs something rarer as well is sorted by that."""

Needs = tuple[str, ...]


def needed(when: dict[str, Any], defaults: dict[str, list[object]]) -> Needs:
    """Return of what a config must have something for `when` to hold: the rarest there is.

    Each is a key, a fact, or a key with a text, `stage: ppo`. Empty where it may hold of any.
    `defaults`: of each key, those of any release and any trainer.
    """
    found = [
        _needed_of(key, schema)
        for key, schema in when.get("config", {}).items()
        if schema is not False
    ]
    for key, schema in when.get("effective", {}).items():
        usual = defaults.get(key, ())
        if key not in REWRITTEN and not any(may_hold(schema, value) for value in usual):
            found.append(_needed_of(key, schema))
    found += [(fact,) for fact, schema in when.get("facts", {}).items() if schema is not False]
    found += [needed(part, defaults) for part in when.get("allOf", ())]
    branches = [needed(part, defaults) for part in when.get("anyOf", ())]
    if all(branches):
        found.append(tuple(dict.fromkeys(name for branch in branches for name in branch)))
    return min(filter(None, found), key=_usual, default=())


def _needed_of(key: str, schema: Any) -> Needs:
    """Return what a config has of a key whose value is valid: the key, or one of few texts."""
    schema = schema if isinstance(schema, dict) else {}
    texts = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if texts and all(isinstance(text, str) for text in texts):
        return tuple(f"{key}: {text}" for text in texts)
    return (key,)


def _usual(needs: Needs) -> tuple[int, int]:
    """Return how usual it is to have one of these: texts are rarer than the keys that take them."""
    return sum(map(USUAL.__contains__, needs)), -sum(": " in name for name in needs)


def may_hold(schema: Any, value: object) -> bool:
    """Return whether `value` may be valid; what refers to other values always may."""
    if "$data" in json.dumps(schema):
        return True
    return bool(Draft202012Validator(schema).is_valid(value))


def packed(rule: Rule) -> bytes:
    """Return a rule as it is read when it is asked for; its conditions and fixes later still."""
    checks = tuple((one.key, one.needs, marshal.dumps(one.when, 2)) for one in rule.checks)
    fixes = marshal.dumps(tuple(map(tuple, rule.fixes)), 2)
    instead = tuple(map(tuple, rule.instead))
    row = rule._replace(checks=checks, fixes=fixes, instead=instead)  # type: ignore[arg-type]
    return marshal.dumps(tuple(row), 2)  # type: ignore[arg-type]


def tables(found: list[Rule]) -> dict[str, Any]:
    """Return the tables of rules: themselves, and what a run asks of all of them."""
    commands = sorted({command for rule in found for command in rule.commands})
    return {
        "RULES": {rule.code: packed(rule) for rule in found},
        "NAMES": {rule.code: rule.name for rule in found},
        "OF_RUN": tuple(rule.code for rule in found if rule.show == OF_RUN),
        "UNJUDGED": {
            rule.code: rule.unjudged_without_rows
            for rule in found
            if rule.unjudged_without_rows is not None
        },
        "PROBLEMS": {problem: rule.code for rule in found for problem in rule.problems},
        "JUDGING": {
            command: marshal.dumps([*map(tuple, grouped(found, command))], 2)
            for command in commands
        },
        "RENAMED": renamed(found),
        "CHECKS": checks(found),
    }


def checks(found: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """Return what modules of rules need of a file: one at least of these keys and facts."""
    data = _read(DATA / "checks.yaml")
    unknown = set(data) - {rule.module for rule in found}
    if unknown:
        raise SystemExit(f"checks.yaml: no rule has the module {', '.join(sorted(unknown))}")
    return {module: tuple(names) for module, names in data.items()}


def renamed(found: Iterable[Rule]) -> dict[str, str]:
    """Return the names that rules had before: name -> code."""
    data = _read(DATA / "renamed.yaml")
    names = {rule.code: rule.name for rule in found}
    for name, code in data.items():
        if code not in names or name in names.values():
            raise SystemExit(f"renamed.yaml: {name}: {code} must be a rule, and no rule named so")
    return dict(data)
