"""From what a rule asks for to the fix of one file."""

from __future__ import annotations

from ftlint.diagnostics import REMOVED, Change, Edit, Fix
from ftlint.edits import pairs
from ftlint.edits.page import NoEdit, Page, edited, page_of
from ftlint.edits.plan import Plan, compose, splice
from ftlint.edits.spelling import spell
from ftlint.support.messages import fields, fill, visible
from ftlint.target.variables import is_secret, is_variable
from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ftlint.diagnostics import Applicability
    from ftlint.facts.context import Context
    from ftschemas.rule import FixRecipe

LONGEST = 80
"""Characters of a deleted value that a fix's message shows."""


def of_recipe(recipe: FixRecipe, token: str | None, context: Context) -> Fix | None:
    """Return the fix that a rule's recipe makes of this file; None when it changes nothing in it.

    `token` is what `$key` stands for. A value may name others: `{eval_steps}` is that key's value
    as written, or its effective one; `{facts.world_size}` a fact.
    """
    asked: list[Change] = []
    for change in _asked(recipe, token or "$key"):
        present = context.effective_entry(change.key) is not None
        if present == (change.kind == "insert"):
            continue  # a recipe may say both what to insert and what to replace
        text = _filled(change.text, context)
        if text is None:
            return None
        asked.append(change._replace(text=text))
    template = recipe.message.replace("$key", token or "$key")
    message = fill(template, {name: context.named(name) for name in fields(template)})
    if not asked:
        return Fix("display", message, ()) if recipe.applicability == "display" else None
    return of_changes(context, recipe.applicability, message, asked)  # type: ignore[arg-type]


def of_changes(
    context: Context, applicability: Applicability, message: str, asked: Iterable[Change]
) -> Fix:
    """Return the fix that makes these changes, one after the other.

    What cannot be done without guessing becomes a fix for display, with the reason and no edits; so
    does what would give a secret to another key.
    """
    if context.launched is not None:
        from ftlint.edits import command

        return command.of_changes(context, applicability, message, asked)
    first = page_of(context)
    page = first
    done: tuple[Edit, ...] = ()
    changes: list[Change] = []
    gone: list[str] = []
    asked = tuple(asked)
    if any(one.kind != "delete" and _is_secret(context, one.key) for one in asked):
        return Fix("display", f"{message} (by hand: no edit moves a secret)", (), asked)
    for number, change in enumerate(asked, 1):
        plan = page if isinstance(page, NoEdit) else _plan(page, change, context)
        if isinstance(plan, NoEdit):
            return Fix("display", f"{message} (by hand: {plan.reason})", (), asked)
        assert isinstance(page, Page)
        assert isinstance(first, Page)
        if change.kind == "delete":
            gone.append(_shown(page, plan.changes[0]))
        done = compose(done, plan.edits, len(first.text)) if done else plan.edits
        changes += plan.changes
        if number < len(asked):
            page = edited(page, splice(page.text, plan.edits))
    was = f"{REMOVED}{'; '.join(gone)})" if gone else ""
    return Fix(applicability, message + was, done, tuple(changes))


def _is_secret(context: Context, name: str) -> bool:
    entry = context.entries.get(name)
    return is_secret(name) and entry is not None and entry.value is not None


def _plan(page: Page, change: Change, context: Context) -> Plan | NoEdit:
    def group_of(name: str) -> str | None:
        key = context.catalogue.get(name)
        return None if key is None else key.group

    if change.kind == "delete":
        return pairs.delete(page, change.key)
    if change.kind == "rename":
        return pairs.rename(page, change.key, change.text)
    if change.kind == "replace":
        return pairs.replace(page, change.key, change.text)
    return pairs.insert(page, change.key, change.text, group_of)


def _asked(recipe: FixRecipe, token: str) -> Iterator[Change]:
    """Yield the changes a recipe names; deletions last, so that others find their neighbours."""
    for old, new in recipe.rename:
        yield Change("rename", old.replace("$key", token), new.replace("$key", token))
    for key, text in recipe.replace:
        yield Change("replace", key.replace("$key", token), text.replace("$key", token))
    for key, text in recipe.insert:
        yield Change("insert", key.replace("$key", token), text.replace("$key", token))
    for key in recipe.delete:
        yield Change("delete", key.replace("$key", token))


def _filled(text: str, context: Context) -> str | None:
    """Put values for the names in braces; None when one is not known."""
    for name in fields(text):
        section, _, rest = name.rpartition(".")
        entry = None if section else context.effective_entry(name)
        if entry is not None:
            value = context.source_text(entry) or "null"
        else:
            known = context.instance.section(section or "effective")
            if known.get(rest) is None:
                return None
            value = spell(known[rest], context.target.dialect)
        text = text.replace(f"{{{name}}}", value)
    return text


def _shown(page: Page, change: Change) -> str:
    """Return a deleted pair on one line; a secret stays one."""
    pair = page.find(change.key)
    assert not isinstance(pair, NoEdit)
    if is_secret(change.key) or is_variable(change.key):
        return f"{change.key}: …"
    value = " ".join(page.text[pair.value_start : pair.end].split())
    value = visible(value if len(value) <= LONGEST else value[: LONGEST - 1] + "…")
    return f"{change.key}: {value}"
