"""Files made to stall or crash a linter: each ends in a finding or in silence, and soon."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

from ftlint.engine import lint_bytes
from ftlint.project.options import Options
from ftlint.report import FORMATS, reporter
from ftlint.results import Result, Run
from ftlint.support.limits import DEFAULT
from ftlint.target.releases import resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator

SOON = 2.0
"""Seconds of processor time for one file."""

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\ncutoff_len: 10\n"
K = 1 << 10
LONG = 256 * K
"""Characters at which anything quadratic takes minutes."""

NEWEST, OLDEST = Options(resolve_target("0.9.5")), Options(resolve_target("0.9.0"))


@contextmanager
def soon() -> Iterator[None]:
    """Fail when the block takes more than `SOON`, and end it when it would never end."""

    def stop(*_: object) -> NoReturn:
        raise TimeoutError("still running")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 30)
    started = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert time.process_time() - started < SOON


def judge(data: str | bytes, options: Options = NEWEST, path: str = "c.yaml") -> Result:
    """Lint and report in every format, all of it soon; no rule may crash."""
    with soon():
        result = lint_bytes(path, data.encode() if isinstance(data, str) else data, options)
        run = Run(options.target, (result,))
        formats = FORMATS if len(result.diagnostics) < 100 else ("statistics",)
        sizes = {name: sum(map(len, reporter(name)(run, True))) for name in formats}
    crashed = [one.message for one in result.diagnostics if one.code == "FT904"]
    assert crashed == []
    count = len(result.diagnostics)
    assert all(len(one.message) < 2500 for one in result.diagnostics)
    assert max(sizes.values()) < 5000 * (count + 1)
    return result


def codes(result: Result) -> set[str]:
    return {one.code for one in result.diagnostics}


def alias_bomb(key: str, levels: int = 9, width: int = 9) -> str:
    lines = [HEAD + "a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"{key}: *a{levels - 1}", ""])


def merge_bomb(levels: int = 9, width: int = 9) -> str:
    lines = [HEAD + "x:", "  m0: &m0 {x: 1}"]
    for n in range(1, levels):
        lines += [f"  m{n}: &m{n}", f"    <<: [{', '.join([f'*m{n - 1}'] * width)}]"]
    return "\n".join([*lines, f"<<: *m{levels - 1}", ""])


def chain(length: int, item: str) -> str:
    lines = [HEAD + "x:", "  c0: &c0 {x: 1}"]
    lines += [f"  c{n}: &c{n} {item.replace('*', f'*c{n - 1}')}" for n in range(1, length)]
    return "\n".join(lines) + f"\nreport_to: *c{length - 1}\n"


@pytest.mark.parametrize("key", ["dataset", "report_to", "optim", "lr_scheduler_kwargs", "foo"])
def test_alias_bombs(key: str) -> None:
    bomb = alias_bomb(key)
    assert codes(judge(bomb)) == {"FT012"}
    assert codes(judge(bomb, OLDEST)) == {"FT905"}


@pytest.mark.parametrize(("levels", "width"), [(9, 9), (28, 2), (30, 30)])
def test_merge_bombs(levels: int, width: int) -> None:
    bomb = merge_bomb(levels, width)
    assert codes(judge(bomb)) == {"FT012"}
    assert codes(judge(bomb, OLDEST)) == {"FT905"}


@pytest.mark.parametrize("item", ["[*]", "{y: *}", "{<<: *, y: 1}"])
def test_chains_of_aliases(item: str) -> None:
    """Shallow on the page, deep to whoever follows them: Python's own stack is the bomb."""
    assert codes(judge(chain(3000, item))) == {"FT905"}
    assert "FT905" not in codes(judge(chain(20, item)))


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        ("[", "FT905"), ("{a: ", "FT905"), ("{", "FT905"), ("- ", None), ("? ", "FT905"),
        ("[{a: ", "FT905"), ("!!seq [", "FT905"), ("&a [", None),
    ],
)  # fmt: skip
def test_deep_nesting(opening: str, code: str | None) -> None:
    for options in (NEWEST, OLDEST):
        result = judge(f"{HEAD}x:\n  {opening * 5000}", options)
        assert code is None or codes(result) == {code}
        assert len(result.diagnostics) == 1
    for closing in ("", "]", "}"):
        judge(f"{HEAD}x: {opening * 60}1{closing * 60}\n")


def test_deep_indentation() -> None:
    text = HEAD + "".join(" " * n + f"k{n}:\n" for n in range(400))
    assert codes(judge(text)) == {"FT905"}


@pytest.mark.parametrize("size", [DEFAULT.scalar, DEFAULT.scalar + 1, DEFAULT.bytes + 1])
def test_one_large_scalar(size: int) -> None:
    result = judge(f"{HEAD}dataset: {'x' * size}\n")
    assert codes(result) == ({"FT905"} if size > DEFAULT.scalar else set())


@pytest.mark.parametrize("value", ["x ", "x,", "'' ", "한", "é", "😀", "a/"])
@pytest.mark.parametrize("key", ["dataset", "report_to", "learning_rate", "finetuning_type"])
def test_long_values(key: str, value: str) -> None:
    judge(f"{HEAD}{key}: '{value * (LONG // 4)}'\n")


@pytest.mark.parametrize(
    "text",
    [
        "{{", "${", "__A_", "$A", "<", "{{a", "}}{{", "%", "\\${", "${}", "${a:", "{", "_", "$",
    ],
)  # fmt: skip
def test_values_full_of_half_open_gaps(text: str) -> None:
    for options in (NEWEST, OLDEST):
        judge(f"{HEAD}dataset: '{text * (LONG // len(text))}'\n", options)


@pytest.mark.parametrize(
    "number",
    [
        "9" * LONG, "0x" + "f" * LONG, "0" * LONG, "0b" + "1" * LONG, "-" + "7" * 5000,
        "1" + ":1" * LONG, "1" + ":1" * LONG + ".5", "1." + "1" * LONG, "1e" + "9" * 5000,
        "1_" * LONG, "+." + "1" * LONG, "2024-01-01" + " " * LONG + "1", "." * LONG, "-" * LONG,
    ],
    ids=lambda number: number[:12],
)  # fmt: skip
@pytest.mark.parametrize("key", ["seed", "learning_rate", "foo"])
def test_long_numbers(key: str, number: str) -> None:
    for options in (NEWEST, OLDEST):
        judge(f"{HEAD}{key}: {number}\n", options)


@pytest.mark.parametrize("count", [3000, 9000, 20_000, 50_000])
def test_many_keys(count: int) -> None:
    text = HEAD + "".join(f"key{n}: {n}\n" for n in range(count))
    for options in (NEWEST, OLDEST):
        result = judge(text, options)
        assert result.command is None or codes(result) <= {"FT101", "FT012", "FT459", "FT905"}


def test_many_known_looking_keys() -> None:
    judge(HEAD + "".join(f"learning_rat{n}: 1e-4\n" for n in range(200)), OLDEST)


@pytest.mark.parametrize(
    "line",
    [
        "a: 1", "a:\t1", "# c", "a: 1 # c", "k:", "", " ", "a: |\n  x", "# ftlint: ignore[FT101]",
        "a: 1  # ftlint: ignore[FT101]", "# ftlint: ignore[FT1, nope, epochs-ignored]",
        "# ftlint: gpus=8", "# ftlint: x=1", "<<<<<<< HEAD", ">>>>>>> b", "- a", "? a", "a", "---",
        "'", '"', "!!x 1", "@", "{{X}}: 1", "*a", "<<: 1", "<<: {a: 1}", "2024-01-01: 1", "\\",
    ],
)  # fmt: skip
def test_one_line_many_times(line: str) -> None:
    text = HEAD + f"{line}\n" * 2000
    for options in (NEWEST, OLDEST):
        judge(text, options)


@pytest.mark.parametrize("character", list("\n\r\t #:-?&*!|>%@`'\"[]{},=~<.$\\x0한\x85\ufeff"))
def test_one_character_many_times(character: str) -> None:
    judge(HEAD + character * LONG)
    judge(f"{HEAD}foo: {character * LONG}\n", OLDEST)


@pytest.mark.parametrize(
    "piece", ["a: ", "- ", "? ", ": ", "a,", "[a:b],", "{a: 1},", "x #", "'a' "]
)
def test_one_piece_many_times_on_a_line(piece: str) -> None:
    for opening in ("", "x: ", "x: [", "x: {", "x: |\n  "):
        judge(HEAD + opening + piece * (LONG // 8 // len(piece)))


def test_old_flow_rules_are_read_twice_only_in_files_of_a_configs_size() -> None:
    """The second reading is the slow parser's: 40 times the first."""
    small = HEAD + "x: [a:b, {c:d: 1}]\n"
    assert codes(judge(small)) == {"FT101"}
    judge(HEAD + "y: [a, b, c]\n" * 5000 + "x: [a:b]\n")
    judge(HEAD + f"y: '{'z ' * LONG}'\nx: [a:b]\n")


def test_comments_with_trailing_blanks_in_brackets() -> None:
    judge(HEAD + "x: {a" + "  # c      \n" * 3000 + ", b: 1}\n")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (HEAD.encode() + b"a: \x00\n", "FT011"),
        (b"\x00" + HEAD.encode(), "FT011"),
        (HEAD.encode() + b"a: \xff\xfe\n", "FT011"),
        (HEAD.encode() + b"a: caf\xe9\n", "FT011"),
        (HEAD.encode() + b"a: \xed\xa0\x80\n", "FT011"),
        (HEAD.encode() + b"a: \x1b[31m\n", "FT011"),
        (HEAD.encode("utf-16"), "FT011"),
        (HEAD.encode("utf-16-le"), None),
        (HEAD.encode("utf-16-be"), None),
        (HEAD.encode("utf-32"), None),
        (HEAD.encode("utf-16")[:-1], "FT011"),
        (b"\xff", None),
        (b"\xff\xfe", None),
        (b"\x00" * LONG, None),
        (bytes(range(256)) * 100, None),
        (b"\x89PNG\r\n\x1a\n" + b"\x00\xff" * 5000, None),
    ],
)
def test_what_is_no_text(data: bytes, code: str | None) -> None:
    for options in (NEWEST, OLDEST):
        found = codes(judge(data, options))
        assert found == {code} if code else not found


@pytest.mark.parametrize(
    "tagged",
    [
        "!!python/object/apply:os.system ['touch /tmp/x']", "!!python/name:os.system", "!x",
        "!!binary '####'", "!!binary " + "A" * LONG, "!!int x", "!!float ''", "!!bool maybe",
        "!!timestamp 2024-99-99", "!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1, a: 2]",
        "!!map []",
        "!!seq {}", "!!str {}", "!!null x", "!<x", "!<>", "! {a: 1}", "!!merge <<",
        "!" + "a" * LONG,
        "&" + "a" * 20_000 + " 1", "!!int " + "9" * 9000, "!!timestamp " + "9" * 9000,
    ],
    ids=lambda tagged: tagged[:24],
)  # fmt: skip
def test_tags(tagged: str) -> None:
    for options in (NEWEST, OLDEST):
        result = judge(f"{HEAD}lr_scheduler_kwargs: {tagged}\n", options)
        assert result.command == "train"


def test_a_mapping_that_merges_or_holds_itself() -> None:
    for text in ("x: &x {a: *x}\n", "x: &x {<<: *x}\n", "x: &x [*x]\n", "&r x: *r\n", "x: *r\n"):
        assert codes(judge(HEAD + text)) <= {"FT001", "FT101"}
    assert codes(judge("&r\n" + HEAD + "x: *r\n")) == {"FT001"}


@pytest.mark.parametrize("path", ["c.json", "c.yaml"])
def test_json_made_to_hurt(path: str) -> None:
    head = '{"model_name_or_path": "m", "template": "qwen", "stage": "sft", '
    for text in (
        head + '"a": ' + "[" * 5000, head + '"a": ' + '{"a":' * 5000, head + '"a": "' + "\\" * LONG,
        head + '"a": ' + "9" * LONG + "}", head + '"\\ud800": 1}', head + '"a": NaN, "b": 1e999}',
        head + '"a": 1,' * 5000 + "}", "{" * LONG, '{"' * LONG, head + "\x00}", head + "// x\n}",
    ):  # fmt: skip
        for options in (NEWEST, OLDEST):
            judge(text, options, path)
