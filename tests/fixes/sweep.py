"""Every single edit of a config in every form of the file, each held against an own account."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ftlint.edits import pairs, roundtrip
from ftlint.edits.page import NoEdit, Page, read_page
from ftlint.edits.plan import Plan, splice
from ftlint.fixes import oracle
from ftlint.syntax.dialect import OMEGACONF
from ftlint.syntax.nodes import Document
from ftlint.syntax.parse import compose
from ftlint.syntax.source import BOM, of_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
FORMS = ("lf", "crlf", "bom", "no final newline")
OPERATIONS = ("delete", "rename", "replace", "insert")
NEW = "renamed_key"
VALUES = ("7", "lora", "1.0e-4", "[a, b]", '"no"', "a b/c-d", "null")


class Outcome(NamedTuple):
    """What became of one edit: `done`, `refused` with the planner's reason, or `failed`."""

    name: str
    operation: str
    verdict: str
    reason: str


def in_form(text: str, form: str) -> str:
    """Return the same config in another form of file."""
    plain = text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")
    if form == "crlf":
        return plain.replace("\n", "\r\n")
    if form == "bom":
        return BOM + plain
    if form == "no final newline":
        return plain.rstrip("\n")
    return plain


def pages(path: Path, text: str, forms: Iterable[str] = FORMS) -> Iterator[tuple[str, Page]]:
    """Yield the forms of a file that holds keys."""
    for form in forms:
        page = read_page(of_text(path.name, in_form(text, form)), OMEGACONF)
        if isinstance(page, Page):
            yield form, page


def single_edits(page: Page, step: int = 1, offset: int = 0) -> Iterator[Outcome]:
    """Try the edits at every top-level pair, or every `step`th edit from `offset` on."""
    witness = roundtrip.load(page.text)
    if isinstance(witness, NoEdit):
        return  # without the second witness no fix is made
    for number, name in enumerate(page.constructed.entries):
        for turn, operation in enumerate(OPERATIONS):
            if (number * len(OPERATIONS) + turn + offset) % step:
                continue
            plan = _plan(page, name, operation, VALUES[number % len(VALUES)])
            if isinstance(plan, NoEdit):
                yield Outcome(name, operation, "refused", plan.reason)
                continue
            reason = _fault(page, witness, plan, name, operation)
            yield Outcome(name, operation, "failed" if reason else "done", reason or "")


def _plan(page: Page, name: str, operation: str, value: str) -> Plan | NoEdit:
    if operation == "delete":
        return pairs.delete(page, name)
    if operation == "rename":
        return pairs.rename(page, name, NEW)
    if operation == "replace":
        return pairs.replace(page, name, value)
    return pairs.insert_after(page, "inserted_key", value, name)


def _fault(page: Page, witness: object, plan: Plan, name: str, operation: str) -> str | None:
    """Return what is wrong with a plan: by ftlint's own oracle, and by lines counted here."""
    after = splice(page.text, plan.edits)
    return oracle.objection(page, witness, plan.edits, plan.changes, after) or stray_change(
        page.text, after, name, operation
    )


def stray_change(before: str, after: str, name: str, operation: str) -> str | None:
    """Return what else changed but the lines of one key, told from the two texts alone."""
    changed = _form_change(before, after, operation)
    if changed is not None:
        return changed
    if before.lstrip(BOM + " \r\n").startswith("{"):
        return _stray_in_flow(before, after, name, operation)
    gone, come = _difference(_lines(before), _lines(after))
    return None if _is_meant(gone, come, name, operation) else f"{gone} became {come}"


def _form_change(before: str, after: str, operation: str) -> str | None:
    """Return what of the mark, the line ends and the comments of a file is another."""
    if before.startswith(BOM) != after.startswith(BOM):
        return "the byte order mark changed"
    if ("\r\n" in before and "\n" in after.replace("\r\n", "")) or (
        "\r\n" not in before and "\r" in after
    ):
        return "line ends are mixed"
    if before.endswith("\n") != after.endswith("\n") and operation != "delete":
        return "the end of the file changed"
    lost, new = Counter(_comments(before)), Counter(_comments(after))
    return None if new == lost else f"comments differ: {lost - new} {new - lost}"


def _is_meant(gone: list[str], come: list[str], name: str, operation: str) -> bool:
    """Return whether the lines that differ are those of the key, as the operation leaves them."""
    if operation == "insert":
        return not gone and len([line for line in come if line.strip()]) == 1
    if operation == "delete":
        written = [line for line in gone if line.strip()]
        left = [line.lstrip()[:1] for line in come]
        return bool(written) and name in written[0] and left in ([], ["#"])
    if len(come) != 1 or not gone:
        return False
    if operation == "rename":
        return _squeezed(gone[0]).replace(name, NEW, 1) == _squeezed(come[0])
    return name in come[0] or len(gone) == 1


def _stray_in_flow(before: str, after: str, name: str, operation: str) -> str | None:
    """Return what else changed between braces, commas and white space left aside."""
    gone, come = (
        "".join(part) for part in _difference(list(_squeezed(before)), list(_squeezed(after)))
    )
    right = {
        "delete": not come,
        "insert": not gone,
        "rename": gone in name and come in NEW,
        "replace": True,  # where a value ends is for the oracle to say
    }
    return None if right[operation] else f"{gone} became {come}"


def _difference(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines between the common head and the common tail."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    return old[head : len(old) - tail], new[head : len(new) - tail]


def _lines(text: str) -> list[str]:
    """Return the lines without what a neighbour may change: line ends, and commas between pairs."""
    return [line.rstrip("\r,") for line in text.removeprefix(BOM).rstrip("\r\n").split("\n")]


def _squeezed(line: str) -> str:
    return "".join(line.split()).replace(",", "")


@lru_cache(maxsize=4)  # one text has a hundred edits
def _comments(text: str) -> list[str]:
    document = compose(text)
    assert isinstance(document, Document)
    return [comment.text for comment in document.comments]
