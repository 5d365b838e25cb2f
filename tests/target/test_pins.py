"""Versions that do not go together are told once a target; the usual pair is one that works."""

from __future__ import annotations

import itertools
import json
import re
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ftlint.rulebook.registry import BUILT_IN
from ftlint.target import pins
from ftlint.target.launchers import SWITCHES
from ftlint.target.releases import KNOWN, in_range, parse_version, resolve_target
from ftschemas import compiled
from tests.cli.calls import HEAD, invoke
from tests.sources.fork import lay_out

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = """5.6.0 5.6 5.6.0.dev0 5.6.0rc0 5.6.0rc1 5.6.0a1 5.6.0b2 5.6.0.post1 5.6.0.post1.dev1
    5.6.0rc0.dev1 5.6.0+cu124 5.6.1 5.5.9 4.57.0 4.46.0 4.46.3 4.46 4.4.6 10.0""".split()
REQUIREMENTS = (
    "<=5.6.0",
    ">=4.46.0",
    "<5.6.0",
    ">4.46",
    "!=4.46.*",
    "==5.6.*",
    "!=5.6.0",
    "==4.46",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in SWITCHES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "c.yaml").write_text(HEAD, "utf-8")
    return tmp_path


def told(*arguments: str) -> list[dict[str, Any]]:
    """Return what is said of no key of a file."""
    done = invoke("--no-cache", "--output-format", "jsonl", *arguments, "--fail-on", "error")
    assert done.status in (0, 1), done.err
    found = [json.loads(line) for line in done.out.splitlines()]
    return [one for one in found if one["key"] is None]


def codes(*arguments: str) -> list[tuple[str, str]]:
    return [(one["code"], one["severity"]) for one in told(*arguments, "c.yaml")]


def as_packaging(requirement: str, version: str) -> bool:
    """Return what `packaging` says, asked as transformers' require_version and pip ask it."""
    sign, bound = re.fullmatch(r"([<>=!]+)(.*)", requirement).groups()  # type: ignore[union-attr]
    if bound.endswith("*"):
        return SpecifierSet(requirement).contains(version, prereleases=True)
    compare = {"<=": le, ">=": ge, "<": lt, ">": gt, "==": eq, "!=": ne}[sign]
    return bool(compare(Version(version), Version(bound)))


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_takes_what_packaging_says(requirement: str) -> None:
    assert {one for one in VERSIONS if pins.takes(requirement, one)} == {
        one for one in VERSIONS if as_packaging(requirement, one)
    }


@pytest.mark.parametrize("release", KNOWN)
def test_the_usual_pair_starts_and_no_rule_says_that_it_fails(release: str) -> None:
    target = resolve_target(release)
    assert target.is_usual_pair
    assert list(pins.misfits(target, {"transformers": target.transformers})) == []
    failing = {
        bound for rule in BUILT_IN.rules.values() for sign, bound in rule.transformers
        if sign == "==" and len(rule.transformers) == 1 and rule.severity == "error"
    }  # fmt: skip
    assert failing
    assert parse_version(target.transformers) not in failing
    newest = compiled.RELEASES[release][4]
    assert parse_version(newest) in failing or newest == target.transformers


@pytest.mark.parametrize("release", KNOWN)
def test_what_is_advised_instead_goes_with_the_release(release: str) -> None:
    target = resolve_target(release)
    for package, version in itertools.product(pins.PACKAGES, ("0.1", "99.0")):
        (misfit,) = pins.misfits(target, {package: version})
        assert misfit.met == "rejected"
        assert list(pins.misfits(target, {package: misfit.works})) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--transformers 5.5.4", []),
        ("--transformers 5.12.1", [("FT4130", "error")]),
        ("--transformers 5.6.1", [("FT4130", "error")]),
        ("--transformers 4.50.3", [("FT4130", "error")]),
        ("--target 0.9.3 --transformers 4.52.0", [("FT4130", "error")]),
        ("--target 0.9.3 --transformers 4.48.0", [("FT4136", "warning")]),
        ("--target 0.9.4 --transformers 4.57.0", [("FT4136", "warning")]),
        ("--transformers 5.12.1 --fact env=DISABLE_VERSION_CHECK", [("FT4132", "info")]),
        ("--transformers 5.12.1 --fact env=DISABLE_VERSION_CHECK=true", [("FT4132", "info")]),
        ("--transformers 5.12.1 --fact env=DISABLE_VERSION_CHECK=0", [("FT4130", "error")]),
        ("--transformers 5.12.1 --fact env=USE_RAY", [("FT4130", "error")]),
        ("--transformers 5.99.0", [("FT4130", "error"), ("FT4133", "info")]),
        ("--fact installed=peft==0.21.2,trl==1.0.0", [("FT4130", "error")] * 2),
        ("--fact installed=peft==0.20.0,accelerate==1.15.0", [("FT4131", "info")] * 2),
        ("--fact installed=peft==0.18.1,trl==0.24.0,datasets==4.0.0,accelerate==1.11.0", []),
        ("--fact installed=peft,trl", []),
        ("--fact installed=datasets==none", []),
    ],
)
def test_versions_are_held_against_the_release(
    arguments: str, expected: list[tuple[str, str]]
) -> None:
    assert sorted(codes("--isolated", *arguments.split())) == expected


def test_a_finding_says_version_range_and_remedy(folder: Path) -> None:
    (one,) = told("--isolated", "--transformers", "5.12.1", "c.yaml")
    assert one["message"] == (
        "LLaMA Factory 0.9.5 rejects `transformers==5.12.1` at start-up (ImportError): it takes "
        "4.55.0 to 5.6.0. Install `transformers==5.5.4`."
    )
    assert (one["start"], one["end"]) == ({"line": 1, "column": 1, "offset": 0},) * 2


def test_a_source_is_held_against_its_own_pins(folder: Path) -> None:
    pins_of = 'def check_dependencies():\n    check_version("transformers>=4.55.0,<=5.12.1")\n'
    lay_out(folder, extras_misc=pins_of + '    check_version("trl>=0.18.0,<=1.0.0")\n')
    run = ("--isolated", "--target", "./src", "c.yaml", "--transformers")
    assert told(*run, "5.12.1", "--fact", "installed=trl==1.0.0") == []
    (one,) = told(*run, "5.20.0")
    assert one["message"] == (
        "LLaMA Factory 0.9.5.dev0 (./src) rejects `transformers==5.20.0` at start-up (ImportError):"
        " it takes 4.55.0 to 5.12.1. Install `transformers==5.12.1`."
    )


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    """Make packages look installed in this Python: by metadata before all others."""
    for package, version in versions.items():
        made = folder / "site" / f"{package}-{version}.dist-info"
        made.mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        (made / "METADATA").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(folder / "site"))


def test_auto_and_here_ask_what_is_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"transformers": "5.12.1", "peft": "0.21.2", "trl": "0.24.0"}
    installed(folder, monkeypatch, llamafactory="0.9.5", **versions)
    both = [("FT4130", "error")] * 2
    assert codes("--isolated", "--target", "auto") == both
    assert codes("--isolated", "--here") == both
    assert codes("--isolated", "--here", "--transformers", "5.5.4") == both  # and peft
    assert codes("--isolated") == []
    (folder / "ftlint.toml").write_text("target = 'auto'\n", "utf-8")
    assert codes() == both
    monkeypatch.setenv("DISABLE_VERSION_CHECK", "1")
    for options in (("--target", "auto"), ("--here",)):
        assert codes("--isolated", *options) == [("FT4132", "info")] * 2
    assert codes("--isolated", "--target", "auto", "--fact", "env=USE_RAY") == both


def test_another_release_on_this_machine_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(folder, monkeypatch, llamafactory="0.9.4")
    said = "LLaMA Factory 0.9.4 is installed, and 0.9.5 is judged: use --target auto"
    assert said in invoke("--isolated", "--here", "c.yaml").err
    for options in ((), ("--here", "--target", "0.9.5"), ("--here", "--target", "auto")):
        assert "is judged" not in invoke("--isolated", *options, "c.yaml").err


def test_what_concerns_the_run_is_told_once_a_target(folder: Path) -> None:
    for name in ("b.yaml", "sub/d.yaml", "sub/e.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(HEAD, "utf-8")
    (folder / "sub" / "ftlint.toml").write_text("target = '0.9.4'\n", "utf-8")
    found = told("--transformers", "5.12.1", ".")
    assert [(one["path"], one["code"]) for one in found] == [
        ("b.yaml", "FT4130"), ("sub/d.yaml", "FT4130"),
    ]  # fmt: skip
    (folder / "b.yaml").write_text(f"# ftlint: ignore-file[FT4130] ours\n{HEAD}", "utf-8")
    assert [one["path"] for one in told("--transformers", "5.12.1", ".")] == [
        "c.yaml", "sub/d.yaml",
    ]  # fmt: skip
    assert told("--transformers", "5.12.1", "--ignore", "FT4130", ".") == []


def test_a_baseline_knows_it_in_whichever_file_is_linted(folder: Path) -> None:
    (folder / "b.yaml").write_text(HEAD, "utf-8")
    run = ("--isolated", "--transformers", "5.12.1", "--baseline", "known.json")
    invoke(*run, "--write-baseline", ".")
    assert told(*run, "b.yaml") == told(*run, "c.yaml") == []


def test_kept_results_tell_it_once_as_well(folder: Path) -> None:
    for number in range(20):
        (folder / f"{number:02}.yaml").write_text(HEAD, "utf-8")
    run = ("--isolated", "--transformers", "5.12.1", ".")
    first, again = invoke(*run), invoke(*run)
    assert first.out.count("FT4130") == 1
    assert first.out == again.out


def test_steps_has_no_plan_for_a_run_that_does_not_start(folder: Path) -> None:
    (folder / "c.yaml").write_text(
        HEAD + "do_train: true\ndataset: d\noutput_dir: o\nfinetuning_type: lora\n", "utf-8"
    )
    run = ("steps", "--isolated", "--dataset-size", "1000", "c.yaml", "--transformers")
    assert "no plan: FT4130" in invoke(*run, "5.12.1").out
    assert "no plan" not in invoke(*run, "5.5.4").out


@pytest.mark.parametrize(
    ("line", "transformers", "fails"),
    [
        ("flash_attn: fa2", "5.6.0", True),
        ("flash_attn: fa2", "5.5.4", False),
        ("flash_attn: sdpa", "5.6.0", False),
        ("flash_attn: auto", "5.6.0", False),
        ("flash_attn: fa2\nuse_unsloth: true", "5.6.0", False),
        ("flash_attn: fa2\nmodel_name_or_path: openai/gpt-oss-20b", "5.6.0", True),  # FT4135
        ("model_name_or_path: openai/gpt-oss-20b", "5.5.4", True),
        ("model_name_or_path: openai/gpt-oss-20b", "4.57.1", False),
        ("model_name_or_path: openai/gpt-oss-20b", "4.55.4", True),
        ("model_name_or_path: models/Qwen3-4B-gpt-oss-distill", "5.5.4", False),
        ("model_name_or_path: gpt-oss-20b-distilled-to-qwen", "5.5.4", False),
    ],
)
def test_pairs_that_fail_with_a_key(
    folder: Path, line: str, transformers: str, fails: bool
) -> None:
    lines = {text.partition(":")[0]: text for text in [*HEAD.splitlines(), *line.splitlines()]}
    (folder / "c.yaml").write_text("\n".join(lines.values()) + "\n", "utf-8")
    done = invoke("--isolated", "--no-cache", "--transformers", transformers, "c.yaml")
    assert ("FT4134" in done.out or "FT4135" in done.out) is fails, done.out


def test_flash_attention_is_no_fault_where_it_is_not_installed(folder: Path) -> None:
    (folder / "c.yaml").write_text(HEAD + "flash_attn: fa2\n", "utf-8")
    run = ("--isolated", "--no-cache", "--transformers", "5.6.0", "c.yaml", "--fact")
    assert invoke(*run, "installed=torch").status == 0
    assert invoke(*run, "installed=torch,flash-attn").status == 1


@pytest.mark.parametrize("code", ["FT475", "FT489"])
def test_the_range_of_what_was_mended_after_0_9_5_ends_there(code: str) -> None:
    bounds = BUILT_IN[code].llamafactory
    assert in_range(parse_version("0.9.5"), bounds)
    assert not in_range(parse_version("0.9.6.dev0"), bounds)
