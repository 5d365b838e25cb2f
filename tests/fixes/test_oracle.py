"""The oracle objects to every kind of damage, and to nothing that is as planned."""

from __future__ import annotations

import pytest

from ftlint.diagnostics import Change, Edit
from ftlint.edits import roundtrip
from ftlint.edits.page import NoEdit, Page, read_page
from ftlint.edits.plan import splice
from ftlint.fixes import oracle
from ftlint.syntax.dialect import OMEGACONF, PYYAML
from ftlint.syntax.source import of_text

TEXT = """\
# head
stage: sft  # of training
### data
dataset: a
val_size: 0.1  # rows
targets:
  - q
  - v
rate: 1
"""


def verdict(
    edits: list[tuple[str, str]],
    changes: list[Change],
    text: str = TEXT,
) -> str | None:
    page = read_page(of_text("c.yaml", text), OMEGACONF)
    assert isinstance(page, Page)
    made = []
    for old, new in edits:
        assert text.count(old) == 1, old
        same = next(
            (i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new))
        )
        start = text.index(old)
        made.append(Edit(start + same, start + len(old), new[same:]))
    after = splice(text, made)
    witness = roundtrip.load(text)
    return oracle.objection(page, witness, tuple(made), tuple(changes), after)


DELETE = Change("delete", "val_size")


@pytest.mark.parametrize(
    ("edits", "changes"),
    [
        ([("val_size: 0.1  # rows\n", "# rows\n")], [DELETE]),
        ([("dataset: a", "dataset: b")], [Change("replace", "dataset", "b")]),
        ([("rate:", "learning_rate:")], [Change("rename", "rate", "learning_rate")]),
        ([("rate: 1", "rate: 1\nbf16: true")], [Change("insert", "bf16", "true")]),
        ([("targets:\n  - q\n  - v\n", "")], [Change("delete", "targets")]),
    ],
)
def test_what_is_planned_passes(edits: list[tuple[str, str]], changes: list[Change]) -> None:
    assert verdict(edits, changes) is None


@pytest.mark.parametrize(
    ("edits", "changes", "words"),
    [
        ([("val_size: 0.1  # rows\n", "")], [DELETE], "comment"),
        ([("### data\n", "")], [], "comment"),
        ([("# head", "# Head")], [], "comment"),
        ([("val_size: 0.1  # rows\n", "# rows\n")], [], "read val_size differently"),
        ([("dataset: a\n", "")], [Change("delete", "rate")], "read dataset differently"),
        ([("dataset: a", "dataset: b")], [Change("replace", "dataset", "c")],
         "read dataset differently"),
        ([("rate: 1", "rate: 1.0")], [Change("replace", "rate", "1")], "read rate differently"),
        ([("rate: 1", "rate: true")], [Change("replace", "rate", "1")], "read rate differently"),
        ([("  - q\n", "")], [Change("replace", "rate", "1")], "read targets differently"),
        ([("rate: 1", "rate: [1")], [Change("replace", "rate", "[1")], "not be YAML"),
        ([("rate: 1", "rate: 1\nrate: 2")], [Change("insert", "rate", "2")], "reject it"),
        ([("rate: 1", "rate: '1'")], [Change("replace", "rate", '"1"')], None),
        ([("dataset: a", "dataset:   a")], [Change("replace", "rate", "1")], "line 4 would change"),
        ([("  - q\n  - v", "- q\n- v")], [Change("replace", "rate", "1")], "would change"),
        ([("a\nval_size", "a\n\nval_size")], [], "would change"),
        ([("stage: sft", "stage: dpo")], [Change("rename", "stage", "dataset")], "already"),
        ([("stage: sft", "stage: dpo")], [Change("replace", "stages", "dpo")], "not in the file"),
    ],
)  # fmt: skip
def test_what_is_not_planned_is_objected_to(
    edits: list[tuple[str, str]], changes: list[Change], words: str | None
) -> None:
    found = verdict(edits, changes)
    assert found is None if words is None else found and words in found, found


def test_ruamel_is_asked_on_its_own() -> None:
    """`0755` is 493 to LLaMA Factory and 755 to ruamel: each is held to its own reading."""
    text = "a: 0755\nb: 1\n"
    assert verdict([("a: 0755", "a: 493")], [Change("replace", "a", "493")], text) is None
    page = read_page(of_text("c.yaml", text), PYYAML)
    assert isinstance(page, Page)
    wrong = roundtrip.load("a: 1\nb: 1\n")
    edit = (Edit(11, 12, "2"),)
    found = oracle.objection(page, wrong, edit, (Change("replace", "b", "2"),), "a: 0755\nb: 2\n")
    assert found == "ruamel.yaml would read a differently than planned"


def test_what_ruamel_cannot_read_is_not_vouched_for() -> None:
    found = verdict([("b: 1", "b: 2")], [Change("replace", "b", "2")], "a: x\ty\nb: 1\n")
    assert found is not None
    assert found.startswith("ruamel.yaml cannot read it")
    found = verdict([("b: 1", "b: 2")], [Change("replace", "b", "2")], "a: !!int 0x\nb: 1\n")
    assert found is not None
    assert found.startswith("ruamel.yaml cannot load it")


@pytest.mark.parametrize(
    "before",
    [
        "a: 1\t# why\n", "a:\t1\n", "a: [1,\t2]\t\t#\ty\n", "a: 'x\ty'\t# z\n",
        'a: "x\ty"\t# z\n', "a: |\n  x\ty\n",
    ],
)  # fmt: skip
def test_tabs_that_part_tokens_are_read_as_spaces_are(before: str) -> None:
    spaced = before.replace("\t#", " #").replace(":\t", ": ").replace(",\t", ", ")
    found = roundtrip.load(before)
    assert not isinstance(found, NoEdit)
    assert found == roundtrip.load(spaced)
    assert ("\\t" in repr(found)) == ("x\ty" in before)


def test_a_value_that_holds_itself_many_times_over_is_compared_in_time() -> None:
    one: list[object] = [1]
    other: list[object] = [1]
    for _ in range(60):
        one, other = [one, one, one], [other, other, other]
    assert oracle.same(one, other, set())
    assert not oracle.same(one, [other, other, [2]], set())
