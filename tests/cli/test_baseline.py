"""A baseline hides what a project knows of, says so, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftlint.run.baseline import BadBaseline, load
from ftlint.support.containment import project_of
from ftlint.support.disk import Disk
from tests.cli.calls import invoke, write

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
BAD = HEAD + "foo: 1\nseed: 042\n"
KNOWN = "--isolated", "--baseline", "known.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*arguments: str) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    done = invoke(*KNOWN, "--output-format", "json", *arguments)
    report = json.loads(done.out)
    told = [(one["path"], one["code"]) for one in report["diagnostics"]]
    return done.status, told, report["baseline"]


def test_what_is_written_down_does_not_count(folder: Path) -> None:
    write(folder / "a.yaml", BAD)
    done = invoke(*KNOWN, "--write-baseline", ".")
    assert done.status == 0
    assert done.out.splitlines()[-1] == "Wrote 2 findings to known.json as the baseline."
    assert found(".") == (0, [], {"path": "known.json", "hidden": 2, "gone": 0})
    assert list(json.loads((folder / "known.json").read_text("utf-8"))["findings"]) == ["a.yaml"]


def test_what_is_new_counts_and_what_moved_does_not(folder: Path) -> None:
    write(folder / "a.yaml", BAD)
    invoke(*KNOWN, "--write-baseline", ".")
    write(folder / "a.yaml", "# moved\n" + BAD + "bar: 1\n")
    write(folder / "b.yaml", BAD)
    status, told, known = found(".")
    assert (status, known["hidden"], known["gone"]) == (1, 2, 0)
    assert told == [("a.yaml", "FT101"), ("b.yaml", "FT101"), ("b.yaml", "FT015")]


def test_what_is_mended_is_said_and_dropped_when_asked(folder: Path) -> None:
    write(folder / "a.yaml", BAD)
    write(folder / "b.yaml", BAD)
    invoke(*KNOWN, "--write-baseline", ".")
    write(folder / "a.yaml", HEAD + "seed: 042\n")
    shown = invoke(*KNOWN, ".").out.splitlines()
    assert shown == [
        "No new findings in 2 configs for LLaMA Factory 0.9.5, transformers 5.5.4,"
        " 1 other file skipped.",
        "Not shown: 3 findings from the baseline known.json."
        " 1 of its findings is fixed: update it with --write-baseline.",
    ]
    invoke(*KNOWN, "--write-baseline", "a.yaml")
    assert found(".")[2] == {"path": "known.json", "hidden": 3, "gone": 0}
    (folder / "b.yaml").unlink()
    invoke(*KNOWN, "--write-baseline", "a.yaml")
    assert list(json.loads((folder / "known.json").read_text("utf-8"))["findings"]) == ["a.yaml"]


def test_paths_are_told_from_the_folder_of_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "ftlint.toml").write_text('baseline = "ci/known.json"\n', "utf-8")
    for name in ("ci", "configs"):
        (folder / name).mkdir()
    write(folder / "configs" / "a.yaml", BAD)
    assert invoke("--write-baseline", "configs").status == 0
    written = json.loads((folder / "ci" / "known.json").read_text("utf-8"))
    assert list(written["findings"]) == ["../configs/a.yaml"]
    monkeypatch.chdir(folder / "configs")
    assert invoke(".").status == 0
    assert invoke("--isolated", ".").status == 1


@pytest.mark.parametrize("name", ["concise", "sarif", "github", "gitlab", "junit", "jsonl"])
def test_no_format_shows_what_is_known(folder: Path, name: str) -> None:
    write(folder / "a.yaml", BAD)
    invoke(*KNOWN, "--write-baseline", ".")
    done = invoke(*KNOWN, "--output-format", name, ".")
    assert done.status == 0
    assert "FT101" not in done.out


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no such file; create it with --write-baseline"), ("{", "not JSON"),
        ("[]", "not a baseline of version 1"), ('{"version": 2}', "not a baseline of version 1"),
        ('{"version": 1, "findings": {"a.yaml": 1}}', "`findings` must map"),
        ('{"version": 1}', "`findings` must map"), ("[" * 100_000, "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_baseline_is_refused_and_stays(
    folder: Path, text: str | None, reason: str
) -> None:
    write(folder / "a.yaml", BAD)
    if text is not None:
        (folder / "known.json").write_text(text, "utf-8")
    done = invoke(*KNOWN, ".")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("ftlint: known.json: ")
    assert reason in done.err
    if text is not None:
        assert invoke(*KNOWN, "--write-baseline", ".").status == 2
        assert (folder / "known.json").read_text("utf-8") == text


def test_wrong_usage_is_said(folder: Path) -> None:
    write(folder / "a.yaml", BAD)
    assert "--baseline FILE" in invoke("--isolated", "--write-baseline", ".").err
    assert invoke(*KNOWN, "--write-baseline", "--diff", ".").status == 2
    (folder / "ftlint.toml").write_text('baseline = "a\\u0000b"\n', "utf-8")
    assert invoke("--write-baseline", ".").status == invoke(".").status == 2
    done = invoke("--isolated", "--baseline", "none/known.json", "--write-baseline", ".")
    assert (done.status, done.err) == (2, "ftlint: none/known.json: No such file or directory\n")


JSON = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["version", "findings", "a"]), inner)
    ),
)


@given(JSON)
@settings(deadline=None, derandomize=True)
def test_any_json_is_taken_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "known.json"
    path.write_text(json.dumps(data), "utf-8")
    try:
        found = load(str(path), Disk(project_of(str(path.parent))))
    except BadBaseline as error:
        found = {str(path): {}} if str(error).startswith(str(path)) else None  # type: ignore[assignment]
    assert isinstance(found, dict)


def test_a_narrowed_run_neither_counts_nor_drops_what_it_does_not_look_for(folder: Path) -> None:
    write(folder / "a.yaml", BAD)
    invoke(*KNOWN, "--write-baseline", ".")
    assert found("--select", "FT015", ".")[2]["gone"] == 0
    done = invoke(*KNOWN, "--write-baseline", "--ignore", "FT101", ".")
    assert done.status == 2
    assert found(".")[0] == 0


def test_what_was_not_looked_at_is_never_known(folder: Path) -> None:
    for name in "ab":
        write(folder / f"{name}.yaml", BAD)
    limited = ("--limit", "files=1", ".")
    invoke(*KNOWN, "--write-baseline", *limited)
    assert "FT908" in [code for _, code in found(*limited)[1]]


def test_another_fault_at_the_end_is_another_finding(folder: Path) -> None:
    write(folder / "a.yaml", HEAD + "foo: [1,\n")
    invoke(*KNOWN, "--write-baseline", ".")
    write(folder / "a.yaml", HEAD + "foo: [1,\n\n\n")
    assert found(".")[0] == 0
    write(folder / "a.yaml", HEAD + "seed: 1\nbar: {1,\n")
    assert found(".")[0] == 1
