"""A config to build on, and such as nobody would write and every editor has to survive."""

from __future__ import annotations

from hypothesis import strategies as st

TRAINING = {
    "model_name_or_path": "m",
    "stage": "sft",
    "do_train": "true",
    "finetuning_type": "lora",
    "dataset": "identity",
    "template": "qwen",
    "output_dir": "out",
}
TRAINING_TEXT = "".join(f"{key}: {value}\n" for key, value in TRAINING.items())

WORDS = [
    "lora",
    "1.0e-4",
    "no",
    "true",
    "7",
    "null",
    "~",
    "''",
    '"a # b"',
    "a#b",
    "$x",
    "saves/a b",
    "'it''s'",
    '"two\\nlines"',
    "[a, b]",
    "{x: 1, y: [2]}",
    "0x1F",
    "http://h/p",
    "한국어",
    "",
    "[a, # one\n    b]",
    "{x: 1,\n    y: 2} # end",
    '"over\n    lines"',
    "plain\n    goes on",
    "!!str 5",
    "! x",
    "&own 5",
    "*base",
    "&word lora",
    "*word",
]
BLOCKS = [
    "\n{i}- a\n{i}- b",
    "\n{i}  - a  # one\n{i}  - b",
    "\n{i}  - a\n{i}  # between\n{i}  - b",
    "\n{i}  - a\n{i}  # - off",
    "\n{i}  x: 1\n{i}  y: {{z: 2}}",
    " |\n{i}  text\n{i}  # text",
    " |-  # why\n{i}  text",
    " |+\n{i}  text\n\n",
    " >\n{i}  folded\n\n{i}  text",
    " |2\n{i}    deep",
    "\n{i}  x: |\n{i}    text",
    "\n{i}  - - a\n{i}    - b",
    " &list\n{i}  - a",
    " >-\n{i}  end\n\n\n",
    "  # of what follows\n{i}  - a",
    "\n\n{i}  - a",
    "\n{i}  value",
    " |",
]
COMMENTS = [
    "",
    "",
    "",
    "  # note",
    " # aligned",
    "\t# tab",
    "      # far",
    "  # ftlint: ignore[FT1] why",
    " #",
    "  # ### x: 1",
    " ",
    "\t",
    "  # 설명 é",
]
BETWEEN = [
    "",
    "",
    "",
    "",
    "\n",
    "\n\n",
    "### section\n",
    "# above\n",
    "    # deep\n",
    " \n",
    "# ftlint: ignore[FT5] wanted\n",
    "\n### output\n\n",
]
NAMES = ["stage", "lora_rank", "dataset", "val_size", "lr", "eval_steps", "output_dir", "템플릿"]
HEADS = ["", "", "", "# head\n", "---\n", "%YAML 1.1\n---\n", "\n", "# head\n\n", "--- # start\n"]
TAILS = ["\n", "\n", "", "\n\n", "\n# end\n", "\n...\n", "\n  # end", "\n\n\n# end\n"]
BASE = "base: &base\n  p: 1\n  val_size: 2\n"


@st.composite
def block(draw: st.DrawFn) -> str:
    """Return a mapping in block style."""
    indent = draw(st.sampled_from(["", "", "", "  "]))
    align = draw(st.sampled_from([0, 0, 12, 20]))
    colon = draw(st.sampled_from([False, False, False, True]))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    lines: list[str] = []
    based: bool = draw(st.booleans())
    if based:
        lines.append(BASE.replace("\n", "\n" + indent).rstrip(" "))
    if based and draw(st.booleans()):
        lines.append("<<: *base\n")
    for name in names:
        key = draw(st.sampled_from([name, name, name, f'"{name}"', f"'{name}'"]))
        if draw(st.integers(0, 3)):
            pad = max(align - len(key), 0) * " " if align else ""
            lead = f"{pad}: " if colon else f": {pad}"
            value = lead + draw(st.sampled_from(WORDS)) + draw(st.sampled_from(COMMENTS))
        else:
            value = ":" + draw(st.sampled_from(BLOCKS)).format(i=indent)
        lines.append(f"{key}{value}\n")
        lines.append(draw(st.sampled_from(BETWEEN)))
    body = "".join(indent + line if line.strip(" \n") else line for line in lines)
    return draw(st.sampled_from(HEADS)) + body.rstrip("\n") + draw(st.sampled_from(TAILS))


@st.composite
def flow(draw: st.DrawFn) -> str:
    """Return a mapping between braces: JSON, or YAML with comments."""
    json = draw(st.booleans())
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    gap = draw(st.sampled_from([" ", "", "\n  ", "\n"]))
    colon = draw(st.sampled_from([": ", ": ", ":" if json else ": ", " : "]))
    words = ["1", '"a, b"', "[1, 2]", '{"x": 1}', "null", "[\n    1,\n    2\n  ]"]
    comments = ["", "", ""] if json else ["", "", "  # note\n", " # x, y\n  "]
    values = words if json else [*words, "lora", "", "*word", "&word 5", "'b'"]
    parts = []
    for number, name in enumerate(names):
        key = f'"{name}"' if json else name
        value = draw(st.sampled_from(values))
        comma = "," if number + 1 < len(names) or (not json and draw(st.booleans())) else ""
        space = "" if not json and not value and draw(st.booleans()) else colon
        before = draw(st.sampled_from(comments))
        parts.append(f"{gap}{key}{space}{value}{before}{comma}{draw(st.sampled_from(comments))}")
    end = draw(st.sampled_from(["", "\n", " "]))
    return "{" + "".join(parts) + end + "}" + draw(st.sampled_from(["", "\n", "  # end\n"]))


documents = st.one_of(block(), block(), block(), flow())
