"""Each limit gives a finding that names it, and a flag and a setting lift it; none is hung."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.project.request import CliOptions, UsageError
from ftlint.run.session import FINDINGS, run
from ftlint.support.limits import DEFAULT, HIGHEST, Limits
from tests.cli.calls import HEAD, write
from tests.hostile.inputs import CATASTROPHE, merges
from tests.moments import worked

if TYPE_CHECKING:
    from pathlib import Path

BEYOND = {
    "bytes": HEAD + "# " + "x" * DEFAULT.bytes,
    "depth": HEAD + "x: " + "[" * 64 + "1" + "]" * 64 + "\n",
    "nodes": HEAD + "x: [" + "1," * DEFAULT.nodes + "]\n",
    "keys": HEAD + "x:\n" + "".join(f"  k{n}: 1\n" for n in range(DEFAULT.keys + 1)),
    "scalar": HEAD + "run_name: " + "x" * (DEFAULT.scalar + 1) + "\n",
}
"""A text just beyond each limit on texts."""


def codes(path: Path, **asked: object) -> set[str]:
    request = CliOptions((str(path),), isolated=True, **asked)  # type: ignore[arg-type]
    report, _ = run(request, lambda most: b"", lambda done, total: None)
    return {one.code for result in report.results for one in result.diagnostics}


def told(path: Path, **asked: object) -> str:
    request = CliOptions((str(path),), isolated=True, **asked)  # type: ignore[arg-type]
    report, status = run(request, lambda most: b"", lambda done, total: None)
    assert status == FINDINGS
    return " ".join(one.message for result in report.results for one in result.diagnostics)


@pytest.mark.parametrize("name", BEYOND)
def test_a_limit_is_named_and_lifted(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "c.yaml", BEYOND[name])
    assert codes(path) == {"FT905"}
    assert f"more than {getattr(DEFAULT, name)} " in told(path)
    assert f"--limit {name}=N` raises the limit" in told(path)
    assert "FT905" not in codes(path, limits=((name, min(getattr(HIGHEST, name), 1 << 21)),))


@pytest.mark.parametrize("name", BEYOND)
def test_a_setting_does_not_lift_it_and_that_is_said(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "c.yaml", BEYOND[name])
    high = min(getattr(HIGHEST, name), 1 << 21)
    write(tmp_path / "ftlint.toml", f"[limits]\n{name} = {high}\n")
    report, _ = run(CliOptions((str(path),)), lambda m: b"", lambda d, t: None)
    assert "FT905" in {one.code for one in report.results[0].diagnostics}
    (note,) = report.notes
    assert f"`limits.{name}` of {high} is above {getattr(DEFAULT, name)}" in note
    assert f"`--limit {name}={high}`" in note
    lifted = CliOptions((str(path),), limits=((name, high),))
    report, _ = run(lifted, lambda m: b"", lambda d, t: None)
    assert "FT905" not in {one.code for one in report.results[0].diagnostics}


def test_a_setting_lowers_a_limit_and_the_command_line_lifts_it_again(tmp_path: Path) -> None:
    path = write(tmp_path / "c.yaml", HEAD + "# and so on\n" * 9)
    write(tmp_path / "ftlint.toml", "[limits]\nbytes = 60\n")
    for limits, expected in (((), {"FT905"}), ((("bytes", 4096),), set[str]())):
        report, _ = run(CliOptions((str(path),), limits=limits), lambda m: b"", lambda d, t: None)
        assert {one.code for one in report.results[0].diagnostics} == expected
        assert report.notes == ()


def test_a_fix_is_made_within_the_limits_that_were_lifted(tmp_path: Path) -> None:
    trained = "do_train: true\nfinetuning_type: lora\ndataset: x\noutput_dir: saves/run\n"
    more = f"{BEYOND['scalar']}{trained}temperature: 0.5\nmax_new_tokens: 9\n"
    path = write(tmp_path / "c.yaml", more)
    request = CliOptions((str(path),), isolated=True, limits=(("scalar", 1 << 19),))
    report, _ = run(request, lambda m: b"", lambda d, t: None)
    fixes = [one.fix for result in report.results for one in result.diagnostics if one.fix]
    assert fixes
    assert all(one.edits for one in fixes), fixes


@pytest.mark.parametrize("depth", [HIGHEST.depth])
def test_the_deepest_reading_there_is_ends_in_no_crash(tmp_path: Path, depth: int) -> None:
    limits = (("depth", depth),)
    for size in (depth - 1, depth, 5000):
        path = write(tmp_path / "c.yaml", f"{HEAD}x: {'[' * size}{']' * size}\n")
        assert codes(path, limits=limits) <= {"FT905", "FT101"}


def test_wrong_limits_are_refused(tmp_path: Path) -> None:
    for wrong in (("depth", 0), ("depth", HIGHEST.depth + 1), ("nothing", 1)):
        with pytest.raises(UsageError, match=wrong[0]):
            codes(tmp_path, limits=(wrong,))


def test_too_many_files_are_a_finding(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.yaml", HEAD)
    assert codes(tmp_path, limits=(("files", 4),)) == {"FT908"}
    assert "--limit files=N` raises the limit" in told(tmp_path, limits=(("files", 4),))
    assert codes(tmp_path, limits=(("files", 5),)) == set()


def test_a_pattern_that_never_ends_is_ended(tmp_path: Path) -> None:
    path = write(tmp_path / "c.yaml", HEAD + f"run_name: {'a' * 60}b\n")
    other = write(tmp_path / "d.yaml", HEAD)
    write(tmp_path / "p.yaml", CATASTROPHE)
    settings = write(tmp_path / "ftlint.toml", "policies = ['p.yaml']\n[limits]\nseconds = 1\n")
    started = worked()
    request = CliOptions((str(path), str(other)), config=str(settings))
    report, status = run(request, lambda most: b"", lambda done, total: None)
    assert worked() - started < 9
    assert status == FINDINGS
    assert [one.code for one in report.results[0].diagnostics] == ["FT907"]
    assert "--limit seconds=N` raises the limit" in report.results[0].diagnostics[0].message
    assert report.results[1].diagnostics == ()


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (merges(30, 9), "expansion"),
        ("[" * 5000, "levels"),
        ("x: " + "[*a, *a]", "unknown alias"),
        (CATASTROPHE.replace("(a+)+", "(a+"), "missing \\)"),
        ("a" * (1 << 19), "too large"),
        ("-" + "_" * 99, "p.yaml"),
    ],
    ids=["merge bomb", "nesting", "alias", "pattern", "size", "no number"],
)
def test_a_policy_made_to_exhaust_is_refused(tmp_path: Path, policy: str, why: str) -> None:
    write(tmp_path / "p.yaml", policy)
    settings = write(tmp_path / "ftlint.toml", "policies = ['p.yaml']\n")
    write(tmp_path / "c.yaml", HEAD)
    started = worked()
    with pytest.raises(UsageError, match=why):
        run(CliOptions((str(tmp_path),), config=str(settings)), lambda m: b"", lambda d, t: None)
    assert worked() - started < 15


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 200_000, ".".join(["a"] * 100_000) + " = 1", "gpus = " + "9" * 900_000,
        "x = '" + "a" * (1 << 20) + "'", "a = {b = " * 100_000, "\0" * 1000,
        "[[tool.ftlint.a]]\n" * 50_000,
    ],
    ids=["nesting", "dots", "digits", "size", "tables", "NUL", "array"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["ftlint.toml", "pyproject.toml"])
def test_settings_made_to_exhaust_are_refused(tmp_path: Path, text: str, name: str) -> None:
    write(tmp_path / name, "# tool.ftlint\n" + text)
    started = worked()
    with pytest.raises(UsageError, match=name):
        run(CliOptions(config=str(tmp_path / name)), lambda most: b"", lambda done, total: None)
    assert worked() - started < 15


def test_limits_stand_in_the_settings_schema() -> None:
    from ftlint.project.reading import json_schema

    assert json_schema()["properties"]["limits"]["propertyNames"]["enum"] == list(Limits._fields)
