"""What judged is told in every format and command; a slip in a target's name is told its remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from tests.cli.calls import HEAD, invoke
from tests.sources.fork import lay_out

if TYPE_CHECKING:
    from pathlib import Path

TRAINING = HEAD + "do_train: true\ndataset: d\noutput_dir: o\nfinetuning_type: lora\n"
TARGETS = {
    "main": "at commit",
    "0.9.6.dev0": "holds for both 0.9.5 and main",
    "0.9.7": "holds for both 0.9.5 and main",
    "tree": "judged by 0.9.5",
    "vendor/fork": "judged by its own source",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lay_out(tmp_path / "vendor" / "fork")
    (tmp_path / "c.yaml").write_text(TRAINING, "utf-8")
    return tmp_path


@pytest.mark.parametrize("target", TARGETS)
def test_every_command_tells_what_judged(target: str) -> None:
    known = ("--isolated", "--target", target, "--dataset-size", "10", "c.yaml")
    for command in ("check", "steps", "memory"):
        assert TARGETS[target] in invoke(command, *known).err, command
    assert "ftlint: target" not in invoke("steps", "--isolated", "c.yaml").err


@pytest.mark.parametrize("target", TARGETS)
def test_formats_with_a_place_for_it_hold_it(target: str) -> None:
    def written(form: str) -> str:
        return invoke("--isolated", "--target", target, "--output-format", form, "c.yaml").out

    assert f"::notice title=ftlint::target {target}: " in written("github")
    (suite,) = ElementTree.fromstring(written("junit"))
    held = [one.attrib["value"] for one in suite.findall("properties/property")]
    assert held[0].startswith("LLaMA Factory ")
    assert TARGETS[target] in held[1]
    (ended,) = json.loads(written("sarif"))["runs"][0]["invocations"]
    assert TARGETS[target] in ended["toolExecutionNotifications"][0]["message"]["text"]
    assert TARGETS[target] in json.loads(written("json"))["targets"][0]["notes"][0]


@pytest.mark.parametrize(
    ("target", "judged_by"),
    [
        ("0.9.6.dev0", "0.9.5 and main (0.9.6.dev0)"),
        ("0.9.7", "0.9.5 and main (0.9.6.dev0)"),
        ("0.9.5.dev0", "0.9.4 and 0.9.5"),
    ],
)
def test_a_version_that_is_not_known_is_never_named_alone(target: str, judged_by: str) -> None:
    known = ("--isolated", "--target", target, "c.yaml")
    shown = f"LLaMA Factory {target}, judged by {judged_by}, transformers "
    for command in ("check", "steps", "memory"):
        assert shown in invoke(command, *known, "--dataset-size", "10").out, command
    (plan,) = json.loads(invoke("steps", *known, "--output-format", "json").out)
    assert plan["target"]["judged_by"] == judged_by


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("latest", "'latest' is not a version number: known are 0.9.0, "),
        ("latest", "; 0.9.5 is the default"),
        ("vendor", "'vendor' is not a version number: write a path as ./vendor"),
        ("c.yaml", "'c.yaml' is not a version number: write a path as ./c.yaml"),
        ("./c.yaml", "target './c.yaml' is a file: name a checkout, or the folder"),
        ("./nowhere", "target './nowhere': no such folder"),
        ("MAIN", "did you mean main?"),
        ("==0.9.5", "did you mean 0.9.5?"),
        ("0.9.5,0.9.4", "'0.9.5,0.9.4' is not a version number: known are"),
        ("1e5", "'1e5' is not a version number: known are"),
        ("٠.٩.٥", "'٠.٩.٥' is not a version number: known are"),
        ("0.9", "unknown target '0.9': known are 0.9.0, "),
        ("./vendor", "target './vendor' holds no source of LLaMA Factory"),
        ("", "'' is not a version number"),
    ],
)
def test_a_slip_is_told_with_its_remedy(folder: Path, target: str, said: str) -> None:
    done = invoke("--isolated", "--target", target, "c.yaml")
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    (folder / "ftlint.toml").write_text(f"target = {target!r}\n", "utf-8")
    told = invoke("c.yaml").err
    assert "ftlint.toml: " in told
    assert said in told


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("~/nowhere/at/all", "target '~/nowhere/at/all': no such folder"),
        ("https://example.org/a/fork", "nothing is fetched: clone it, and name the folder"),
        ("git@example.org:a/fork.git", "nothing is fetched: clone it, and name the folder"),
    ],
)
def test_what_is_not_here_is_told_as_it_was_named(target: str, said: str) -> None:
    done = invoke("--isolated", "--target", target, "c.yaml")
    assert (done.status, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("version", ["5.5.4,4.57.1", "latest", "5.6.0foo", ">=5.5"])
def test_a_transformers_that_is_no_version_is_refused(version: str) -> None:
    done = invoke("--isolated", "--transformers", version, "c.yaml")
    assert (done.status, done.out) == (2, "")
    assert f"transformers '{version}' is not a version number" in done.err


def test_a_folder_of_settings_is_named_from_the_working_directory(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "sub").mkdir()
    (folder / "sub" / "c.yaml").write_text(TRAINING, "utf-8")
    (folder / "sub" / "ftlint.toml").write_text("target = '../vendor/fork'\n", "utf-8")
    assert "0.9.5.dev0 (vendor/fork)" in invoke("sub/c.yaml").out


def test_a_letter_before_a_version_is_no_part_of_it_and_of_a_path_is() -> None:
    assert "0.9.4, transformers" in invoke("--isolated", "--target", "v0.9.4", "c.yaml").out
    assert "(vendor/fork)" in invoke("--isolated", "--target", "vendor/fork", "c.yaml").out


def test_an_editor_is_given_the_keys_of_the_source(folder: Path) -> None:
    done = invoke("schema", "--target", "vendor/fork")
    judge = Draft202012Validator(json.loads(done.out))
    mine = {"model_name_or_path": "m", "template": "mine", "learning_rate": 1, "fork_key": 3}
    assert judge.is_valid(mine)
    for slip in ({"lora_rank": 8}, {"fork_key": "x"}, {"rope_scaling": "yarn"}):
        assert not judge.is_valid({**mine, **slip}), slip
    assert "its own source" in done.err


def test_an_editor_calls_no_key_of_a_build_between_two_states_wrong() -> None:
    done = invoke("schema", "--target", "0.9.5.dev0")
    made = json.loads(done.out)
    assert {"cpu_infer", "use_asft_loss"} <= made["properties"].keys()  # of 0.9.4, of 0.9.5
    assert Draft202012Validator(made).is_valid({"model_name_or_path": "m", "of_a_commit": 1})
    assert "0.9.4 and 0.9.5" in done.err


def test_what_only_main_has_is_had_by_installing_that(folder: Path) -> None:
    (folder / "c.yaml").write_text(
        TRAINING.replace("qwen", "moss_vl") + "kt_cpu_activation: retain\n"
    )
    said = invoke("--isolated", "--output-format", "concise", "c.yaml").out
    assert "`kt_cpu_activation`, which is new in LLaMA Factory main: install that from" in said
    assert "`template: moss_vl`: new in LLaMA Factory main, install that to use it" in said
    assert "upgrade" not in said


def test_a_slip_under_a_build_between_two_states_is_told_as_one(folder: Path) -> None:
    (folder / "c.yaml").write_text(TRAINING + "learnig_rate: 1.0e-4\nof_a_commit: 1\n")
    said = invoke(
        "--isolated", "--target", "0.9.6.dev0", "--output-format", "concise", "c.yaml"
    ).out
    assert "FT130 `learnig_rate` (misspelt `learning_rate`?) is unknown to 0.9.5 and main" in said
    assert "FT130 `of_a_commit` is unknown to" in said
