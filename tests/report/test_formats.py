"""What reports print: exact frames, valid JSON, and nothing that a terminal or a CI obeys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import ftschemas
from ftlint import __version__
from ftlint.engine import lint, lint_bytes
from ftlint.project.options import Options
from ftlint.report import FORMATS, reporter
from ftlint.results import Run
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.messages import LONGEST, LONGEST_WORD, fill, show, visible
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.rules.examples import WITHOUT, judge, load, spans
from tests.shared import CORPUS

if TYPE_CHECKING:
    from ftlint.syntax.source import Source

SCHEMA = json.loads((Path(ftschemas.__file__).parent / "report.schema.json").read_text("utf-8"))
REPORT = Draft202012Validator(SCHEMA)
HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
OPTIONS = Options(resolve_target("0.9.5"))
OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Characters that move a cursor, colour, reorder or hide."""


def run_of(text: str, path: str = "c.yaml", failures: tuple[tuple[str, str], ...] = ()) -> Run:
    result = lint_bytes(path, text.encode(), OPTIONS)
    return Run(OPTIONS.target, (result,), failures)


def lines(name: str, run: Run, colour: bool = False) -> list[str]:
    return list(reporter(name)(run, colour))


def frame(text: str) -> list[str]:
    """Return the source line and the carets of the first finding."""
    return [line[6:] for line in lines("text", run_of(text))[1:3]]


# Text


def test_a_text_report_in_full() -> None:
    text = HEAD + "learnig_rate: 1.0e-4  # 학습률\nseed: 042\n"
    assert lines("text", run_of(text, "configs/c.yaml")) == [
        "configs/c.yaml:4:1: error FT101 unknown-key",
        "  4 | learnig_rate: 1.0e-4  # 학습률",
        "    | ^^^^^^^^^^^^",
        "    = Unknown key `learnig_rate`, which LLaMA Factory 0.9.5 rejects: write"
        " `learning_rate` (misspelt). [*]",
        "",
        "configs/c.yaml:5:7: warning FT015 number-in-other-base",
        "  5 | seed: 042",
        "    |       ^^^",
        "    = YAML 1.1 reads `042` as `34` (a leading zero means octal): write `34`, or add quotes"
        " if a string is meant. [*]",
        "",
        "Found 1 error, 1 warning in 1 config for LLaMA Factory 0.9.5, transformers 5.5.4."
        " [*] 2 can be fixed with --fix.",
    ]


def test_colours_change_nothing_but_colours() -> None:
    run = run_of(HEAD + "foo: 1\nseed: 042\noutput_dir: <x>\n", failures=(("a", "b"),))
    coloured = lines("text", run, colour=True)
    assert any("\x1b[31m" in line for line in coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == lines("text", run)
    for line in coloured:
        assert line.count("\x1b[0m") * 2 == line.count("\x1b[")


@pytest.mark.parametrize(
    ("line", "shown", "carets"),
    [
        ("foo: 1", "foo: 1", "^^^"),
        ("'f o': 1", "'f o': 1", "^^^^^"),
        ("한글: 1", "한글: 1", "^^^^"),
        ("数据 x: 1", "数据 x: 1", "^^^^^^"),
        ("😀: 1", "😀: 1", "^^"),
        ("cafe\u0301: 1", "cafe\u0301: 1", "^^^^"),
        ("\u1112\u1161\u11ab: 1", "\u1112\u1161\u11ab: 1", "^^"),
        ("{한: 1, foo: 2}", None, None),
        ("fo\u200bo: 1", "fo\\u200bo: 1", "^" * 9),
        ("fo\u00a0o: 1", "fo\\xa0o: 1", "^" * 7),
        ("'f\to': 1", "'f o': 1", "^^^^^"),
        ("\ufe0ffoo: 1", "\ufe0ffoo: 1", "^^^"),
    ],
)
def test_carets_stand_below_what_they_mark(
    line: str, shown: str | None, carets: str | None
) -> None:
    if shown is None:  # flow text behind a wide letter
        flow = '{"model_name_or_path": 모델, "template": qwen, "stage": sft, foo: 2}'
        assert frame(flow) == [flow, " " * (flow.index("foo") + 2) + "^^^"]
    else:
        assert frame(f"{HEAD}{line}\n") == [shown, carets]


def test_carets_in_a_long_line_are_kept_in_sight() -> None:
    text = '{"model_name_or_path": "' + "m" * 300 + '", "template": "qwen", "foo": 1}'
    shown, carets = frame(text)
    assert len(shown) < 210
    assert shown[len(carets) - 5 : len(carets)] == '"foo"'
    assert carets.strip() == "^^^^^"
    cut, below = frame(HEAD + f"{'k' * 500}: 1\n")
    assert cut == "k" * 200 + "…"
    assert below == "^" * 201


def test_a_finding_behind_the_last_character_has_a_caret() -> None:
    result = lines("text", run_of(HEAD + "dataset: {a: [1\n"))
    assert result[0].startswith("c.yaml:4:")
    assert "^" in result[2]


@pytest.mark.parametrize(
    ("text", "failures", "last"),
    [
        (HEAD, (), "Clean: 1 config for LLaMA Factory 0.9.5, transformers 5.5.4."),
        ("a: 1\n", (), "No LLaMA Factory config found, 1 other file skipped."),
        (
            HEAD,
            (("x", "gone"),),
            "No findings in 1 config for LLaMA Factory 0.9.5, transformers 5.5.4, 1 not read.",
        ),
        (
            "a: 1\n",
            (("x", "gone"), ("y", "gone")),
            "No LLaMA Factory config found, 1 other file skipped, 2 not read.",
        ),
    ],
)
def test_the_last_line_tells_how_it_went(
    text: str, failures: tuple[tuple[str, str], ...], last: str
) -> None:
    assert lines("text", run_of(text, failures=failures))[-1] == last


# The other formats


def test_concise_has_a_line_for_each_finding() -> None:
    run = run_of(HEAD + "foo: 1\nseed: 042\n", failures=(("gone.yaml", "no such file"),))
    assert [line[:40] for line in lines("concise", run)] == [
        "gone.yaml: not read: no such file",
        "c.yaml:4:1: error FT101 Unknown key `foo",
        "c.yaml:5:7: warning FT015 YAML 1.1 reads",
    ]


def test_github_commands_point_at_the_span() -> None:
    run = run_of(HEAD + "foo: 1\nseed: 042\noutput_dir: <x>\n", "a,b:c%.yaml", (("x", "50%"),))
    assert [line.split("::", 2)[1] for line in lines("github", run)] == [
        "error file=x",
        "error file=a%2Cb%3Ac%25.yaml,line=4,endLine=4,col=1,endColumn=4,title=FT101 unknown-key",
        "warning file=a%2Cb%3Ac%25.yaml,line=5,endLine=5,col=7,endColumn=10"
        ",title=FT015 number-in-other-base",
        "notice file=a%2Cb%3Ac%25.yaml,line=6,endLine=6,col=13,endColumn=16"
        ",title=FT014 possible-placeholder",
    ]
    assert lines("github", run)[0] == "::error file=x::x: not read: 50%25"


def test_statistics_count_findings_and_files() -> None:
    results = tuple(
        lint_bytes(f"{name}.yaml", text.encode(), OPTIONS)
        for name, text in (
            ("a", HEAD + "foo: 1\nbar: 1\nseed: 042\n"), ("b", HEAD + "foo: 1\n"), ("c", "x: 1\n"),
        )
    )  # fmt: skip
    assert lines("statistics", Run(OPTIONS.target, results, (("d", "gone"),))) == [
        "     3 in    2 files  FT101  unknown-key",
        "     1 in    1 file  FT015  number-in-other-base",
        "2 configs, 1 other file, 1 unreadable",
    ]


def check_json(run: Run, sources: dict[str, Source]) -> list[dict[str, Any]]:
    """Validate both JSON formats and hold every place against the text; return the findings."""
    text = "".join(lines("json", run))
    assert OBEYED.search(text.replace("\n", "")) is None
    assert text.isascii()
    report = json.loads(text)
    REPORT.validate(report)
    assert [json.loads(line) for line in lines("jsonl", run)] == report["diagnostics"]
    assert report["tool"] == {"name": "ftlint", "version": __version__}
    counted = {"error": 0, "warning": 0, "info": 0}
    for one in report["diagnostics"]:
        counted[one["severity"]] += 1
        source = sources[one["path"]]
        for place in (one["start"], one["end"]):
            mark = (
                1 if place["line"] == 1 and source.text[:1] == "\ufeff" and place["offset"] else 0
            )
            start = source.line_starts[place["line"] - 1]
            assert place["offset"] == start + place["column"] - 1 + mark
        assert one["start"]["offset"] <= one["end"]["offset"] <= len(source.text)
        for edit in one["fix"]["edits"] if one["fix"] else ():
            assert edit["start"] <= edit["end"] <= len(source.text)
    assert report["summary"] == counted
    found: list[dict[str, Any]] = report["diagnostics"]
    return found


def test_json_in_full() -> None:
    text = "\ufeff" + HEAD.replace("\n", "\r\n") + "lr: 1.0e-4 # 한\r\n"
    run = run_of(text, "설정/c.yaml", (("x\n", "gone\x1b"),))
    check_json(run, {"설정/c.yaml": run.results[0].source})
    assert json.loads("".join(lines("json", run))) == {
        "version": 1,
        "tool": {"name": "ftlint", "version": __version__},
        "target": {"llamafactory": "0.9.5", "transformers": "5.5.4"},
        "targets": [
            {
                "id": "0.9.5+transformers-5.5.4", "llamafactory": "0.9.5", "transformers": "5.5.4",
                "source": "release", "judged_by": "0.9.5", "distribution": None, "notes": [],
                "keys_not_judged": [],
            }
        ],
        "diagnostics": [
            {
                "path": "설정/c.yaml", "code": "FT101", "name": "unknown-key", "severity": "error",
                "message": run.results[0].diagnostics[0].message, "key": "lr",
                "start": {"line": 4, "column": 1, "offset": 52},
                "end": {"line": 4, "column": 3, "offset": 54},
                "url": "https://ftlint.github.io/ftlint/rules/FT101/",
                "target": "0.9.5+transformers-5.5.4", "command": "train", "launch": None,
                "fix": {
                    "applicability": "safe", "message": "rename `lr` to `learning_rate`",
                    "edits": [{"start": 52, "end": 54, "text": "learning_rate"}],
                },
            }
        ],
        "files": {
            "checked": 1, "skipped": 0, "unreadable": [{"path": "x\n", "reason": "gone\\x1b"}],
        },
        "not_judged": [],
        "summary": {"error": 1, "warning": 0, "info": 0},
    }  # fmt: skip


@pytest.mark.shared
def test_json_of_every_rule_and_corpus_file_is_valid() -> None:
    seen = set()
    for code in BUILT_IN.rules:
        example = load(code)
        result = judge(example, spans(example.about.bad)[0])
        run = Run(example.options.target, (result,))
        seen |= {one["code"] for one in check_json(run, {result.source.path: result.source})}
    assert seen >= set(BUILT_IN.rules) - set(WITHOUT)
    results = tuple(
        lint_bytes(path.name, path.read_bytes(), OPTIONS)
        for path in sorted(CORPUS.glob("files/*"))[::3]
    )
    found = check_json(
        Run(OPTIONS.target, results), {one.source.path: one.source for one in results}
    )
    assert len(found) > 60


@pytest.mark.parametrize("spoil", ["version", "extra", "place", "severity", "control"])
def test_the_schema_refuses_what_the_report_never_is(spoil: str) -> None:
    report = json.loads("".join(lines("json", run_of(HEAD + "foo: 1\n"))))
    assert REPORT.is_valid(report)
    if spoil == "version":
        report["version"] = 2
    elif spoil == "extra":
        report["more"] = 1
    elif spoil == "place":
        report["diagnostics"][0]["start"]["column"] = 0
    elif spoil == "severity":
        report["diagnostics"][0]["severity"] = "fatal"
    else:
        report["diagnostics"][0]["message"] = "a\nb"
    assert not REPORT.is_valid(report)


# What files say must not act

ESCAPES = [
    "\\n::error::x", "\\r\\n::stop-commands::x", "\\e[31mred", "\\x07", "\\x9b31m", "\\u202egnp",
    "\\u2028", "\\t", "\\x7f", "\\0", "\\u200b", "\\e]8;;http://x\\a", "%0A::error::x", "\\ud83d",
]  # fmt: skip
PATHS = ["c.yaml", "a\n::error::b.yaml", "\x1b[31m.yaml", "::error::x.yaml", "  ::x.yaml", "\udcff"]
WRITTEN = [
    'foo{0}: 1', '"foo{0}": 1', '"{0}": 1', '"learning{0}_rate": 1', 'learning_rate: "{0}"',
    'finetuning_type: "lora{0}"', 'dataset: ["{0}", "b"]', 'stage: {{"{0}": "{0}"}}',
    'output_dir: "<{0}>"', '"a{0}": 1\n"a{0}": 2', 'x: !a{0} 1', 'x: *a{0}', 'optim: ["{0}", 1]',
    'x: 1  # ftlint: ignore[{0}]', 'x: 1  # ftlint: {0}=1', '- {0}', '"{0}',
]  # fmt: skip


@pytest.mark.parametrize("escape", ESCAPES)
def test_nothing_a_file_says_acts_on_terminal_or_ci(escape: str) -> None:
    raw = escape.encode().decode("unicode_escape") if escape[:2] != "\\e" else "\x1b[31m"
    judged = 0
    for number, written in enumerate(WRITTEN):
        for text in sorted({written.format(escape), written.format(raw.replace("\ud83d", ""))}):
            path = PATHS[number % len(PATHS)]
            result = lint_bytes(path, (HEAD + text + "\n").encode(), OPTIONS)
            run = Run(OPTIONS.target, (result,), ((path, f"no {path}"),))
            judged += len(result.diagnostics)
            for name in (*FORMATS, "statistics"):
                check_harmless(name, lines(name, run))
    assert judged > 10


def check_harmless(name: str, printed: list[str]) -> None:
    for line in printed:
        assert OBEYED.search(line) is None, repr(line)
        if name in ("json", "sarif", "gitlab"):
            continue
        assert "\n" not in line
        assert "\r" not in line
        if name == "github":
            assert re.match(r"::(error|warning|notice) file=[^:,]+(,\w+=[^:,]+)*::", line)
        else:
            assert not line.lstrip().startswith("::")


# Words


@given(st.text(), st.sampled_from([str, lambda text: [text], lambda text: {text: text}]))
@settings(deadline=None, derandomize=True)
def test_values_are_shown_on_one_printable_line(text: str, wrap: Any) -> None:
    shown = show(wrap(text))
    assert shown.isprintable()
    assert len(shown) <= 10 * LONGEST


@given(st.text())
@settings(derandomize=True)
def test_printable_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text).isprintable()
    if text.isprintable():
        assert visible(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"), (True, "true"), (False, "false"), (1.5, "1.5"), ("a b", "a b"),
        (["a", True, None, 1], "a, true, null, 1"), (10**30, "1" + "0" * 30),
        (list(range(14)), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"), ("한 😀", "한 😀"),
        ("x" * 100, "x" * (LONGEST_WORD - 1) + "…"), ("a\nb\n\nc", "a b c"), ("\xa0", "\\xa0"),
        ("y " * 300, ("y " * 300)[: LONGEST - 1] + "…"), ("a\x1bb", "a\\x1bb"),
        ("\u202e", "\\u202e"), ("\U000e0001", "\\U000e0001"),
    ],
)  # fmt: skip
def test_values_as_words(value: object, shown: str) -> None:
    assert show(value) == shown


def test_templates_keep_what_has_no_value_in_sight() -> None:
    assert fill("{a} and {b.c} of {$key}: {{x}}", {"a": 1, "b.c": "{a}"}) == (
        "1 and {a} of {$key}: {{x}}"
    )


ON_ROWS = OPTIONS._replace(select=("FT2", "FT3"))
TRAINS = HEAD + "do_train: true\nfinetuning_type: lora\noutput_dir: o\ndataset: {}\n"


def unjudged(*texts: str) -> Run:
    results = tuple(
        lint(of_text(f"{place}.yaml", text), ON_ROWS) for place, text in enumerate(texts)
    )
    return Run(OPTIONS.target, results)


def test_what_is_not_judged_is_said_in_one_line_and_nothing_is_called_clean() -> None:
    found = lines("text", unjudged(TRAINS.format("faq")))
    assert found == [
        "No findings in 1 config for LLaMA Factory 0.9.5, transformers 5.5.4.",
        "Not judged in 1 config: epochs and steps against dataset size, as the rows of faq are"
        " unknown. State them (--dataset-size faq=N), or run `ftlint record` where the data are.",
    ]
    several = [TRAINS.format(names) for names in ("a,b", "b,c", "d")]
    *_, line = lines("text", unjudged(*several, HEAD))
    assert line.startswith("Not judged in 3 configs: ")
    assert "the rows of a, b, c, … are unknown. State them (--dataset-size NAME=N)" in line


def test_json_says_what_is_not_judged_and_why() -> None:
    run = unjudged(TRAINS.format("faq"), TRAINS.format("x") + "max_steps: 500\n")
    check_json(run, {one.source.path: one.source for one in run.results})
    assert json.loads("".join(lines("json", run)))["not_judged"] == [
        {
            "path": "0.yaml", "judgements": ["epochs", "steps"], "fact": "dataset-size",
            "datasets": ["faq"], "reason": "rows of faq are unknown",
        },
        {
            "path": "1.yaml", "judgements": ["epochs"], "fact": "dataset-size",
            "datasets": ["x"], "reason": "rows of x are unknown",
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        "# ftlint: dataset-size=5000\n" + TRAINS.format("faq"),
        TRAINS.format("faq").replace("sft", "dpo") + "max_steps: 500\n",
        TRAINS.format("faq") + "a_fork: 1\nhas_keys: 2\nof_its_own: 3\n",
        TRAINS.format("faq").replace("do_train", "do_eval") + "val_size: 0.1\n",
    ],
    ids=["no run", "rows are stated", "nothing rests on rows", "a fork's", "evaluation only"],
)
def test_where_no_row_is_missing_nothing_is_said_of_it(text: str) -> None:
    run = unjudged(text)
    assert json.loads("".join(lines("json", run)))["not_judged"] == []
    assert not any("Not judged" in line for line in lines("text", run))


def test_epochs_that_are_judged_for_any_rows_are_not_called_unjudged() -> None:
    (one,) = unjudged(TRAINS.format("faq") + "num_train_epochs: 40\n").unjudged
    assert one[1].what == ("steps",)
