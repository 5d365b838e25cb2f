"""A version of which there is no source: what holds for both states around it, and only that."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from ftlint.target import pins
from ftlint.target.releases import KNOWN, MAIN, resolve_target
from ftschemas import compiled
from tests.cli.calls import HEAD, invoke

if TYPE_CHECKING:
    from pathlib import Path

    from ftlint.target.states import Target

TRAINING = HEAD + "do_train: true\ndataset: d\noutput_dir: o\nfinetuning_type: lora\nbf16: true\n"
BETWEEN = ["0.9.1.dev0", "0.9.2.dev0", "0.9.3.dev0", "0.9.4.dev0", "0.9.5.dev0", "0.9.6.dev0"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(text: str, *options: str, least: str = "warning") -> list[tuple[str, str]]:
    """Return code and message of what is said of a text."""
    run = ("--isolated", "--no-cache", "--output-format", "json", *options)
    found: dict[str, Any] = json.loads(invoke(*run, "-", stdin=text).out)
    kinds = ("error", "warning", "info")
    return [
        (one["code"], one["message"])
        for one in found["diagnostics"]
        if kinds.index(one["severity"]) <= kinds.index(least)
    ]


@pytest.mark.parametrize("name", BETWEEN)
def test_the_pair_that_judges_goes_with_both_states(name: str) -> None:
    target = resolve_target(name)
    assert target.besides is not None
    for state in (target.release, target.besides.release):
        own = resolve_target(state, target.transformers)
        assert list(pins.misfits(own, {"transformers": target.transformers})) == []


def overlap(states: list[Target], package: str) -> bool:
    """Return whether there is a version that both of two states take."""
    named = [compiled.PINS[one.release][package] for one in states]
    parts = [part for pin in named for one in pin for part in one.split(",")]
    bounds = [part[2:] for part in parts if part[1:2] == "="]
    return any(
        not list(pins.misfits(states[0], {package: one}))
        and not list(pins.misfits(states[1], {package: one}))
        for one in bounds
    )


@pytest.mark.parametrize("name", BETWEEN)
def test_what_a_package_meets_is_what_both_states_make_of_it(name: str) -> None:
    target = resolve_target(name)
    assert target.besides is not None
    states = [resolve_target(one.release) for one in (target, target.besides)]
    versions = ["0.1", "4.46.0", "4.48.0", "4.52.0", "4.52.4", "4.57.0", "5.6.0", "5.7.0", "99.0"]
    for package, version in itertools.product(pins.PACKAGES, versions):
        some = {package: version}
        of_each = [{one.met for one in pins.misfits(state, some)} for state in states]
        found = {one.met: one for one in pins.misfits(target, some)}
        if of_each[0] == of_each[1]:
            assert found.keys() == of_each[0]
        else:
            rejected = {"rejected"} in of_each
            together = "neither" if all(of_each) else "either" if rejected else None
            assert found.keys() == {*of_each[0], together} - {None}
        for met in found.keys() - {"unpinned", "excluded"}:
            works = {package: found[met].works}
            both = not any(list(pins.misfits(one, works)) for one in states)
            assert both or not list(pins.misfits(states[0], works)), (some, met)
            assert both or met in of_each[0] - of_each[1] or not overlap(states, package)


@pytest.mark.parametrize(
    ("transformers", "expected"),
    [
        (
            "6.0.0",
            [("FT4130", "LLaMA Factory 0.9.6.dev0 rejects `transformers==6.0.0` at start-up "
              "(ImportError): it takes 4.55.0 to 5.6.0 (0.9.5) or 4.55.0 to 5.8.0 (main). Install "
              "`transformers==5.5.4`.")],
        ),
        (
            "5.7.0",
            [("FT4174", "LLaMA Factory 0.9.6.dev0 may reject `transformers==5.7.0`: it takes 4.55.0"
              " to 5.6.0 (0.9.5) or 4.55.0 to 5.8.0 (main). Its source tells: `--target PATH`, or"
              " `auto` where it is installed.")],
        ),
        ("5.5.4", []),
    ],
)  # fmt: skip
def test_limits_are_said_of_the_state_that_has_them(
    transformers: str, expected: list[tuple[str, str]]
) -> None:
    found = told(TRAINING, "--target", "0.9.6.dev0", "--transformers", transformers, least="info")
    assert [one for one in found if one[0] != "FT4133"] == expected


def test_a_version_that_neither_takes_and_each_in_its_way() -> None:
    ((code, message),) = told(TRAINING, "--target", "0.9.4.dev0", "--transformers", "4.57.0")
    assert code == "FT4173"
    assert message == (
        "LLaMA Factory 0.9.4.dev0 takes `transformers` 4.45.0 to 4.52.4 (0.9.3) or 4.51.0 to 4.57.1"
        " without 4.57.0 (0.9.4), not 4.57.0. Install `transformers==4.52.4`."
    )
    off = ("--fact", "env=DISABLE_VERSION_CHECK")
    found = told(TRAINING, "--target", "0.9.4.dev0", "--transformers", "4.57.0", *off, least="info")
    assert [code for code, _ in found] == ["FT4132"]


def test_two_states_that_end_the_run_each_for_its_own_reason() -> None:
    text = TRAINING + "flash_attn: fa2\n"
    ((code, message),) = told(text, "--target", "0.9.6.dev0", "--transformers", "5.6.0")
    assert code == "FT131"
    assert message.startswith("Neither 0.9.5 nor main takes this unchanged. 0.9.5: `flash_attn: ")
    assert " main: LLaMA Factory 0.9.6.dev0 rejects `transformers==5.6.0`" in message
    steps = ("steps", "--isolated", "--dataset-size", "10", "--target", "0.9.6.dev0", "-")
    assert "* FT131 Neither" in invoke(*steps, "--transformers", "5.6.0", stdin=text).out
    assert told(TRAINING, "--target", "0.9.6.dev0", "--transformers", "5.6.0") == []
    assert told(text, "--target", "0.9.6.dev0", "--transformers", "5.5.4") == []


def test_one_key_with_which_each_state_finds_its_own_fault() -> None:
    """0.9.4 has no such key, and 0.9.5 ignores it while its switch is off."""
    text = TRAINING + "asft_alpha: 0.5\n"
    ((code, message),) = told(text, "--target", "0.9.5.dev0")
    assert code == "FT131"
    assert "0.9.4: LLaMA Factory 0.9.4 rejects `asft_alpha`" in message
    assert "0.9.5: `asft_alpha: 0.5` is ignored" in message


@pytest.mark.parametrize("target", ["0.9.6.dev0", "0.9.6", "0.10.0", "1.0.0"])
def test_a_later_release_is_judged_as_a_build_is(target: str) -> None:
    slip, new, old = "learnig_rate: 1.0e-4\n", "use_megatron_bridge: false\n", "template: moss_vl\n"
    assert [code for code, _ in told(TRAINING + slip, "--target", target)] == ["FT130"]
    assert told(TRAINING + new, "--target", target) == []
    assert told(TRAINING.replace("template: qwen\n", old), "--target", target) == []
    said = invoke("--isolated", "--target", target, "-", stdin=TRAINING).err
    assert f"target {target}: " in said
    assert "what holds for both 0.9.5 and main" in said


@pytest.mark.parametrize("target", ["0.95", "9.0.5", "2.0.0", "0.11.0", "0.8.9"])
def test_a_version_that_follows_no_release_is_none(target: str) -> None:
    done = invoke("--isolated", "--target", target, "-", stdin=TRAINING)
    assert done.status == 2
    assert f"unknown target '{target}'" in done.err


def test_steps_refuses_what_both_refuse_and_counts_what_either_counts() -> None:
    def steps(*options: str) -> str:
        known = ("--isolated", "--dataset-size", "1000", "-", "--target", "0.9.6.dev0")
        return invoke("steps", *known, *options, stdin=TRAINING).out

    assert "no plan: FT4130" in steps("--transformers", "6.0.0")
    assert "no plan" not in steps("--transformers", "5.6.0")
    assert "may reject `transformers==5.6.0`" in steps("--transformers", "5.6.0")
    assert "by 0.9.5 it is" not in steps()
    bridged = steps("--fact", "env=USE_MEGATRON_BRIDGE", "--gpus", "4")
    assert "counted as main does: by 0.9.5 it is 96 steps" in bridged


@pytest.mark.parametrize(
    ("target", "variable", "since"),
    [
        ("0.9.5", "USE_MEGATRON_BRIDGE", MAIN),
        ("0.9.3", "USE_MCA", "0.9.4"),
        ("0.9.3", "USE_V1", "0.9.4"),
        ("0.9.1", "USE_RAY", "0.9.2"),
        *((KNOWN[-1], one, None) for one in ("USE_MCA", "USE_RAY", "USE_KT")),
        (MAIN, "USE_MEGATRON_BRIDGE", None),
        ("0.9.6.dev0", "USE_MEGATRON_BRIDGE", None),
    ],
)
def test_a_launcher_that_the_target_does_not_know_is_told(
    target: str, variable: str, since: str | None
) -> None:
    options = ("--target", target, "--fact", f"env={variable}")
    found = [message for code, message in told(TRAINING, *options) if code == "FT4172"]
    expected = f"ignores `{variable}=1`, which {since} is the first to read"
    assert [expected in one for one in found] == ([] if since is None else [True])
    steps = invoke("steps", "--isolated", "--dataset-size", "10", "-", *options, stdin=TRAINING)
    assert ("FT4172" in steps.out) is (since is not None)
    assert told(TRAINING, "--target", target, "--fact", f"env={variable}=0") == []
