"""The exact text that each edit makes, and what it refuses to guess."""

from __future__ import annotations

import re

import pytest

from ftlint.edits import pairs, roundtrip
from ftlint.edits.page import NoEdit, Page, read_page
from ftlint.edits.plan import Plan, splice
from ftlint.fixes import oracle
from ftlint.syntax.dialect import OMEGACONF, PYYAML
from ftlint.syntax.source import BOM, of_text
from tests.fixes.sweep import FORMS, in_form

SECTIONS = """\
### model
model_name_or_path: m

### method
stage: sft
finetuning_type: lora   # adapters
lora_rank: 8            # small
lora_target: all

### eval
# held out
val_size: 0.1

### output
output_dir: out  # here
"""


def page(text: str, path: str = "c.yaml") -> Page:
    made = read_page(of_text(path, text), OMEGACONF)
    assert isinstance(made, Page), made
    return made


def plan(text: str, operation: str, *arguments: str, path: str = "c.yaml") -> Plan | NoEdit:
    if operation == "insert":
        return pairs.insert(page(text, path), *arguments, lambda name: None)  # type: ignore[arg-type,call-arg]
    return getattr(pairs, operation)(page(text, path), *arguments)  # type: ignore[no-any-return]


def result(text: str, operation: str, *arguments: str, path: str = "c.yaml") -> str:
    made = plan(text, operation, *arguments, path=path)
    assert isinstance(made, Plan), made
    after = splice(text, made.edits)
    assert (
        oracle.objection(page(text, path), roundtrip.load(text), made.edits, made.changes, after)
        is None
    )
    return after


def reason(text: str, operation: str, *arguments: str) -> str:
    made = plan(text, operation, *arguments)
    assert isinstance(made, NoEdit), splice(text, made.edits)
    return made.reason


CASES = {
    "a deleted pair leaves its comment": (
        "delete lora_rank", SECTIONS,
        SECTIONS.replace("lora_rank: 8            # small", "# small"),
    ),
    "a deleted pair without a comment is deleted": (
        "delete stage", SECTIONS, SECTIONS.replace("stage: sft\n", ""),
    ),
    "a deleted last pair without a final newline": (
        "delete b", "a: 1\nb: 2  # x", "a: 1\n# x",
    ),
    "a deleted pair below text over several lines": (
        "delete b", "a: |\n  text\nb: 2  # x\nc: 3\n", "a: |\n  text\n# x\nc: 3\n",
    ),
    "a deleted list with a comment behind its key": (
        "delete b", "a: 1\nb:  # x\n  - 1\n  - 2\nc: 3\n", "a: 1\n# x\nc: 3\n",
    ),
    "a deleted pair between braces": (
        "delete b", "{\n  a: 1,\n  b: 2, # x\n  c: 3\n}\n", "{\n  a: 1,\n  # x\n  c: 3\n}\n",
    ),
    "a deleted last pair between braces": (
        "delete b", "{\n  a: 1,\n  b: 2 # x\n}\n", "{\n  a: 1\n  # x\n}\n",
    ),
    "a deleted pair that shares its line": (
        "delete a", "{a: 1, b: 2} # x\n", "{b: 2} # x\n",
    ),
    "windows line ends around a deleted pair": (
        "delete a", BOM + "a: 1  # x\r\nb: 2\r\n", BOM + "# x\r\nb: 2\r\n",
    ),
    "a deleted pair leaves its comment the line": (
        "delete output_dir", SECTIONS, SECTIONS.replace("output_dir: out  # here", "# here"),
    ),
    "banner and comments above a deleted pair stay": (
        "delete val_size", SECTIONS, SECTIONS.replace("val_size: 0.1\n", ""),
    ),
    "a pair between blank lines takes one of them": (
        "delete b", "a: 1\n\nb: 2\n\nc: 3\n", "a: 1\n\nc: 3\n",
    ),
    "a first pair above a blank line takes it": ("delete a", "a: 1\n\nb: 2\n", "b: 2\n"),
    "a last pair below blank lines takes them": ("delete b", "a: 1\n\n\nb: 2\n", "a: 1\n"),
    "no final newline, last pair": ("delete b", "a: 1\nb: 2", "a: 1\n"),
    "byte order mark before a deleted pair": ("delete a", BOM + "a: 1\nb: 2\n", BOM + "b: 2\n"),
    "windows line ends": ("delete a", "a: 1\r\n\r\nb: 2\r\n", "b: 2\r\n"),
    "old mac line ends": ("delete b", "a: 1\rb: 2\rc: 3\r", "a: 1\rc: 3\r"),
    "a list below its key": ("delete a", "a:\n  - x\n  - y\nb: 1\n", "b: 1\n"),
    "a list at the indentation of its key": ("delete a", "a:\n- x\n- y\nb: 1\n", "b: 1\n"),
    "the comment behind the key of a list": (
        "delete a", "a:  # of x\n  - x\nb: 1\n", "# of x\nb: 1\n",
    ),
    "a commented item below a list": (
        "delete a", "a:\n  - x\n  # - y\nb: 1\n", "  # - y\nb: 1\n",
    ),
    "a block text and its header's comment": (
        "delete a", "a: |  # why\n  # text\n  more\nb: 1\n", "# why\nb: 1\n",
    ),
    "a value over several lines": ("delete a", "a: [x,\n    y]  # end\nb: 1\n", "# end\nb: 1\n"),
    "a pair of an indented root": ("delete a", "  a: 1\n  b: 2\n", "  b: 2\n"),
    "a pair that holds an anchor nobody uses": ("delete a", "a: &x 1\nb: 2\n", "b: 2\n"),
    "an alias": ("delete b", "a: &x 1\nb: *x\nc: 2\n", "a: &x 1\nc: 2\n"),
    "a pair behind a directive and before a document's end": (
        "delete b", "%YAML 1.1\n---\na: 1\nb: 2\n...\n", "%YAML 1.1\n---\na: 1\n...\n",
    ),
    "json, in the middle": (
        "delete b", '{\n  "a": 1,\n  "b": [2, 3],\n  "c": 4\n}\n', '{\n  "a": 1,\n  "c": 4\n}\n',
    ),
    "json, the last takes the comma before it": (
        "delete c", '{\n  "a": 1,\n  "b": 2,\n  "c": 4\n}\n', '{\n  "a": 1,\n  "b": 2\n}\n',
    ),
    "json on one line": ("delete a", '{"a": 1, "b": 2}', '{"b": 2}'),
    "json on one line, last": ("delete b", '{"a": 1, "b": 2}', '{"a": 1}'),
    "json, the only one": ("delete a", '{"a": 1}', "{}"),
    "flow with a trailing comma": ("delete b", "{a: 1, b: 2, }", "{a: 1, }"),
    "flow with comments on the lines": (
        "delete b", "{\n  a: 1, # one\n  b: 2, # two\n  c: 3 # three\n}\n",
        "{\n  a: 1, # one\n  # two\n  c: 3 # three\n}\n",
    ),
    "flow, last line with a comment": (
        "delete c", "{\n  a: 1, # one\n  c: 3 # three\n}\n",
        "{\n  a: 1 # one\n  # three\n}\n",
    ),
    "flow, last of a line": ("delete b", "{a: 1, b: 2,\n c: 3}", "{a: 1,\n c: 3}"),
    "a renamed key": ("rename lr learning_rate", "lr: 1\n", "learning_rate: 1\n"),
    "a renamed key keeps its quotes": ("rename lr rate", "'lr': 1\n", "'rate': 1\n"),
    "a renamed key of json": ("rename a b", '{"a": 1}', '{"b": 1}'),
    "a renamed key keeps the values' column": (
        "rename lr warmup", "lr:      1\nepochs:  2\n", "warmup:  1\nepochs:  2\n",
    ),
    "a renamed key keeps the colons' column": (
        "rename lr warmup", "lr      : 1\nepochs  : 2\n", "warmup  : 1\nepochs  : 2\n",
    ),
    "a key too long for the column": (
        "rename lr learning_rate", "lr:    1\nepoch: 2\n", "learning_rate: 1\nepoch: 2\n",
    ),
    "equal keys show no column": ("rename aa b", "aa:  1\ncc:  2\n", "b:  1\ncc:  2\n"),
    "a renamed key keeps the comments' column": (
        "rename rank lora_rank", "rank: 8       # r\nlora_alpha: 2 # a\n",
        "lora_rank: 8  # r\nlora_alpha: 2 # a\n",
    ),
    "a replaced value keeps the comments' column": (
        "replace lora_rank 128", SECTIONS,
        SECTIONS.replace("lora_rank: 8            #", "lora_rank: 128          #"),
    ),
    "a comment that lines up with nothing keeps its distance": (
        "replace output_dir saves/x", SECTIONS, SECTIONS.replace("out  #", "saves/x  #"),
    ),
    "text in quotes stays in quotes": ("replace a y", "a: 'x'  # c\n", "a: 'y'  # c\n"),
    "a number takes the quotes off": ("replace a 5", 'a: "5"\n', "a: 5\n"),
    "a value where there is none": ("replace a 5", "a:\nb: 1\n", "a: 5\nb: 1\n"),
    "a value where there is a comment": ("replace a 5", "a: # c\nb: 1\n", "a: 5 # c\nb: 1\n"),
    "a value for none between braces": ("replace a 5", "{a, b: 1}", "{a: 5, b: 1}"),
    "a word for a list": ("replace a all", "a:  # c\n  - x\n  - y\nb: 1\n", "a: all  # c\nb: 1\n"),
    "a word for a block text": ("replace a x", "a: |\n  t\n  u\nb: 1\n", "a: x\nb: 1\n"),
    "a word for an alias": ("replace b 2", "a: &x 1\nb: *x\n", "a: &x 1\nb: 2\n"),
    "a word for an anchored one that nobody uses": ("replace a 2", "a: &x 1\n", "a: &x 2\n"),
    "json gets json": ("replace a lora", '{"a": 1}', '{"a": "lora"}'),
    "text with a comma between braces": ("replace a x,y", "{a: 1, b: 2}", '{a: "x,y", b: 2}'),
    "below the nearest key of its section": (
        "insert eval_strategy steps", SECTIONS,
        SECTIONS.replace("val_size: 0.1\n", "val_size: 0.1\neval_strategy: steps\n"),
    ),
    "within the section of the methods": (
        "insert quantization_bit 4", SECTIONS,
        SECTIONS.replace("# adapters\n", "# adapters\nquantization_bit: 4\n"),
    ),
    "below a list and the items commented out": (
        "insert_after b 1 a", "a:\n  - x\n  # - y\nc: 1\n", "a:\n  - x\n  # - y\nb: 1\nc: 1\n",
    ),
    "an inserted value in the column of the others": (
        "insert_after bb 1 a", "a:     1\nccccc: 2\n", "a:     1\nbb:    1\nccccc: 2\n",
    ),
    "behind a file without final newline": ("insert_after b 1 a", "a: 1", "a: 1\nb: 1"),
    "with the line ends of the file": ("insert_after b 1 a", "a: 1\r\n", "a: 1\r\nb: 1\r\n"),
    "below a block text": (
        "insert_after b 1 a", "a: |\n  t\n\nc: 1\n", "a: |\n  t\nb: 1\n\nc: 1\n",
    ),
    "into json": (
        "insert_after b lora a",
        '{\n  "a": 1,\n  "c": 2\n}', '{\n  "a": 1,\n  "b": "lora",\n  "c": 2\n}',
    ),
    "into json at the end": (
        "insert_after b lora a", '{\n  "a": 1\n}', '{\n  "a": 1,\n  "b": "lora"\n}',
    ),
    "into json without spaces": ("insert_after b 2 a", '{"a":1,"c":2}', '{"a":1,"b":2,"c":2}'),
    "between braces behind a comment": (
        "insert_after b 2 a", "{\n  a: 1 # one\n}", "{\n  a: 1, # one\n  b: 2\n}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_edit(name: str) -> None:
    call, before, after = CASES[name]
    assert result(before, *call.split(" ")) == after


@pytest.mark.parametrize("name", [name for name in CASES if "\n" in CASES[name][1].rstrip()])
@pytest.mark.parametrize("form", FORMS)
def test_edit_in_every_form_of_the_file(name: str, form: str) -> None:
    call, before, after = CASES[name]
    operation, *arguments = call.split(" ")
    made = result(in_form(before, form), operation, *arguments)
    if form == "no final newline":  # what ends in a line break after all is for test_edit to say
        made, after = made.rstrip("\n"), after.rstrip("\n")
    assert made == in_form(after, form)


REFUSED = {
    "the only pair": ("delete a", "a: 1\n", "the only key"),
    "an anchor that is used": ("delete a", "a: &x 1\nb: *x\n", r"\*x elsewhere"),
    "an anchor inside that is used": ("delete a", "a:\n  k: &x 1\nb: *x\n", r"\*x elsewhere"),
    "a value others refer to": ("replace a 2", "a: &x 1\nb: *x\n", r"\*x elsewhere"),
    "a comment inside": ("delete a", "a:\n  - x  # one\n  - y\nb: 1\n", "inside"),
    "a comment at the last item": ("delete a", "a:\n  - x\n  - y  # two\nb: 1\n", "inside"),
    "a comment in a list to replace": ("replace a all", "a:\n  - x  # one\n  - y\n", "inside"),
    "a suppression above": (
        "delete a", "# ftlint: ignore[FT501] wanted\na: 1\nb: 2\n", "suppression",
    ),
    "a fact beside": ("delete a", "a: 1  # ftlint: gpus=8\nb: 2\n", "is for ftlint"),
    "a merged key": ("delete p", "x: &m {p: 1}\n<<: *m\ny: 1\n", "not written as a plain"),
    "a key over a merged one": ("delete p", "x: &m {p: 1}\n<<: *m\np: 2\n", "value from `<<`"),
    "a renamed key over a merged one": (
        "rename p q", "x: &m {p: 1}\n<<: *m\np: 2\n", "would still set p",
    ),
    "a key that is there": ("rename a b", "a: 1\nb: 2\n", "already in the file"),
    "an inserted key that is there": ("insert_after b 2 a", "a: 1\nb: 2\n", "already"),
    "a key written in two lines": ("delete a", "? a\n: 1\n", "not written as a plain"),
    "a key with an anchor": ("rename a b", "&k a: 1\nc: *k\n", "not written as a plain"),
    "a value with a tag": ("replace a 2", "a: !!str 1\n", "type tag"),
    "a key that stands twice": ("delete a", "a: 1\na: 2\nb: 3\n", "twice"),
    "blank lines that a text above would take": (
        "delete b", "a: |+\n  t\nb: 1\n\nc: 2\n", "part of the text above",
    ),
    "a comment that a text above would take": (
        "delete b", "a: |\n  t\nb: 1\n  # note\nc: 2\n", "part of the text above",
    ),
    "a comment below a blank line that a text above would take": (
        "delete b", "a: |\n  t\nb: 1\n\n  # note\nc: 2\n", "part of the text above",
    ),
    "the end of a text that keeps its lines": (
        "insert_after b 1 a", "a: |+\n  t\n\nc: 1\n", "reaches up to",
    ),
    "the end of a text that has no line end": ("insert_after b 1 a", "a: |\n  t", "reaches up to"),
    "the value that is there": ("replace a 1", "a: 1\n", "already"),
    "text that is no value": ("replace a {", "a: 1\n", "not a value"),
    "text that brings a comment": ("replace a x #y", "a: 1\n", "not a value on one line"),
    "a comment at the last item to replace": (
        "replace a all", "a:\n  - x\n  - y  # last\nb: 1\n", "inside",
    ),
    "a comment between braces and pair": ("delete b", "{a: 1, # one\n b: 2}", "comments next to b"),
    "lines that only YAML 1.1 breaks": ("delete a", "a: 'x\u2028y'\nb: 1\n", "line breaks"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_takes_a_guess_is_refused_with_the_reason(name: str) -> None:
    call, text, words = REFUSED[name]
    operation, *arguments = call.split(" ", 2)
    if operation == "insert_after":
        arguments = call.split(" ")[1:]
    made = read_page(of_text("c.yaml", text), OMEGACONF)
    if isinstance(made, Page):
        assert re.search(words, reason(text, operation, *arguments))
    else:
        assert words in made.reason


def test_a_file_without_keys_has_no_page() -> None:
    for text in ("", "# nothing\n", "- a\n", "just text\n", "a: [\n"):
        assert isinstance(read_page(of_text("c.yaml", text), OMEGACONF), NoEdit)


def test_a_number_is_planned_as_the_target_reads_it() -> None:
    old = read_page(of_text("c.yaml", "lr: x\n"), PYYAML)
    assert isinstance(old, Page)
    made = pairs.replace(old, "lr", "1e-4")
    assert isinstance(made, Plan)
    after = splice(old.text, made.edits)
    assert oracle.objection(old, roundtrip.load(old.text), made.edits, made.changes, after) is None
