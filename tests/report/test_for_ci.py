"""SARIF, GitLab's Code Quality and JUnit: valid by their own rules, and true to the findings."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from ftlint.engine import lint_bytes
from ftlint.project.options import Options
from ftlint.report import reporter
from ftlint.report.fingerprint import fingerprints
from ftlint.results import Result, Run
from ftlint.rulebook.registry import BUILT_IN
from ftlint.target.releases import resolve_target
from tests.rules.examples import WITHOUT, judge, load, spans

SARIF = Draft4Validator(
    json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8"))
)
OPTIONS = Options(resolve_target("0.9.5"))
HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"


def result_of(text: str, path: str = "c.yaml") -> Result:
    return lint_bytes(path, text.encode("utf-8", "surrogatepass"), OPTIONS)


def printed(name: str, run: Run) -> str:
    return "".join(f"{line}\n" for line in reporter(name)(run, False))


def run_of(*results: Result) -> Run:
    return Run(OPTIONS.target, results, (("gone.yaml", "no such file"),))


@pytest.fixture(scope="module")
def every_rule() -> Run:
    examples = map(load, sorted(BUILT_IN.rules))
    return run_of(*(judge(one, spans(one.about.bad)[0]) for one in examples))


# SARIF


def test_sarif_of_every_rule_is_valid_and_complete(every_rule: Run) -> None:
    log = json.loads(printed("sarif", every_rule))
    SARIF.validate(log)
    (whole,) = log["runs"]
    found = [one for result in every_rule.results for one in result.diagnostics]
    assert {one.code for one in found} >= set(BUILT_IN.rules) - set(WITHOUT)
    rules = whole["tool"]["driver"]["rules"]
    for one, told in zip(found, whole["results"], strict=True):
        assert rules[told["ruleIndex"]]["id"] == told["ruleId"] == one.code
        assert told["message"]["text"] == one.message
    assert len({rule["id"] for rule in rules}) == len(rules)
    (ended,) = whole["invocations"]
    assert not ended["executionSuccessful"]
    assert ended["toolExecutionNotifications"][0]["message"]["text"] == "not read: no such file"


def by_lines(text: str, region: dict[str, int]) -> tuple[int, int]:
    """Return the offsets of a region, from its lines and columns alone."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    begin = starts[region["startLine"] - 1] + region["startColumn"] - 1
    return begin, starts[region["endLine"] - 1] + region["endColumn"] - 1


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_regions_and_fixes_are_those_of_the_findings(mark: str) -> None:
    """Whoever applies a fix by SARIF's regions, of either kind, gets ftlint's own edits.

    A byte order mark is no character of the text to a reader of SARIF.
    """
    text = HEAD + "learnig_rate: 1.0e-4  # 학습률\nfp16: true\nbf16: true\nseed: 042\n"
    result = result_of(mark + text)
    log = json.loads(printed("sarif", Run(OPTIONS.target, (result,))))
    fixes = 0
    for one, told in zip(result.diagnostics, log["runs"][0]["results"], strict=True):
        region = told["locations"][0]["physicalLocation"]["region"]
        start, end = one.start - len(mark), one.end - len(mark)
        assert (start, end) == by_lines(text, region)
        assert (region["charOffset"], region["charLength"]) == (start, end - start)
        for fix in told.get("fixes", ()):
            assert one.fix is not None
            (change,) = fix["artifactChanges"]
            applied = [
                (*by_lines(text, part["deletedRegion"]), part["insertedContent"]["text"])
                for part in change["replacements"]
            ]
            assert applied == [
                (edit.start - len(mark), edit.end - len(mark), edit.text) for edit in one.fix.edits
            ]
            fixes += 1
    assert fixes >= 2


def shown_plain(quoted: str) -> str:
    """Return a URI as a path in printing characters."""
    name = unquote(quoted.removeprefix("file://"), errors="surrogateescape")
    return name.replace("\udcff", "\\udcff")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("configs/c.yaml", "configs/c.yaml"), ("./c.yaml", "c.yaml"),
        ("a b/한 %.yaml", "a%20b/%ED%95%9C%20%25.yaml"), ("/abs/c.yaml", "file:///abs/c.yaml"),
        ("\udcff.yaml", "%FF.yaml"), ("a/../b.yaml", "b.yaml"),
        (str(Path.cwd() / "configs" / "c.yaml"), "configs/c.yaml"),
    ],
)  # fmt: skip
def test_paths_are_uris(path: str, shown: str) -> None:
    run = Run(OPTIONS.target, (result_of(HEAD + "foo: 1\n", path),))
    assert json.loads(printed("gitlab", run))[0]["location"]["path"] == shown_plain(shown)
    place = json.loads(printed("sarif", run))["runs"][0]["results"][0]["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == shown


@given(st.text(), st.text())
@settings(deadline=None, derandomize=True, max_examples=60)
def test_whatever_a_file_says_both_documents_are_valid(key: str, value: str) -> None:
    text = HEAD + json.dumps({key + "x": value}, ensure_ascii=False)[1:-1] + "\nfoo: 1\n"
    run = Run(OPTIONS.target, (result_of(text),), ((value, key),))
    SARIF.validate(json.loads(printed("sarif", run)))
    ET.fromstring(printed("junit", run).encode("utf-8"))


# GitLab


def test_gitlab_has_what_it_asks_for(every_rule: Run) -> None:
    found = json.loads(printed("gitlab", every_rule))
    diagnostics = [one for result in every_rule.results for one in result.diagnostics]
    assert len(found) == len(diagnostics) + 1
    for one in found:
        assert set(one) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["location"]["lines"]["begin"] >= 1
        assert not one["location"]["path"].startswith("./")
    assert found[-1]["location"]["path"] == "gone.yaml"


def test_gitlab_is_shown_every_finding_of_a_file() -> None:
    text = HEAD + "foo: 1\nfoo: 2\nbar: 1\nseed: 042\n"
    run = Run(OPTIONS.target, (result_of(text, "./a.yaml"), result_of(text, "b.yaml")))
    found = json.loads(printed("gitlab", run))
    assert len({one["fingerprint"] for one in found}) == len(found) >= 8
    assert {one["location"]["path"] for one in found} == {"a.yaml", "b.yaml"}


# JUnit


def cases(run: Run) -> list[Any]:
    root = ET.fromstring(printed("junit", run).encode("utf-8"))
    for suites in (root, *root.findall("testsuite")):
        for kind, tag in (("failures", "failure"), ("errors", "error")):
            assert int(suites.attrib[kind]) == len(suites.findall(f".//{tag}"))
        assert int(suites.attrib["tests"]) == len(suites.findall(".//testcase"))
    return root.findall(".//testcase")


def test_junit_has_a_test_for_each_finding_and_each_clean_file(every_rule: Run) -> None:
    run = run_of(*map(result_of, (HEAD + "foo: 1\noutput_dir: <x>\n", HEAD, "x: 1\n")))
    told = [(one.attrib["name"], [child.tag for child in one]) for one in cases(run)]
    assert told == [
        ("FT101 unknown-key 4:1", ["failure"]), ("FT014 possible-placeholder 5:13", ["system-out"]),
        ("ftlint", []), ("read", ["error"]),
    ]  # fmt: skip
    assert len(cases(every_rule)) > len(BUILT_IN.rules) - len(WITHOUT)


# What a finding is known by


def prints(text: str) -> list[tuple[str, str]]:
    return [(one.code, digest) for one, digest in fingerprints(result_of(text))]


def test_a_finding_stays_the_same_when_the_file_changes_elsewhere() -> None:
    text = HEAD + "foo: 1\nseed: 042\nbar: 2\n"
    moved = "# a comment\n\n" + HEAD + "lr_scheduler_type: cosine\nfoo: 1\n\nseed: 042\nbar: 2\n"
    assert prints(text) == prints(moved)
    assert len(set(prints(text))) == 3
    other = prints(text.replace("042", "043"))
    assert [one == two for one, two in zip(prints(text), other)] == [True, False, True]


def test_findings_alike_are_told_apart_and_line_ends_do_not_count() -> None:
    text = HEAD + "include_tokens_per_second: tru\n" + "foo: 1\n" * 3
    for code in {code for code, _ in prints(text)}:
        same = [digest for one, digest in prints(text) if one == code]
        assert len(set(same)) == len(same)
    assert prints(text) == prints(text.replace("\n", "\r\n"))
