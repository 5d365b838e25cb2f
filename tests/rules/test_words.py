"""What ftlint says is in one form: short, keys and values in backticks, one word for one thing."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from ruamel.yaml import YAML

import ftlint
from ftlint.rulebook.registry import BUILT_IN
from ftschemas import compiled
from ftschemas.compiled import KEYS
from tests.rooms import FLOORS
from tests.rules.examples import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

LONGEST = 160
"""Characters of a message, without those of its placeholders."""

BANNED = {
    r"refus(e|es|ed|ing|al|als)": "rejects (when parsing), crashes (later)",
    r"dies?|stops? with": "crashes",
    r"trips? over": "crashes",
    r"whole numbers?": "integer",
    r"truths?": "bool",
    r"shares? of|as a share|by shares?|a share": "fraction",
    r"gaps?": "placeholder",
    r"is text|(expects|takes|or|of) text|text or": "string",
    r"wants?": "expects",
    r"speaks? of": "names",
    r"said to be": "is",
    r"is none( of)?": "is not one of",
    r"(?<!there )is no(?! longer)": "is not a",
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

LINT = Path(ftlint.__file__).parent
ROOMS = (".", *sorted(room for room in FLOORS if (LINT / room).is_dir()))
PROPER = ("Adam", "Git", "Hub", "Megatron", "Megatron's")
"""First words of summaries that are capitalised anywhere, besides those with more capitals."""

_CODE = re.compile(r"`[^`]*`")
_PLACEHOLDER = re.compile(r"\{[A-Za-z_$][\w.$]*\}|\$keys?")

_BANNED = {re.compile(rf"\b({word})\b", re.IGNORECASE): better for word, better in BANNED.items()}


def _own(placeholder: str) -> bool:
    """Return whether a placeholder stands for a key of the config, or for its value."""
    return placeholder.strip("{}") in ("$key", *KEYS)


def banned_in(plain: str) -> Iterator[str]:
    """Yield the words to avoid in a text, with what to say instead."""
    for word, better in _BANNED.items():
        if found := word.search(_PLACEHOLDER.sub("", plain)):
            yield f"{found[0]!r}: say {better}"


def in_form(text: str) -> Iterator[str]:
    """Yield what is not in form in a text of a rule."""
    plain = _CODE.sub("`", text)
    yield from banned_in(plain)
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
    for wording in data.get("instead", []):
        yield "instead", " ".join(wording["message"].split())
    for recipe in fixes if isinstance(fixes, list) else [fixes]:
        yield "fix", recipe.get("message", "")


def _complaints(data: dict[str, Any]) -> Iterator[str]:
    for field, text in _texts(data):
        for complaint in in_form(text):
            yield f"{field}: {complaint}"
    for one in (data, *data.get("instead", [])):
        for complaint in too_long(" ".join(one["message"].split())):
            yield f"message: {complaint}"


FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_words_of_a_rule_are_in_form(path: Path) -> None:
    data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    assert list(_complaints(data)) == []


def test_summaries_are_not_sentences() -> None:
    for path in FILES:
        summary = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["summary"]
        assert not summary.endswith("."), path.stem
        first = summary.split()[0]
        assert first[1:].lower() != first[1:] or first in PROPER or first[0] == first[0].lower()


def test_names_that_rules_had_lead_to_rules_of_today() -> None:
    names = {name for _, name in BUILT_IN.named()}
    for old, code in compiled.RENAMED.items():
        rule = BUILT_IN.find(old)
        assert rule is not None
        assert (rule.code, old in names) == (code, False)


def _texts_of_help(command: click.Command) -> Iterator[str]:
    """Yield the help of a command and of its options, and of the commands below it."""
    context = click.Context(command)
    yield command.help or ""
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{command.name} {option.name}: no help"
            yield option.help
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if name != "bench" and below is not None:
                yield from _texts_of_help(below)


def test_help_is_in_form() -> None:
    from ftlint.cli.commands import cli

    assert [(text, found) for text in _texts_of_help(cli) if (found := list(in_form(text)))] == []


def _is_told(text: str) -> bool:
    return " " in text.strip() and "(?" not in text


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of several words in a module that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (p.value if isinstance(p, ast.Constant) else "{…}" for p in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            known = id(node) in bare
            if not known and _is_told(node.value):
                yield node.lineno, node.value


@pytest.mark.parametrize("room", ROOMS)
def test_strings_in_the_code_use_the_words(room: str) -> None:
    found = [
        f"{path.name}:{line}: {text!r}: {complaint}"
        for path in sorted((LINT / room).glob("*.py" if room == "." else "**/*.py"))
        for line, text in _strings(path)
        for complaint in banned_in(_CODE.sub("`", text))
    ]
    assert found == []


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
