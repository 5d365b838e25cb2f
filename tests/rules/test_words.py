"""What rules say is in one form: short, keys and values in backticks, one word for one thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from ftschemas.compiled import KEYS
from tests.rules.examples import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

DONE = ("FT4", "FT5", "FT6")
"""Families whose words are in this form."""

LONGEST = 160
"""Characters of a message, without those of its placeholders."""

BANNED = {
    r"refus(e|es|ed|ing|al|als)": "rejects (when parsing), crashes (later)",
    r"dies?|stops? with": "crashes",
    r"trips? over": "crashes",
    r"whole numbers?": "integer",
    r"truths?": "bool",
    r"shares?": "fraction",
    r"gaps?": "placeholder",
    r"is text|(expects|takes|or|of) text|text or": "string",
    r"wants?": "expects",
    r"speaks? of": "names",
    r"said to be": "is",
    r"is none( of)?": "is not one of",
    r"(?<!there )is no": "is not a",
    r"takes? [^.;:]* for(?! \d)": "reads … as",
    r"of which": "a sentence of its own",
    r"as (it is|they are)": "unchanged",
    r"here": "the place, or nothing",
    r"ends? well": "completes",
    r"will do": "is accepted",
    r"beside": "with",
    r"go(es)? (together|with)": "can be combined",
    r"exclude each other": "cannot be combined",
    r"anew|nobody|thereby|whatever": "plain words",
    r"ha(s|ve) no effect|without effect": "is ignored",
    r"without a word|in silence|passed over": "without a warning",
    r"wins?|overrule[sd]?": "takes precedence, overrides",
    r"go(es)? on|going on": "continues, resumes",
}
"""Words that a reader of other linters has to read twice, and what to say instead."""

_CODE = re.compile(r"`[^`]*`")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_$][\w.$]*\}|\$key")
_BANNED = {re.compile(rf"\b({word})\b", re.IGNORECASE): better for word, better in BANNED.items()}


def _own(placeholder: str) -> bool:
    """Return whether a placeholder stands for a key of the config, or for its value."""
    return placeholder.strip("{}") in ("$key", *KEYS)


def in_form(text: str) -> Iterator[str]:
    """Yield what is not in form in a text of a rule."""
    plain = _CODE.sub("`", text)
    for word, better in _BANNED.items():
        if found := word.search(plain):
            yield f"{found[0]!r}: say {better}"
    for name in re.findall(r"[a-z]\w*_\w+", _PLACEHOLDER.sub("", plain)):
        if name in KEYS:
            yield f"{name} is a key, and not in backticks"
    for name in _PLACEHOLDER.findall(plain):
        if _own(name):
            yield f"{name} is not in backticks"
    if text.count("`") % 2:
        yield "a backtick is not closed"
    for code in _CODE.findall(text):
        if (found := re.match(r"`([\w$]+) \S", code)) and _is_key(found[1]):
            yield f"{code} is not `key: value`"
    for name, value in re.findall(r"`([\w$]+)` `?(\{[\w$]+\}|true|false|\d)", text):
        if _is_key(name):
            yield f"`{name}` {value} is not `key: value`"


def _is_key(name: str) -> bool:
    return name in KEYS or name == "$key"


def too_long(message: str) -> Iterator[str]:
    """Yield by how much a message is too long."""
    length = len(_PLACEHOLDER.sub("", message))
    if length > LONGEST:
        yield f"{length} characters, {LONGEST} at most"


def _texts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    fixes = data.get("fix", [])
    for field in ("summary", "message", "why"):
        yield field, " ".join(data[field].split())
    for recipe in fixes if isinstance(fixes, list) else [fixes]:
        yield "fix", recipe.get("message", "")


def _complaints(data: dict[str, Any]) -> Iterator[str]:
    for field, text in _texts(data):
        for complaint in in_form(text):
            yield f"{field}: {complaint}"
    for complaint in too_long(" ".join(data["message"].split())):
        yield f"message: {complaint}"


FILES = [path for path in sorted(FOLDER.glob("*.yaml")) if path.name.startswith(DONE)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_words_of_a_rule_are_in_form(path: Path) -> None:
    data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert list(_complaints(data)) == []


def test_every_family_that_is_done_has_rules() -> None:
    for family in DONE:
        assert any(path.name.startswith(family) for path in FILES), family


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("LLaMA Factory refuses `val_size` with it.", "'refuses': say rejects"),
        ("The run dies at the first batch.", "'dies': say crashes"),
        ("It must be a whole number.", "'whole number': say integer"),
        ("`none` is no backend that accelerate knows.", "'is no': say is not a"),
        ("It takes the word for a module.", "say reads … as"),
        ("Set val_size to a number of rows.", "val_size is a key"),
        ("`val_size` {val_size} is a fraction.", "{val_size} is not in backticks"),
        ("$key needs a package.", "$key is not in backticks"),
        ("`max_steps {max_steps}` is ignored.", "is not `key: value`"),
        ("`$key` `{$key}` is out of range.", "is not `key: value`"),
        ("Set `streaming true`.", "is not `key: value`"),
        ("Set `max_steps: 1000.", "a backtick is not closed"),
    ],
)
def test_a_text_out_of_form_is_found(text: str, complaint: str) -> None:
    assert any(complaint in one for one in in_form(text)), list(in_form(text))


@pytest.mark.parametrize(
    "text",
    [
        "LLaMA Factory rejects `val_size: {val_size}` with `streaming: true`: set a number.",
        "transformers {facts.transformers} rejects `$key: {$key}`: use an integer.",
        "`{quantization_method}` has no such number; there is no other.",
        "Set `FORCE_TORCHRUN=1`, or run `llamafactory-cli export`.",
    ],
)
def test_a_text_in_form_is_silent(text: str) -> None:
    assert list(in_form(text)) == []


def test_placeholders_do_not_count_in_the_length() -> None:
    value = "{facts.interleave_probs_count} {$key}"
    assert list(too_long("x" * (LONGEST - 1) + value)) == []
    assert list(too_long("x" * LONGEST + value)) == ["161 characters, 160 at most"]
