"""Rule files and policies, as `ftlint rule test` and `ftlint rule new` take them."""

from __future__ import annotations

import os
import re

from ftlint.authoring.examples import TODO, complaints, example_of
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.addresses import SITE
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from ftlint.syntax import project_yaml
from ftschemas.named import TYPE_CHECKING, NamedTuple
from ftschemas.ruleformat import BadRule, about_of, parse, validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_BYTES = 1 << 20


class Tested(NamedTuple):
    """A rule of a file, and what is wrong with it."""

    path: str
    rule: str
    """Code and name, as far as the file has them."""
    complaints: tuple[str, ...]


class BadRuleFile(ValueError):
    """No file of rules can be read or written there; the message says why."""


def tested_rules(path: str) -> Iterator[Tested]:
    """Yield each rule of a file with what is wrong with it. Raises `BadRuleFile`."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        content = project_yaml.load(path, MAX_BYTES, Disk(project_of(folder).widened([folder])))
    except project_yaml.BadFile as error:
        raise BadRuleFile(str(error)) from None
    for data in content if isinstance(content, list) else [content]:
        named = data if isinstance(data, dict) else {}
        title = " ".join(str(named.get(field, "?")) for field in ("code", "name"))
        yield Tested(path, title, (*_misnamed(path, content, named), *_complaints(data)))


def _misnamed(path: str, content: object, named: dict[str, Any]) -> Iterator[str]:
    """Yield that the file of one rule is called by another code than the rule has."""
    called = re.match(r"([A-Z]{2,6}[0-9]{3,4})-", os.path.basename(path))
    if called and content is named and named.get("code", called[1]) != called[1]:
        yield f"code: the file is called {called[1]}"


def _complaints(data: Any) -> Iterator[str]:
    from ftschemas import compiled

    try:
        validate(data)
        rule, about = parse(data), about_of(data, compiled.BASES)
    except BadRule as error:
        yield str(error)
        return
    if rule.code.startswith("FT"):
        if "kind" not in data:
            yield "lacks `kind`, which ftlint's own rules have"
        if not rule.checks and rule.code not in BUILT_IN:
            yield "what is judged in code is tested when it is compiled in"
            return
    yield from complaints(example_of(rule, about, BUILT_IN.with_policies([rule])))


def new(code: str, name: str, version: str) -> tuple[str, str]:
    """Return code and content of a file to begin with; of `FT4` the next free code is taken."""
    if code.startswith("FT") and len(code) == len("FT4"):
        code = _free(code)
    elif code in BUILT_IN:
        raise BadRuleFile(f"{code} is taken by {BUILT_IN[code].name}: codes are never reused")
    named = BUILT_IN.find(name)
    if named is not None:
        raise BadRuleFile(f"{name} is a name of {named.code}: names are never reused")
    own = code.startswith("FT")
    text = SKELETON.format(
        code=code,
        name=name,
        todo=TODO,
        page=f"{SITE}rules/writing/",
        since=f"since: {version}\n" if own else "",
        why=f"{TODO} {_WHY if own else _WHY_OF_A_TEAM}",
        source=_SOURCE.format(todo=TODO) if own else "",
    )  # fmt: skip
    return code, text


def _free(family: str) -> str:
    """Return the first code behind all of a family; a full one goes on with four digits."""
    taken = [int(code[2:]) for code in BUILT_IN.rules if code.startswith(family)]
    first = int(family[2:])
    long = [number for number in taken if number >= 1000]
    number = max(long or taken, default=first * 100 - 1) + 1
    if not long and number >= (first + 1) * 100:
        number = first * 1000 + 100
    return f"FT{number:03}"


_WHY = "what LLaMA Factory does, what that costs, how to write it right."
_WHY_OF_A_TEAM = "the reason your team has for it, and what to write."
_SOURCE = """source: {todo} file and line of LLaMA Factory, or the run that shows it
# verified: [0.9.5]    # releases of LLaMA Factory that you ran it with
"""
"""What only ftlint's own rules owe: a team's policy holds because the team says so."""

SKELETON = """\
# One file is the check, its documentation and its tests. Replace what says {todo}, then run
#   ftlint rule test FILE
# All fields: {page}
code: {code}
name: {name}
summary: {todo} what is wrong, in one line
severity: warning        # error: LLaMA Factory rejects it or crashes; info: advice
kind: advice             # rejection: it is an error; ignored: the key is never read; data; advice
{since}# commands: [train]      # also export, chat, eval
# targets: {{llamafactory: ">=0.9.3"}}    # releases it holds for; all when absent
when:                    # JSON Schema; all of it must hold
  config:                # what the file says
    lora_rank: {{type: integer, exclusiveMinimum: 64}}
  effective:             # that over the defaults of LLaMA Factory
    finetuning_type: {{const: lora}}
at: lora_rank            # the key at which it is shown
show: value              # what is underlined there: key, value or pair
message: "`lora_rank: {{lora_rank}}` {todo} the reason: the remedy."
# fix:                   # safe: the run is the same; unsafe: it changes; display: shown only
#   applicability: unsafe
#   message: "set `lora_rank: 64`"
#   replace: {{lora_rank: "64"}}
why: |
  {why}
{source}base: sft-lora           # or sft-full, dpo-lora, inference: what the examples begin with
bad: |
  lora_rank: «128»
good: |
  lora_rank: 64
"""
