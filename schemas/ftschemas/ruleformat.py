"""The rule format: a data file becomes a `Rule`.

Used ahead of time for ftlint's own rules (schemas/compile.py) and at run time for a team's
policies. `when` stays the nested mapping it is in the file, its extensions expanded: `truthy` into
plain JSON Schema, `$key` into the keys of `for_each` or `value_of` in turn, `$other` and `$value`
into what stands beside each key there.
"""

from __future__ import annotations

import re

from ftschemas.named import TYPE_CHECKING
from ftschemas.rule import About, Check, FixRecipe, Rule, Wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ftschemas.rule import Condition, Range

FALSY: list[object] = [None, False, 0, "", [], {}]
FIRST = "0.1.0"
"""The version of ftlint that a rule came with whose file names none."""


class BadRule(ValueError):
    """A rule file that is not in the format; the message says where and why."""


def validate(data: object) -> None:
    """Raise `Malformed` unless `data` is a rule as rule.schema.json describes it.

    A condition is held against it with what `$key`, `$other` and `$value` stand for in place.
    """
    found = next(filter(None, _complaints(data)), None)
    if found is not None:
        raise BadRule(found)


def _complaints(data: object) -> Iterator[str | None]:
    from ftschemas.form import complaint, schema_of

    schema = schema_of("rule.schema.json")
    loops = ("for_each", "value_of")
    if not isinstance(data, dict) or "when" not in data or not any(map(data.__contains__, loops)):
        yield complaint(data, schema, "the rule")
        return
    yield complaint({**data, "when": {"config": {}}}, schema, "the rule")
    for one in data.get("instead", ()):
        for word in _words(one.get("of", [])):
            if not any(word in data.get(loop, ()) for loop in loops):
                yield f"instead: {word} is none of the keys that $key stands for"
    condition = {"$ref": "#/$defs/condition", "$defs": schema["$defs"]}
    for check in _checks(data):
        yield complaint(
            check.when, condition, "when", (loops["value_of" in data], check.key, "when")
        )


def parse(data: Mapping[str, Any]) -> Rule:
    """Return the rule that a validated mapping describes."""
    recipes = _recipes(data)
    targets = data.get("targets", {})
    at = data.get("at", [])
    return Rule(
        data["code"],
        data["name"],
        data["severity"],
        tuple(data.get("commands", ["train"])),
        parse_range(targets.get("llamafactory", "")),
        parse_range(targets.get("transformers", "")),
        " ".join(data["message"].split()),
        tuple(_words(at)),
        data.get("show", "key"),
        tuple(_checks(data)),
        tuple(data.get("problem", [])),
        data.get("check"),
        tuple(_fix(one) for one in recipes if "from" not in one),
        data.get("starts", False),
        data.get("kind", "advice"),
        tuple(data.get("yields_to", [])),
        tuple(word for one in recipes if "from" in one for word in _words(one["applicability"])),
        tuple(data.get("related", [])),
        data.get("together", False),
        data.get("unjudged_without_rows"),
        data.get("read_by_forks", False),
        data.get("trains_nothing", False),
        tuple(map(_wording, data.get("instead", []))),
    )


def about_of(data: Mapping[str, Any], bases: Mapping[str, str]) -> About:
    """Return what a validated mapping says to its readers, its examples in full."""
    from ftschemas.examples import BadExample, expanded

    base = data.get("base")
    try:
        bad, good = (expanded(data[name], bases, base) for name in ("bad", "good"))
    except BadExample as error:
        raise BadRule(str(error)) from None
    return About(
        data["summary"],
        data["why"],
        data.get("source", ""),
        data.get("since", FIRST),
        tuple(sorted({*data.get("verified", []), *run_with(data.get("source", ""))})),
        tuple(data.get("targets", {}).items()),
        bad,
        good,
        data.get("file", "config.yaml"),
        data.get("facts", {}),
        data.get("examples_target"),
    )


def run_with(source: str) -> set[str]:
    """Return the states of LLaMA Factory with which `source` says that it was run.

    >>> sorted(run_with("model/loader.py, 0.9.0 to 0.9.5; run with 0.9.3 to 0.9.5"))
    ['0.9.3', '0.9.4', '0.9.5']
    >>> sorted(run_with("run with 0.9.2, 0.9.4 and main")), run_with("parser.py, 0.9.5 and main")
    (['0.9.2', '0.9.4', 'main'], set())
    """
    found: set[str] = set()
    for listed in re.findall(_RUN, source):
        found.update(re.findall(r"main", listed))
        for line, first, last in re.findall(_SPAN, listed):
            found.update(f"{line}.{patch}" for patch in range(int(first), int(last or first) + 1))
    return found


_SPAN = r"(0\.9)\.(\d)(?: to 0\.9\.(\d))?"
_STATE = r"(?:main\b|0\.9\.\d(?: to 0\.9\.\d)?)"
_RUN = rf"\brun(?: with| of| under)? ({_STATE}(?:(?:,| and) {_STATE})*)"


def parse_range(text: str) -> Range:
    """Split `>=0.9.2,<0.9.5` into comparisons.

    >>> parse_range(">=0.9.2,<0.9.5")
    (('>=', (0, 9, 2)), ('<', (0, 9, 5)))
    """
    parts = []
    for part in filter(None, text.split(",")):
        operator = part[:2] if part[1] == "=" else part[0]
        parts.append((operator, tuple(map(int, part[len(operator) :].split(".")))))
    return tuple(parts)


def to_json_schema(when: Condition) -> dict[str, Any]:
    """Return the plain JSON Schema over `{config, effective, facts}` that `when` abbreviates."""
    schema: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for section in ("config", "effective", "facts"):
        if section in when:
            keys = when[section]
            schema["required"].append(section)
            schema["properties"][section] = {
                "type": "object",
                "properties": keys,
                "required": [key for key, sub in keys.items() if sub is not False],
            }
    for word in ("anyOf", "allOf"):
        if word in when:
            schema[word] = [to_json_schema(part) for part in when[word]]
    if "not" in when:
        schema["not"] = to_json_schema(when["not"])
    return schema


def _checks(data: Mapping[str, Any]) -> Iterator[Check]:
    if "when" not in data:
        return
    if "value_of" in data:
        for key, schema in data["value_of"].items():
            yield Check(key, _expand(data["when"], {"$key": key, "$value": _expand(schema, {})}))
        return
    keys = data.get("for_each")
    if keys is None:
        yield Check(None, _expand(data["when"], {}))
        return
    for key in keys:
        tokens = {"$key": key, "$other": keys[key]} if isinstance(keys, dict) else {"$key": key}
        yield Check(key, _expand(data["when"], tokens))


def _expand(value: Any, tokens: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        if value in tokens:
            return tokens[value]
        return value.replace("$key", tokens["$key"]) if "$key" in tokens else value
    if isinstance(value, list):
        return [_expand(item, tokens) for item in value]
    if not isinstance(value, dict):
        return value
    expanded = {}
    for written, item in value.items():
        key = _expand(written, tokens)
        if not isinstance(key, str):
            raise BadRule(f"{written} stands for {str(key)[:80]}, which is no key")
        expanded[key] = _expand(item, tokens)
    if isinstance(expanded.get("truthy"), bool):
        truth = expanded.pop("truthy")
        expanded.update({"not": {"enum": FALSY}} if truth else {"enum": FALSY})
    return expanded


def _words(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _recipes(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what stands under `fix`: one recipe, or several."""
    written = data.get("fix", [])
    return written if isinstance(written, list) else [written]


def _wording(data: Mapping[str, Any]) -> Wording:
    return Wording(
        " ".join(data["message"].split()),
        tuple(_words(data.get("of", []))),
        _expand(data["when"], {}) if "when" in data else None,
    )


def _fix(data: Mapping[str, Any]) -> FixRecipe:
    return FixRecipe(
        data["applicability"],
        data["message"],
        _expand(data["when"], {}) if "when" in data else None,
        tuple(data.get("delete", [])),
        tuple(data.get("rename", {}).items()),
        tuple(data.get("replace", {}).items()),
        tuple(data.get("insert", {}).items()),
    )
