"""What a source does with a key: what counts as the same, and what as a change."""

from __future__ import annotations

import pytest

from ftlint.sources.uses import of_file
from ftlint.target.handling import Handling, keys_unlike

FUNCTION = """
def check(args):
    if args.packing and args.stage == "pt":
        raise ValueError("no")
    return args.cutoff_len
"""
KEYS = {"packing", "stage", "cutoff_len", "lora_rank", "dataset"}

SAME = {
    "white space": FUNCTION.replace("    return", "\n\n    return").replace(" and ", "  and  "),
    "another function before": "def other():\n    pass\n" + FUNCTION,
    "another statement": FUNCTION.replace("    return", "    print(args)\n    return"),
    "a list of templates": FUNCTION + 'register_template(name="x", dataset="y")\n',
}
CHANGED = {
    "the words of a refusal": (FUNCTION.replace('"no"', '"yes"'), ["packing", "stage"]),
    "a condition": (FUNCTION.replace(' and args.stage == "pt"', ""), ["packing", "stage"]),
    "one more condition": (
        FUNCTION.replace("    return", "    if args.lora_rank:\n        return 0\n    return"),
        ["lora_rank"],
    ),
    "moved under another": (
        FUNCTION.replace("    return args", "    if args:\n        return args"),
        ["cutoff_len"],
    ),
    "moved into another function": (
        FUNCTION.replace("    return", "def more(args):\n    return"), ["cutoff_len"],
    ),
}  # fmt: skip


def differences(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    here, there = of_file("a.py", text, KEYS), of_file("a.py", FUNCTION, KEYS)
    return keys_unlike(here, there)


@pytest.mark.parametrize("name", SAME)
def test_what_says_nothing_of_a_key_changes_nothing(name: str) -> None:
    assert differences(SAME[name]) == ((), ())


@pytest.mark.parametrize("name", CHANGED)
def test_a_key_is_changed_where_a_statement_that_names_it_is(name: str) -> None:
    text, keys = CHANGED[name]
    assert differences(text)[0] == tuple(keys)


def test_a_new_function_adds_and_changes_nothing() -> None:
    text = FUNCTION + "\ndef new(args):\n    return args.packing\n"
    assert differences(text) == ((), ("packing",))


def test_a_variable_that_is_called_as_its_key_says_nothing() -> None:
    text = FUNCTION + "\ndef check(args):\n    dataset = load(dataset)\n    return args.dataset\n"
    assert of_file("a.py", text, KEYS)["dataset"] != ()
    assert len(of_file("a.py", text, KEYS)["dataset"]) == 1


def test_a_rule_is_claimed_of_the_keys_that_are_left_alone() -> None:
    handling = Handling("main", ("packing",), ("stage",), (), ("cutoff_len",), ("lora_rank",))
    unlike = handling.unlike
    assert unlike(["packing", "stage"], "rejection", verified=True) == ["packing"]
    assert unlike(["stage"], "ignored", verified=True) == ["stage"]
    assert unlike(["cutoff_len"], "rejection", verified=False) == ["cutoff_len"]
    assert unlike(["cutoff_len"], "rejection", verified=True) == []
    assert unlike(["lora_rank"], "rejection", verified=False) == []
    assert unlike(["lora_rank"], "ignored", verified=False) == ["lora_rank"]
