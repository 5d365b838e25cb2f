"""The engine as a whole: it survives anything, hears suppressions, keeps to what was selected."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ftlint.rules
from ftlint.engine import lint, lint_bytes
from ftlint.loading import Config, load_text
from ftlint.project.options import Options
from ftlint.project.request import CliOptions
from ftlint.rulebook.registry import BUILT_IN
from ftlint.run.session import CLEAN, FAILED, FINDINGS, run
from ftlint.syntax.source import of_text
from ftlint.target.releases import KNOWN, resolve_target
from ftschemas import compiled
from tests.shared import CORPUS
from tests.stating import stating

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.diagnostics import Diagnostic
    from ftlint.results import Result
    from ftlint.support.disk import Disk
    from ftlint.target.classify import Command

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
NEWEST = Options(resolve_target())
TARGETS = [Options(resolve_target(version)) for version in KNOWN]

VALUES = """true false null ~ 1 0 -1 1e-4 1.5 'no' no yes [1,2] [] {} {a: 1} '' x auto all full
    sft dpo 2024-01-01 .nan .inf -.inf 010 1:30 9999999999999999999 [b,[c]] "1" {{X}} ${X} <x>
    *a &a !!str [null] [1.5] {x: {y: [1]}} 1e400 | > ? - : [ { ' " None a,b ,, 1_000 +1 steps
    epoch""".split()
KEYS = sorted(compiled.KEYS)
WRITTEN = st.lists(
    st.tuples(st.sampled_from([*KEYS, "foo", "'a'", "null", "1", "<<"]), st.sampled_from(VALUES)),
    max_size=8,
)


def found(text: str, options: Options = NEWEST, path: str = "c.yaml") -> list[tuple[str, int]]:
    """Return code and line of each finding."""
    result = lint(of_text(path, text), options)
    return [(one.code, result.source.position(one.start).line) for one in result.diagnostics]


def sound(result: Result) -> None:
    """Hold what is true of every result, whatever was read."""
    length = len(result.source.text)
    places = []
    for one in result.diagnostics:
        assert one.code != "FT904", one.message
        assert 0 <= one.start <= one.end <= length
        assert one.message
        assert one.message.isprintable()
        assert one.severity == BUILT_IN[one.code].severity
        for edit in one.fix.edits if one.fix else ():
            assert 0 <= edit.start <= edit.end <= length
        places.append(one.start)
    assert places == sorted(places)
    assert len(set(result.diagnostics)) == len(result.diagnostics)
    assert result.command is not None or result.diagnostics == ()


# Anything at all


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(), st.sampled_from(TARGETS), st.sampled_from(["train", "chat", "v1", None]))
def test_any_text_is_judged_without_an_error(text: str, options: Options, command: Command) -> None:
    sound(lint_bytes("c.yaml", text.encode(), options._replace(command=command)))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(), st.sampled_from(TARGETS))
def test_any_bytes_are_judged_without_an_error(data: bytes, options: Options) -> None:
    sound(lint_bytes("c.yaml", data, options._replace(command="train")))
    sound(lint_bytes("c.json", HEAD.encode() + data, options))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(WRITTEN, st.sampled_from(TARGETS), st.sampled_from(["c.yaml", "c.json", "<stdin>", "C.YML"]))
def test_any_values_of_any_keys_are_judged_without_an_error(
    pairs: list[tuple[str, str]], options: Options, path: str
) -> None:
    text = HEAD + "".join(f"{key}: {value}\n" for key, value in pairs)
    result = lint_bytes(path, text.encode(), options)
    sound(result)
    assert result.command is not None
    assert lint_bytes(path, text.encode(), options) == result


@pytest.mark.shared
def test_damaged_corpus_files_are_judged_without_an_error() -> None:
    files = sorted(CORPUS.glob("files/*"))
    assert len(files) > 250
    r = random.Random(20261122)
    for _ in range(300):
        text = r.choice(files).read_text("utf-8")
        for _ in range(r.randint(1, 6)):
            place, length = r.randrange(len(text) + 1), r.choice([0, 0, 1, 1, 30])
            piece = r.choice([*"#:-?'\"[]{}&*!|>\t \n\r,한\x00\\", f"\n{r.choice(KEYS)}: "])
            text = text[:place] + piece + text[place + length :]
        sound(lint_bytes("c.yaml", text.encode(), r.choice(TARGETS)))


ALL_OF_IT = """\
# ftlint: gpus=2
%s
base: &b {x: 1, "y": [1, 2]}
stage: sft  # ftlint: ignore[FT101] why
lr_scheduler_kwargs: {<<: *b, z: {{X}}}
dataset: >-
  a,
  b
learning_rate: 1e-4
? lora_rank
: !!int "8"
bf16: yes
한글: 값 😀
"""


@pytest.mark.shared
@pytest.mark.parametrize("version", ["0.9.2", "0.9.5"])
def test_a_file_cut_anywhere_is_judged_without_an_error(version: str) -> None:
    options = Options(resolve_target(version))
    files = [(CORPUS / "files" / name).read_bytes() for name in ("0012.yaml", "0470.yaml")]
    files.append((ALL_OF_IT % HEAD).encode())
    commands = set()
    for data in files:
        for cut in range(len(data) + 1):
            result = lint_bytes("c.yaml", data[:cut], options)
            sound(result)
            commands.add(result.command)
    assert commands >= {None, "train"}


# A rule that crashes


def with_rule(folder: Path, body: str, patch: pytest.MonkeyPatch) -> Options:
    """Return options under which a module with `body` judges, too."""
    name = f"broken_{abs(hash(body))}"
    (folder / f"{name}.py").write_text(body, encoding="utf-8")
    patch.setattr(ftlint.rules, "__path__", [*ftlint.rules.__path__, str(folder)])
    rule = BUILT_IN["FT101"]._replace(code="ACME001", name="broken", module=name)
    return NEWEST._replace(rules=BUILT_IN.with_policies([rule]))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def check(context):\n    raise KeyError('lost')\n", "KeyError: 'lost'"),
        ("def check(context):\n    yield 1 / 0\n", "ZeroDivisionError: division by zero"),
        ("def check(context):\n    return check(context)\n", "RecursionError: maximum recursion"),
        ("def check(context):\n    raise ValueError('\\x1b[31m\\n::error::x')\n", "ValueError: "),
        ("def check(context):\n    yield 'no finding'\n", "AttributeError"),
        ("check = None\n", "TypeError"),
        ("def check(:\n", "SyntaxError"),
    ],
)
def test_a_crashing_rule_is_named_and_all_others_run(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = with_rule(tmp_path, body, monkeypatch)
    text = HEAD + "foo: 1\nseed: 042\n"
    result = lint(of_text("c.yaml", text), options)
    assert [one.code for one in result.diagnostics if one.code != "FT904"] == ["FT101", "FT015"]
    crashed = [one for one in result.diagnostics if one.code == "FT904"]
    assert len(crashed) == 1
    assert said in crashed[0].message
    assert "broken_" in crashed[0].message
    assert crashed[0].message.isprintable()
    assert crashed[0].severity == "warning"


def test_a_rule_module_that_works_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The way in that the crashes above take is the one that findings take."""
    body = (
        "from ftlint.diagnostics import Finding\n\n\ndef check(context):\n"
        "    yield Finding('ACME001', 0, 5, 'stage', message='heard')\n"
    )
    result = lint(of_text("c.yaml", HEAD), with_rule(tmp_path, body, monkeypatch))
    assert [(one.code, one.message) for one in result.diagnostics] == [("ACME001", "heard")]


def test_a_defect_outside_of_rules_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: str, data: bytes, options: Options, disk: Disk) -> Result:
        if b"broken" in data:
            raise RuntimeError("out of order")
        return lint_bytes(path, data, options, disk)

    monkeypatch.setattr("ftlint.engine.lint_bytes", broken)
    for name, tail in (("a.yaml", "# broken\n"), ("b.yaml", "foo: 1\n")):
        (tmp_path / name).write_text(HEAD + tail, encoding="utf-8")
    report, status = run(
        CliOptions((str(tmp_path),), isolated=True), bytes, lambda done, total: None
    )
    assert status == FAILED
    assert [path for path, _ in report.failures] == [str(tmp_path / "a.yaml")]
    assert "RuntimeError: out of order" in report.failures[0][1]
    assert [one.code for result in report.results for one in result.diagnostics] == ["FT101"]
    monkeypatch.setenv("FTLINT_TRACEBACK", "1")
    with pytest.raises(RuntimeError):
        run(CliOptions((str(tmp_path),), isolated=True), bytes, lambda done, total: None)


# Suppressions

SILENT = [
    "foo: 1  # ftlint: ignore[FT101]",
    "foo: 1  # ftlint: ignore[FT101] with a reason",
    "foo: 1  # ftlint: ignore[unknown-key]",
    "foo: 1  # ftlint: ignore[Unknown-Key]",
    "foo: 1  # ftlint: ignore[ft101]",
    "foo: 1  # ftlint: ignore[FT1]",
    "foo: 1  # ftlint: ignore[FT]",
    "foo: 1  # ftlint: ignore[FT102, FT101]",
    "foo: 1  # ftlint: ignore [ FT101 , ]",
    "foo: 1  #ftlint:ignore[FT101]",
    "foo: 1  ## FTLINT: ignore[FT101]",
    "foo: 1  # yamllint disable-line # ftlint: ignore[FT101]",
    "'foo' : 1\t# ftlint: ignore[FT101]",
    "foo:  # ftlint: ignore[FT101]\n  deep: 1",
    "foo: [1,  # ftlint: ignore[FT101]\n  2]",
    "# ftlint: ignore[FT101]\nfoo: 1",
    "   # ftlint: ignore[FT101]\nfoo: 1",
    "# ftlint: ignore[FT101]\n\n\n# something else\n\nfoo: 1",
    "# ftlint: ignore-file[FT101]\nfoo: 1\nbar: 2",
    "foo: 1\nbar: 2\n# ftlint: ignore-file[FT1] at the end",
    "# ftlint: ignore-file[unknown-key]\nfoo: 1",
]

HEARD = [
    ("foo: 1\nbar: 2  # ftlint: ignore[FT101]", [("FT101", 4)]),
    ("# ftlint: ignore[FT101]\nfoo: 1\nbar: 2", [("FT101", 6)]),
    ("# ftlint: ignore[FT101]\nlora_rank: 8\nfoo: 1", [("FT901", 4), ("FT101", 6)]),
    ("foo: 1\n# ftlint: ignore[FT101]", [("FT101", 4), ("FT901", 5)]),
    ("foo:\n  deep: 1  # ftlint: ignore[FT101]", [("FT101", 4), ("FT901", 5)]),
    ("foo: |\n  # ftlint: ignore[FT101]", [("FT101", 4)]),
    ("foo: '# ftlint: ignore[FT101]'", [("FT101", 4)]),
    ("foo: 1#ftlint:ignore[FT101]", [("FT101", 4)]),
    ("foo: 1  # ftlint: ignore[FT105]", [("FT101", 4), ("FT901", 4)]),
    ("# ftlint: ignore-file[FT105]", [("FT901", 4)]),
    ("foo: 1  # ftlint: ignore[FT199]", [("FT101", 4), ("FT902", 4)]),
    ("foo: 1  # ftlint: ignore[FT101, FT199]", [("FT902", 4)]),
    ("foo: 1  # ftlint: ignore[FT1011]", [("FT101", 4), ("FT902", 4)]),
    ("foo: 1  # ftlint: ignore[unknown]", [("FT101", 4), ("FT902", 4)]),
    ("foo: 1  # ftlint: ignore[*]", [("FT101", 4), ("FT902", 4)]),
    ("foo: 1  # ftlint: ignore[FT101 FT102]", [("FT101", 4), ("FT902", 4)]),
    ("foo: 1  # ftlint: ignore[]", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # ftlint: ignore[ , ]", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # ftlint: ignore", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # ftlint: ignore[FT101", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # ftlint: ignore(FT101)", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # ftlint: disable=FT101", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # ftlint:", [("FT101", 4), ("FT903", 4)]),
    ("foo: 1  # noqa: FT101", [("FT101", 4)]),
    ("foo: 1  # about ftlint ignore[FT101]", [("FT101", 4)]),
]


@pytest.mark.parametrize("text", SILENT)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_suppressions_silence(text: str, line_end: str) -> None:
    assert "FT101" in {code for code, _ in found(f"{HEAD}{text.replace('ignore', 'xxxx')}\n")}
    assert found(f"{HEAD}{text}\n".replace("\n", line_end)) == []
    assert found(f"{HEAD}{text}".replace("\n", line_end)) == []


@pytest.mark.parametrize(("text", "expected"), HEARD)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_suppressions_silence_nothing_else(
    text: str, expected: list[tuple[str, int]], line_end: str
) -> None:
    assert sorted(found(f"{HEAD}{text}\n".replace("\n", line_end))) == sorted(expected)


def test_a_suppression_on_the_first_line_of_a_file_with_a_byte_order_mark() -> None:
    assert found(f"\ufefffoo: 1  # ftlint: ignore[FT101]\n{HEAD}") == []
    assert found(f"\ufeff# ftlint: ignore[FT101]\nfoo: 1\n{HEAD}") == []


def test_what_is_unused_is_said_of_each_comment_once_with_its_line() -> None:
    text = HEAD + "# ftlint: ignore[FT101]\n# ftlint: ignore[FT105]\nfoo: 1\n"
    result = lint(of_text("c.yaml", text), NEWEST)
    assert [(one.code, one.message) for one in result.diagnostics] == [
        ("FT901", "Unused suppression: there is no FT105 on line 6; delete the comment.")
    ]


def test_a_suppressed_rule_that_is_not_selected_counts_as_used() -> None:
    text = HEAD + "foo: 1  # ftlint: ignore[FT101]\n"
    assert found(text, NEWEST._replace(ignore=("FT101",))) == []
    assert found(text, NEWEST._replace(select=("FT9",))) == []


# Facts in comments


@pytest.mark.parametrize(
    ("comment", "facts"),
    [
        ("# ftlint: gpus=8", {"gpus": 8, "nodes": 1, "world_size": 8}),
        ("# ftlint: gpus = 8 , nodes=2", {"gpus": 8, "nodes": 2, "world_size": 16}),
        ("# ftlint: gpus=8 nodes=2", {"gpus": 8, "nodes": 2, "world_size": 16}),
        ("# ftlint: gpus=8\n# ftlint: nodes=4", {"gpus": 8, "nodes": 4, "world_size": 32}),
        ("# ftlint: gpus=2\n# ftlint: gpus=8", {"gpus": 8, "nodes": 1, "world_size": 8}),
    ],
)
def test_facts_are_stated_in_comments(comment: str, facts: dict[str, int]) -> None:
    config = load_text(of_text("c.yaml", f"{comment}\n{HEAD}"), NEWEST)
    assert isinstance(config, Config)
    known = config.context.instance.facts
    assert {name: known[name] for name in facts} == facts


def test_what_the_command_line_states_wins_over_a_comment() -> None:
    options = NEWEST._replace(given=stating(gpus=4))
    config = load_text(of_text("c.yaml", f"# ftlint: gpus=8\n{HEAD}"), options)
    assert isinstance(config, Config)
    assert config.context.instance.facts["gpus"] == 4


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("gpus=0", "`gpus` must be an integer of 1 or more, got `0"),
        ("gpus=-1", "`gpus` must be an integer of 1 or more, got `-1"),
        ("gpus=two", "`gpus` must be an integer of 1 or more, got `two"),
        ("nodes=1.5", "`nodes` must be an integer of 1 or more, got `1.5"),
        ("gpus=" + "9" * 30, "`gpus` must be an integer of 1 or more, got `9"),
        ("dataset-size=5,000", "facts are written NAME=VALUE, with commas between"),
        ("dataset-size=many", "`dataset-size` must be a number of rows"),
        ("dataset-size=a:b", "`dataset-size` must be a number of rows"),
        ("gpux=8", "unknown fact `gpux`"),
        ("gpus=8 on our box", "facts are written NAME=VALUE, with commas between"),
        ("hello", "neither an ignore comment nor a fact"),
    ],
)
def test_facts_that_are_not_understood_whole_are_not_taken(body: str, reason: str) -> None:
    text = f"# ftlint: {body}\n{HEAD}"
    assert found(text) == [("FT903", 1)]
    assert reason in lint(of_text("c.yaml", text), NEWEST).diagnostics[0].message
    config = load_text(of_text("c.yaml", text), NEWEST)
    assert isinstance(config, Config)
    assert "gpus" not in config.context.instance.facts
    assert config.context.stated.dataset_sizes == ()


# Selection


@pytest.mark.parametrize(
    ("select", "ignore", "stays"),
    [
        ("", "", True),
        ("ALL", "", True),
        ("FT101", "", True),
        ("FT1", "", True),
        ("ft1", "", True),
        ("unknown-key", "", True),
        ("FT2", "", False),
        ("FT102", "", False),
        ("removed-key", "", False),
        ("", "FT101", False),
        ("", "FT1", False),
        ("", "unknown-key", False),
        ("", "ALL", False),
        ("", "FT102", True),
        ("FT101", "FT1", True),
        ("FT1", "FT101", False),
        ("FT1", "unknown-key", False),
        ("unknown-key", "FT1", True),
        ("FT10", "FT1", True),
        ("FT1", "FT1", False),
        ("FT101", "unknown-key", False),
        ("FT101", "ALL", True),
        ("ALL", "FT1", False),
        ("ALL", "ALL", False),
        ("FT2 FT101", "FT1", True),
        ("FT1", "FT2 FT101", False),
    ],
)
def test_the_closest_selector_decides_and_ignoring_wins_a_tie(
    select: str, ignore: str, stays: bool
) -> None:
    options = NEWEST._replace(select=tuple(select.split()), ignore=tuple(ignore.split()))
    assert found(HEAD + "foo: 1\n", options) == ([("FT101", 4)] if stays else [])


# Gaps of templates


@pytest.mark.parametrize("gap", ["${LR}", "<lr>", "__LR__", "'%LR%'", "'{{LR}}'", '"{{ lr }}"'])
@pytest.mark.parametrize("key", ["learning_rate", "finetuning_type", "bf16", "deepspeed", "stage"])
def test_no_rule_rests_on_a_gap_and_it_is_mentioned(key: str, gap: str) -> None:
    rest = HEAD.replace("stage: sft\n", "stage: sft\n" if key != "stage" else "")
    rest += "" if key == "bf16" else "bf16: true\n"
    text = f"{rest}do_train: true\ndataset: d\noutput_dir: o\n{key}: {gap}\n"
    result = lint(of_text("c.yaml", text), NEWEST)
    assert [(one.code, one.severity, one.key) for one in result.diagnostics] == [
        ("FT014", "info", key)
    ]
    place: Diagnostic = result.diagnostics[0]
    assert text[place.start : place.end] == gap
    real = lint(of_text("c.yaml", text.replace(gap, "[wrong]")), NEWEST)
    assert "FT014" not in {one.code for one in real.diagnostics}


def test_an_unquoted_jinja_gap_is_an_error_of_its_own() -> None:
    text = HEAD + "dataset: {{ DATA }}\nfoo: 1\n"
    assert found(text) == [("FT013", 4), ("FT101", 5)]


# Status


@pytest.mark.parametrize(
    ("text", "fail_on", "status"),
    [
        ("", "info", CLEAN),
        ("foo: 1\n", "error", FINDINGS),
        ("seed: 042\n", "error", CLEAN),
        ("seed: 042\n", "warning", FINDINGS),
        ("seed: 042\n", None, FINDINGS),
        ("output_dir: <out>\n", None, CLEAN),
        ("output_dir: <out>\n", "warning", CLEAN),
        ("output_dir: <out>\n", "info", FINDINGS),
    ],
)
def test_the_status_follows_the_worst_finding(
    text: str, fail_on: str | None, status: int, tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text(HEAD + text, encoding="utf-8")
    request = CliOptions((str(tmp_path),), isolated=True, fail_on=fail_on)
    report, got = run(request, bytes, lambda done, total: None)
    assert report.checked == 1
    assert got == status
    assert got == CLEAN or FINDINGS == 1
