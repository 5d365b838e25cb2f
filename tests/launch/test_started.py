"""A config is judged alone, and as each script of its project starts it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from tests.cli.calls import ROOT, invoke, write
from tests.cli.test_set import CONFIG

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    write(tmp_path / "c.yaml", CONFIG)
    return tmp_path


def check(file: str = "c.yaml", *more: str) -> list[dict[str, Any]]:
    done = invoke("check", file, "--output-format", "jsonl", *more)
    assert done.status in (0, 1), done.err
    return [json.loads(line) for line in done.out.splitlines()]


def in_script(*more: str) -> list[dict[str, Any]]:
    """Return what is said of the script itself; what its config says by itself is left out."""
    return [one for one in check("run.sh", *more) if one["path"] == "run.sh"]


def added(file: str = "c.yaml", *more: str) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in check(file, *more) if one["launch"] is not None}


def steps(*arguments: str) -> list[tuple[object, int]]:
    done = invoke("steps", *arguments, "--dataset-size", "1000", "--output-format", "json")
    plans = json.loads(done.out)
    return [
        (one["launch"] and (one["launch"]["path"], one["launch"]["line"]), one.get("total_steps"))
        for one in plans
    ]


def test_what_a_launch_adds_names_its_line_and_has_no_fix(project: Path) -> None:
    alone = check()
    write(project / "run.sh", "set -e\nllamafactory-cli train c.yaml max_steps=50 lora_rank=x\n")
    found = added()
    assert [one for one in check() if one["launch"] is None] == alone
    assert set(found) == {"FT105", "FT201"}
    for one in found.values():
        assert one["launch"] == {"path": "run.sh", "line": 2}
        assert one["fix"] is None
    assert found["FT105"]["message"].endswith("(`lora_rank=x`, run.sh:2)")
    assert found["FT201"]["message"].endswith("(under run.sh:2)")
    assert found["FT201"]["start"]["line"] == 11


def test_other_formats_say_it_too(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml max_steps=50\n")
    for format in ("text", "concise", "github", "junit", "gitlab"):
        assert "run.sh:1" in invoke("check", "c.yaml", "--output-format", format).out
    sarif = json.loads(invoke("check", "c.yaml", "--output-format", "sarif").out)
    (result,) = [one for one in sarif["runs"][0]["results"] if one["ruleId"] == "FT201"]
    place = result["relatedLocations"][-1]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "run.sh"}, "region": {"startLine": 1}}


def test_several_launches_that_say_the_same_are_one_finding(project: Path) -> None:
    for name, rate in (("a.sh", "1e-4"), ("b.sh", "2e-4")):
        line = f"llamafactory-cli train c.yaml max_steps=50 learning_rate={rate}\n"
        write(project / name, line)
    (found,) = [one for one in check() if one["code"] == "FT201"]
    assert found["message"].endswith("(under a.sh:1, b.sh:1)")


@pytest.mark.parametrize("key", ["num_train_epochs", "learning_rate", "stage", "dataset", "bf16"])
def test_nothing_rests_on_a_value_that_only_the_run_can_tell(project: Path, key: str) -> None:
    write(project / "c.yaml", f"{CONFIG}val_size: 0.1\n")
    alone = check()
    write(project / "run.sh", f"llamafactory-cli train c.yaml {key}=$VALUE lora_rank=x\n")
    assert set(added()) == {"FT105"}
    mended = f"llamafactory-cli train c.yaml {key}=$VALUE seed=7\n"
    write(project / "run.sh", mended)
    assert not added()
    assert len(check()) == len(alone)
    counts = key in ("learning_rate", "bf16")
    plans = steps("c.yaml")
    assert [place for place, _ in plans] == [None]  # as it would be alone, or not to be told
    assert (invoke("steps", "run.sh", "--dataset-size", "1000").status == 0) == counts


def test_a_gap_is_shown_as_one(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml learnig_rate=$RATE\n")
    assert "`learnig_rate=…`" in added()["FT101"]["message"]


def test_what_is_told_of_a_script_is_not_told_again_of_its_config(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml lora_rank=x\n")
    assert "FT105" in added()
    told = [(one["path"], one["code"]) for one in check(".") if one["code"] == "FT105"]
    assert told == [("run.sh", "FT105")]
    invoke("check", ".", "--write-baseline", "--baseline", "known.json")
    assert invoke("check", "c.yaml", "--baseline", "known.json").status == 0


def test_a_fix_is_due_alone_and_under_every_launch(project: Path) -> None:
    text = f"{CONFIG}max_steps: 100\n"
    config = write(project / "c.yaml", text)
    script = write(project / "run.sh", "llamafactory-cli train c.yaml max_steps=-1\n")
    (found,) = [one for one in check() if one["code"] == "FT201"]
    assert (found["launch"], found["fix"]) == (None, None)
    invoke("check", "c.yaml", "--fix")
    assert config.read_text() == text
    script.write_text("llamafactory-cli train c.yaml num_train_epochs=1 max_steps=-1\n")
    invoke("check", "c.yaml", "--fix")  # what is removed is set there
    assert config.read_text() == text.replace("num_train_epochs: 3.0\n", "")


def test_a_fix_does_no_harm_under_a_launch(project: Path) -> None:
    text = CONFIG.replace("learning_rate", "learnig_rate")
    config = write(project / "c.yaml", text)
    write(project / "run.sh", "llamafactory-cli train c.yaml learning_rate=2e-4\n")
    invoke("check", "c.yaml", "--fix")
    assert config.read_text() == text


def test_a_comment_counts_under_launches_and_is_no_unused_one(project: Path) -> None:
    line = "num_train_epochs: 3.0"
    write(project / "c.yaml", CONFIG.replace(line, f"{line}  # ftlint: ignore[FT201]"))
    assert "FT901" in {one["code"] for one in check()}
    write(project / "run.sh", "llamafactory-cli train c.yaml max_steps=50\n")
    assert not {one["code"] for one in check()} & {"FT201", "FT901"}


def test_a_command_that_the_file_is_not_for_is_one_finding(project: Path) -> None:
    config = write(project / "c.yaml", f"{CONFIG}max_steps: 9\n")
    before = check()
    write(project / "run.sh", "llamafactory-cli export c.yaml\n")
    found = added()
    assert set(found) == {"FT4191"}
    assert [one for one in check() if one["launch"] is None] == before
    invoke("check", "c.yaml", "--fix")
    assert config.read_text() == f"{CONFIG}max_steps: 9\n".replace("num_train_epochs: 3.0\n", "")
    assert "`llamafactory-cli export` rejects `do_train`" in found["FT4191"]["message"]


def test_secrets_of_a_script_are_not_shown(project: Path) -> None:
    secret = "hf_AbCdEfGhIjKlMnOpQrStUvWx12"
    write(project / "run.sh", f"llamafactory-cli train c.yaml hub_tokn={secret} max_steps=50\n")
    assert "FT101" in added()
    for format in ("text", "json", "sarif", "junit"):
        assert secret not in invoke("check", "c.yaml", "--output-format", format).out


def test_settings_turn_it_off(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml max_steps=50\n")
    assert added()
    write(project / "ftlint.toml", "launch = false\n")
    assert not added()
    assert [place for place, _ in steps("c.yaml")] == [None]


@pytest.mark.parametrize(
    ("script", "line", "meant"),
    [
        ("run.sh", "llamafactory-cli train a/c.yaml max_steps=5", {"a/c.yaml"}),
        ("run.sh", "llamafactory-cli train c.yaml max_steps=5", {"c.yaml"}),
        ("run.sh", "cd a\nllamafactory-cli train c.yaml max_steps=5", {"a/c.yaml"}),
        ("a/run.sh", "llamafactory-cli train c.yaml max_steps=5", {"a/c.yaml"}),
        ("a/run.sh", "llamafactory-cli train a/c.yaml max_steps=5", {"a/c.yaml"}),
        ("a/b/run.sh", "llamafactory-cli train c.yaml max_steps=5", {"a/c.yaml"}),
        ("a/b/d/run.sh", "llamafactory-cli train c.yaml max_steps=5", set()),
        ("scripts/run.sh", "llamafactory-cli train a/c.yaml max_steps=5", {"a/c.yaml"}),
        ("scripts/run.sh", "cd ..\nllamafactory-cli train a/c.yaml max_steps=5", {"a/c.yaml"}),
        ("scripts/run.sh", 'cd "$(dirname "$0")/.."\nlmf train a/c.yaml max_steps=5', {"a/c.yaml"}),
        ("scripts/run.sh", 'cd "$(dirname "$0")"\nlmf train a/c.yaml max_steps=5', set()),
        (
            "scripts/run.sh",
            'D=$(cd "$(dirname "${BASH_SOURCE[0]}")" >/dev/null && pwd)\n'
            "lmf train $D/../c.yaml max_steps=5",
            {"c.yaml"},
        ),
        (
            "scripts/run.sh",
            'R=$(dirname "$(dirname "$(readlink -f "$0")")")\ncd "$R" || exit\n'
            "lmf train a/c.yaml max_steps=5",
            {"a/c.yaml"},
        ),
        ("scripts/run.sh", "cd ${0%/*}/../a\nlmf train c.yaml max_steps=5", {"a/c.yaml"}),
        ("scripts/run.sh", "cd ${0##*/}\nlmf train c.yaml max_steps=5", set()),
        (
            "scripts/run.sh",
            'f() { lmf train "$1/../$2" max_steps=5; }\nf "$(realpath "$(dirname "$0")")" c.yaml',
            {"c.yaml"},
        ),
        ("run.sh", "cd /srv\nllamafactory-cli train c.yaml max_steps=5", set()),
        ("run.sh", "cd $WHERE\nllamafactory-cli train c.yaml max_steps=5", set()),
        ("run.sh", "llamafactory-cli train $1/c.yaml max_steps=5", set()),
        ("run.sh", "llamafactory-cli train c.yaml max_steps=$STEPS", set()),
        ("run.sh", "llamafactory-cli train c.yaml $KEY=1 max_steps=5", set()),
        ("run.sh", "llamafactory-cli train c.yaml $MORE max_steps=5", set()),
        ("run.sh", "llamafactory-cli train c.yaml max_steps=5 seed=$SEED", {"c.yaml"}),
        ("run.sh", "echo llamafactory-cli train c.yaml max_steps=5", set()),
        ("run.txt", "llamafactory-cli train c.yaml max_steps=5", set()),
    ],
)
def test_which_config_a_script_means(
    project: Path, script: str, line: str, meant: set[str]
) -> None:
    write(project / "a" / "c.yaml", CONFIG)
    write(project / script, f"{line}\n")
    assert {file for file in ("c.yaml", "a/c.yaml") if "FT201" in added(file)} == meant


def test_what_a_script_takes_in_from_its_own_folder_is_followed(project: Path) -> None:
    taken = 'S=$(dirname "${BASH_SOURCE[0]}")\n. "$S/more/settings.sh"\n'
    write(project / "scripts" / "run.sh", f"{taken}lmf train c.yaml max_steps=$N\n")
    write(project / "scripts" / "more" / "settings.sh", "N=50\n")
    assert steps("c.yaml") == [(None, 375), (("scripts/run.sh", 3), 50)]
    write(project / "scripts" / "more" / "settings.sh", "N=60\n")
    assert steps("c.yaml") == [(None, 375), (("scripts/run.sh", 3), 60)]


def test_scripts_outside_the_project_are_not_read(project: Path) -> None:
    inner = project / "inner"
    (inner / ".git").mkdir(parents=True)
    write(inner / "c.yaml", CONFIG)
    write(project / "run.sh", "llamafactory-cli train inner/c.yaml max_steps=50\n")
    (inner / "link.sh").symlink_to(project / "run.sh")
    assert not added(str(inner / "c.yaml"))
    write(inner / "run.sh", "llamafactory-cli train c.yaml max_steps=50\n")
    assert "FT201" in added(str(inner / "c.yaml"))


def test_set_stands_over_what_a_script_sets(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml max_steps=50\n")
    assert steps("c.yaml") == [(None, 375), (("run.sh", 1), 50)]
    assert steps("c.yaml", "--set", "max_steps=70") == [(None, 70)]
    assert steps("c.yaml", "--set", "num_train_epochs=1") == [(None, 125), (("run.sh", 1), 50)]


def test_the_command_line_and_comments_outrank_a_script_and_that_settings(project: Path) -> None:
    write(project / "run.sh", "CUDA_VISIBLE_DEVICES=0,1 llamafactory-cli train c.yaml\n")
    script = ("run.sh", 1)
    assert steps("c.yaml") == [(None, 375), (script, 189)]
    assert steps("c.yaml", "--gpus", "4") == [(None, 96)]
    write(project / "ftlint.toml", "gpus = 4\n")
    assert steps("c.yaml") == [(None, 96), (script, 189)]
    write(project / "c.yaml", f"# ftlint: gpus=4\n{CONFIG}")
    assert steps("c.yaml") == [(None, 96)]


def test_kept_results_fall_with_the_script(project: Path) -> None:
    for number in range(30):
        config = CONFIG.replace("out", f"out{number}")
        write(project / "many" / f"{number}.yaml", config)

    def codes() -> set[str]:
        done = invoke("check", "many", "--output-format", "jsonl")
        return {json.loads(line)["code"] for line in done.out.splitlines()}

    assert "FT201" not in codes()
    script = write(project / "run.sh", "llamafactory-cli train many/7.yaml max_steps=50\n")
    assert "FT201" in codes()
    assert "FT201" in codes()
    script.write_text("llamafactory-cli train many/7.yaml max_steps=-1\n")
    assert "FT201" not in codes()
    script.unlink()
    assert "FT201" not in codes()


def read_anew(folder: Path, *more: str) -> bool:
    """Return whether a run follows a script."""
    path = os.pathsep.join([str(ROOT / "lint"), str(ROOT / "schemas")])
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ftlint", "check", "c.yaml", *more],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "FT201" in done.stdout
    return "ftlint.launch.shell" in done.stderr


def test_a_script_is_followed_again_when_it_or_what_it_takes_in_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    taken = write(project / "vars.sh", "STEPS=50\n")
    line = "source vars.sh\nllamafactory-cli train c.yaml max_steps=$STEPS\n"
    script = write(project / "run.sh", line)

    def settle(file: Path, text: str, seconds: int) -> None:
        file.write_text(text)
        os.utime(file, (seconds, seconds))

    settle(taken, "STEPS=50\n", 10_000)
    settle(script, line, 10_000)
    assert [read_anew(project) for _ in range(2)] == [True, False]
    assert read_anew(project, "--no-cache")
    settle(taken, "STEPS=60\n", 20_000)
    assert [read_anew(project) for _ in range(2)] == [True, False]
    settle(script, f"{line}\n", 20_000)
    assert [read_anew(project) for _ in range(2)] == [True, False]
    (store,) = (project / "cache" / "ftlint" / "starts").iterdir()
    for damage in (b"", b"x" * 40, store.read_bytes()[8:].replace(b"run.sh", b"run.s")):
        store.write_bytes(f"{crc32(damage):08x}".encode() + damage)
        assert [read_anew(project) for _ in range(2)] == [True, False]


UNRELATED = [
    "llamafactory-cli train other.yaml max_steps=50 lora_rank=x",
    "llamafactory-cli train c.yml max_steps=50", "llamafactory-cli train sub/c.yaml foo=1",
    "echo llamafactory-cli train c.yaml max_steps=50", "# llamafactory-cli train c.yaml foo=1",
    "llamafactory-cli train --stage sft --learnig_rate 1", "python train.py c.yaml max_steps=1",
    "cat <<EOF\nllamafactory-cli train c.yaml foo=1\nEOF", "export USE_MCA=1 NPROC_PER_NODE=8",
    "torchrun --nproc_per_node 8 other.py c.yaml", "if (((", "cat c.yaml", "\x00\xff", "",
    "f() { llamafactory-cli train c.yaml foo=1; }", "llamafactory-cli version",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_no_verdict_changes_by_an_unrelated_script(project: Path, seed: int) -> None:
    r = random.Random(seed)
    write(project / "c.yaml", f"{CONFIG}max_steps: 9\nlearnig: 1\ntensor_model_parallel_size: 2\n")
    before = check(), steps("c.yaml")
    for number in range(r.randint(1, 4)):
        lines = r.choices(UNRELATED, k=r.randint(1, 5))
        write(project / f"{number}{r.choice(['.sh', '.slurm', '.bash'])}", "\n".join(lines))
    assert (check(), steps("c.yaml")) == before


@pytest.mark.parametrize("seed", range(12))
def test_no_launch_hides_what_is_said_of_the_file_alone(project: Path, seed: int) -> None:
    r = random.Random(seed)
    write(project / "c.yaml", f"{CONFIG}max_steps: 9\nlearnig: 1\nlora_rank: x\nwarmup_steps: 50\n")
    keys = ["max_steps=-1", "learnig=2", "lora_rank=8", "warmup_steps=0", "stage=dpo", "bf16=true"]
    before = [said_of(one) for one in check()]
    for number in range(r.randint(1, 4)):
        words = " ".join(r.sample(keys, r.randint(1, 4)))
        start = f"NPROC_PER_NODE={r.randint(1, 8)} llamafactory-cli train c.yaml {words}\n"
        write(project / f"{number}.sh", start)
    assert [said_of(one) for one in check() if one["launch"] is None] == before


def said_of(one: dict[str, Any]) -> dict[str, Any]:
    """Return a finding without its fix, and without what is noted of launches."""
    related = [
        other for other in one.get("related", ()) if "does not apply" not in other["message"]
    ]
    return {**one, "fix": None, "related": related}


def test_a_finding_that_a_launch_mends_says_so(project: Path) -> None:
    write(project / "c.yaml", f"{CONFIG}lora_rank: x\n")
    write(project / "run.sh", "llamafactory-cli train c.yaml lora_rank=8\n")
    (found,) = [one for one in check() if one["code"] == "FT105"]
    assert [one["message"] for one in found["related"]] == [
        "does not apply when started by run.sh:1"
    ]
    assert "note: line 13: does not apply when started by run.sh:1" in invoke("check", "c.yaml").out


def test_what_is_typed_behind_what_a_script_sets_is_not_said_of_the_script(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml lora_rank=x\n")
    assert [one["code"] for one in in_script("--set", "seed=y")] == ["FT105"]
    write(project / "run.sh", "llamafactory-cli train c.yaml seed=3\n")
    assert in_script("--set", "seed=y") == []


@pytest.mark.parametrize("key", ["num_train_epochs", "stage", "per_device_train_batch_size"])
def test_a_plan_that_a_variable_prevents_names_the_key(project: Path, key: str) -> None:
    flags = "--model_name_or_path m --stage sft --do_train --dataset x --template qwen"
    write(project / "run.sh", f'llamafactory-cli train {flags} --output_dir o --{key} "$V"\n')
    done = invoke("steps", "run.sh", "--dataset-size", "1000")
    assert "not_known" not in done.out
    assert f"the value of `{key}` cannot be told" in done.out


def test_a_word_with_a_blank_is_no_flag(project: Path) -> None:
    flags = "--model_name_or_path m --stage sft --do_train --dataset x --template qwen --bf16"
    write(project / "run.sh", f"lmf train {flags} --output_dir o --run_name '--a b'\n")
    assert [one for one in check("run.sh") if one["severity"] == "error"] == []


def test_what_python_puts_in_to_a_notebook_is_not_known() -> None:
    from ftlint.launch.scripts import read

    cell = '{"cells": [{"source": ["!llamafactory-cli train {path} seed=3\\n"]}]}'
    (one,) = read(cell, "run.ipynb")
    assert one.config is not None
    assert one.config.text is None
    (one,) = read(cell.replace("{path} seed=3", "--stage sft {more}"), "run.ipynb")
    assert not one.whole


def test_each_line_of_a_recipe_has_its_own_shell() -> None:
    from ftlint.launch.scripts import read

    rule = "all:\n\tcd sub && lmf train a.yaml\n\tlmf train b.yaml \\\n\t  seed=3\n"
    assert [(one.folder, len(one.words)) for one in read(rule, "Makefile")] == [("sub", 1), ("", 2)]


def test_a_folded_text_of_a_workflow_is_one_line() -> None:
    from ftlint.launch.scripts import read

    step = "steps:\n  - run: >\n      lmf train c.yaml\n      seed=3\n  - run: echo\n"
    (one,) = read(step, "w.yml")
    assert [word.text for word in one.words] == ["c.yaml", "seed=3"]


def test_a_script_tells_what_is_told_of_its_config_under_it(project: Path) -> None:
    write(project / "run.sh", "llamafactory-cli train c.yaml max_steps=50\nlmf export c.yaml\n")
    theirs = {(one["code"], one["key"]): one["message"] for one in check() if one["launch"]}
    assert {code for code, _ in theirs} == {"FT201", "FT4191"}
    own = in_script()
    assert {(one["code"], one["key"]) for one in own} == {*theirs}
    for one in own:
        assert one["message"].endswith(theirs[one["code"], one["key"]])
        assert one["message"].startswith("c.yaml:")
        assert one["launch"]["line"] == one["start"]["line"]
    together = [one for one in check(".") if one["launch"]]
    assert [(one["path"], one["code"]) for one in together] == [
        ("c.yaml", "FT4191"), ("c.yaml", "FT201"),
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["c.yaml", "run.sh"])
def test_a_comment_at_either_place_counts_for_what_a_script_tells(
    project: Path, place: str
) -> None:
    line = "llamafactory-cli train c.yaml max_steps=50\n"
    write(project / "run.sh", line)
    assert [one["code"] for one in in_script()] == ["FT201"]
    if place == "run.sh":
        write(project / "run.sh", f"# ftlint: ignore[FT201]\n{line}")
    else:
        write(project / "c.yaml", f"# ftlint: ignore-file[FT201]\n{CONFIG}")
    assert in_script() == []


def test_a_script_named_alone_tells_what_its_config_says_by_itself(project: Path) -> None:
    write(project / "c.yaml", CONFIG + "foo: 1\nlearnig_rate: 1.0e-4\n")
    for name in ("run.sh", "more.sh"):
        write(project / name, "llamafactory-cli train c.yaml seed=3\n")
    for named in (["run.sh"], ["run.sh", "more.sh"], ["run.sh", "c.yaml"], ["."]):
        done = invoke("check", *named, "--output-format", "jsonl")
        found = [json.loads(line) for line in done.out.splitlines()]
        errors = [(one["path"], one["key"]) for one in found if one["severity"] == "error"]
        assert sorted(errors) == [("c.yaml", "foo"), ("c.yaml", "learnig_rate")]
        assert done.status == 1
    before = (project / "c.yaml").read_text("utf-8")
    assert "can be fixed" not in invoke("check", "run.sh", "--fix").out
    assert (project / "c.yaml").read_text("utf-8") == before


def test_a_script_does_not_tell_what_it_mends_of_its_config(project: Path) -> None:
    write(project / "c.yaml", CONFIG + "seed: x\n")
    write(project / "run.sh", "llamafactory-cli train c.yaml seed=3\n")
    assert [one for one in check("run.sh") if one["severity"] == "error"] == []
    write(project / "run.sh", "lmf train c.yaml seed=3\nlmf train c.yaml\n#llamafactory\n")
    (one,) = [one for one in check("run.sh") if one["severity"] == "error"]
    assert (one["path"], one["key"]) == ("c.yaml", "seed")
    assert one["related"][0]["message"].endswith("does not apply when started by run.sh:1")


def test_a_config_that_settings_leave_out_is_not_told_of_with_its_script(project: Path) -> None:
    write(project / "c.yaml", CONFIG + "foo: 1\n")
    write(project / "run.sh", "llamafactory-cli train c.yaml\n")
    write(project / "ftlint.toml", 'exclude = ["c.yaml"]\n')
    assert check("run.sh") == []


def test_a_fix_that_a_script_prevents_says_so(project: Path) -> None:
    write(project / "c.yaml", CONFIG.replace("learning_rate", "learnig_rate"))
    write(project / "run.sh", "llamafactory-cli train c.yaml learning_rate=2e-4\n")
    (one,) = [one for one in check() if one["key"] == "learnig_rate" and one["launch"] is None]
    assert one["fix"] is None
    assert [note["message"] for note in one["related"]] == [
        "not fixed: not needed when started by run.sh:1"
    ]


def test_a_flag_behind_a_file_hides_no_other_fault(project: Path) -> None:
    write(project / "run.sh", "lmf train c.yaml lora_rank=x --seed 1 max_steps=50\n")
    assert {one["code"] for one in in_script()} == {"FT105", "FT4185"}
    done = invoke("steps", "run.sh", "--dataset-size", "1000")
    assert (done.status, done.out) == (2, "")
    assert "run.sh:1: LLaMA Factory rejects `--seed` behind the config" in done.err


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("lmf train $1", "which config it starts is known only when the script runs"),
        ("cd $X; lmf train c.yaml", "which config it starts is known only when the script runs"),
        ("lmf train d.yaml", "`d.yaml` is not in this project"),
        ('lmf train "$(dirname "$0")/d.yaml"', "`d.yaml` is not in this project"),
        ("lmf train c.yaml more", "LLaMA Factory rejects `more` behind the config"),
        ("lmf train c.yaml $MORE", "what it sets over `c.yaml` is known only when it runs"),
        ("lmf train c.yaml max_steps=$N", "`max_steps` of it: known only when the script runs"),
    ],
)
def test_a_start_whose_steps_cannot_be_told_says_why(project: Path, start: str, why: str) -> None:
    write(project / "run.sh", f"(lmf train c.yaml max_steps=7)\n{start}\nlmf export $1\n")
    done = invoke("steps", "run.sh", "--dataset-size", "1000", "--output-format", "json")
    assert [one["total_steps"] for one in json.loads(done.out)] == [7]
    assert (done.status, done.err.strip()) == (2, f"ftlint: run.sh:2: {why}")


def test_a_script_that_is_left_before_its_end_says_so(project: Path) -> None:
    loop = "for a in {1..60}; do for b in {1..60}; do for c in {1..60}; do x=$c; done; done; done"
    write(project / "run.sh", f"lmf train c.yaml seed=1\n{loop}\nlmf train c.yaml max_steps=5\n")
    assert [one["code"] for one in in_script()] == ["FT4192"]


def test_many_scripts_that_take_long_take_no_longer_together(project: Path) -> None:
    loop = "for a in {1..60}; do for b in {1..60}; do for c in {1..60}; do x=$c; done; done; done"
    for folder in ("", "a", "b", "c"):
        for count in range(12):
            text = f"{loop}\nlmf train c.yaml seed={count}\n"
            write(project / folder / f"r{count}.sh", text)
    write(project / "z" / "run.sh", "lmf train c.yaml max_steps=5\n")
    begun = time.process_time()
    check("c.yaml", "--no-cache")
    assert time.process_time() - begun < 12  # all 48 of them take some 30
