"""What README and the guides tell people to type works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from ftlint import __version__
from ftlint.project import reading
from ftlint.support.addresses import REPOSITORY
from tests.docs.pages import ROOT, blocks
from tests.sources.fork import lay_out

if TYPE_CHECKING:
    from pathlib import Path

README = ROOT / "README.md"
GUIDES = [README, *sorted((ROOT / "docs").glob("quickstart*.md"))]
INSTALLS = ("make demo", "make test", "pip install .", "pip install ftlint")
"""Commands of guides that install packages; the suites that run this test have run them."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as a reader has it: configs, and ftlint on the path."""
    shutil.copytree(ROOT / "examples" / "good", tmp_path / "configs")
    shutil.move(tmp_path / "configs" / "lora_sft.yaml", tmp_path / "configs" / "sft.yaml")
    shutil.copytree(ROOT / "examples" / "runs" / "memorised", tmp_path / "saves" / "sft")
    (tmp_path / "run.sh").write_text("llamafactory-cli train configs/sft.yaml\n", "utf-8")
    lay_out(tmp_path / "LLaMA-Factory")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ftlint"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ftlint "$@"\n', "utf-8")
    program.chmod(0o755)
    return tmp_path


def run(command: str, folder: Path, schemas: Path = ROOT / "schemas") -> tuple[int, str]:
    """Run a line of shell there; return exit status and output."""
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "lint", schemas, ROOT / "bench"))),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, encoding="utf-8",
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def lines(path: Path) -> list[str]:
    """Return the commands of a page, without their comments."""
    text = "".join(block.text for block in blocks(path, "sh"))
    return [line for line in (re.sub(r"\s+# .*", "", line) for line in text.splitlines()) if line]


def snippet(path: Path, language: str, word: str) -> str:
    """Return the one block that holds `word`."""
    (found,) = [block.text for block in blocks(path, language) if word in block.text]
    return found


@pytest.mark.parametrize(
    "command",
    dict.fromkeys(line for page in GUIDES for line in lines(page) if line not in INSTALLS),
)
def test_commands_of_the_guides_run(command: str, project: Path) -> None:
    assert command.startswith("ftlint ")
    status, output = run(command, project)
    assert status in (0, 1), output
    if status == 1:
        assert re.search(r"\b(error|warning) (FT\d{3,4}\b|over-fitting$)", output, re.MULTILINE)


def test_targets_of_make_exist() -> None:
    for command in INSTALLS[:2]:
        assert command in lines(README)
        assert subprocess.run([*command.split(), "-n"], cwd=ROOT, check=False).returncode == 0


def test_the_schema_for_editors_judges_a_config(project: Path) -> None:
    guide = ROOT / "docs" / "quickstart.md"
    assert run(snippet(guide, "sh", "ftlint schema"), project)[0] == 0
    modeline = snippet(guide, "yaml", "yaml-language-server")
    schema = json.loads((project / modeline.strip().rpartition("=")[2]).read_text("utf-8"))
    config = yaml.safe_load((project / "configs" / "sft.yaml").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    assert validator.is_valid(config)
    assert not validator.is_valid({**config, "learnig_rate": 1.0})
    assert not validator.is_valid({**config, "stage": "sfd"})


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "hook.md"], ids=lambda page: page.name)
def test_the_hook_of_the_guides_is_offered(page: Path, project: Path) -> None:
    (repository,) = yaml.safe_load(snippet(page, "yaml", "repos:"))["repos"]
    assert repository["repo"] == REPOSITORY
    assert repository["rev"] == f"v{__version__}"
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (hook,) = repository["hooks"]
    (own,) = [one for one in offered if one["id"] == hook["id"]]
    status, output = run(
        f"{own['entry']} {' '.join(hook.get('args', ()))} configs/sft.yaml", project
    )
    assert status == 0, output


def test_the_workflow_of_the_guide_runs(project: Path) -> None:
    guide = ROOT / "docs" / "ci.md"
    workflow: dict[Any, Any] = yaml.safe_load(snippet(guide, "yaml", "runs-on:"))
    used = [step["uses"] for step in workflow["jobs"]["ftlint"]["steps"]]
    assert used[-1] == f"{REPOSITORY.partition('.com/')[2]}@v{__version__}"
    steps = yaml.safe_load(snippet(guide, "yaml", "--output-format github"))
    (command,) = [step["run"] for step in steps if step["run"].startswith("ftlint")]
    assert run(command, project)[0] == 0
    shutil.copy(ROOT / "examples" / "bad" / "slips.yaml", project / "configs")
    status, output = run(command, project)
    assert status == 1
    assert output.startswith("::error file=configs/slips.yaml,line=")


def test_the_comment_of_the_readme_silences(project: Path) -> None:
    text = snippet(README, "yaml", "ftlint: ignore[")
    (project / "c.yaml").write_text(text, "utf-8")
    assert run("ftlint c.yaml", project)[0] == 0
    (project / "c.yaml").write_text(re.sub(r"#.*", "", text), "utf-8")
    status, output = run("ftlint --output-format concise c.yaml", project)
    assert status == 1
    assert output.count("\n") == 1


def test_settings_of_the_readme_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(snippet(README, "toml", "[tool.ftlint]"), "utf-8")
    found = reading.load(str(path))
    assert found.target
    assert found.exclude


def test_the_policy_of_the_guide_works(project: Path) -> None:
    guide = ROOT / "docs" / "policies.md"
    (project / "policy").mkdir()
    (project / "policy" / "rank.yaml").write_text(snippet(guide, "yaml", "code: ACME001"), "utf-8")
    (project / "ftlint.toml").write_text(snippet(guide, "toml", "policies"), "utf-8")
    config = project / "configs" / "sft.yaml"
    assert run(f"ftlint {config}", project)[0] == 0
    text = config.read_text("utf-8").replace("lora_rank: 8", "lora_rank: 128")
    config.write_text(text, "utf-8")
    status, output = run(f"ftlint --output-format concise {config}", project)
    assert status == 1
    assert "ACME001 `lora_rank: 128` exceeds 64" in output


def test_conditions_of_the_guide_use_its_keywords() -> None:
    from ftschemas.ruleformat import BadRule, validate

    data = yaml.safe_load(snippet(ROOT / "docs/policies.md", "yaml", "code: ACME001"))
    guide = ROOT / "docs" / "rules" / "writing.md"
    parts = [yaml.safe_load(block.text) for block in blocks(guide, "yaml")]
    for part in parts:
        validate({**data, **part} if "code" not in part else part)
    assert sum("when" in part for part in parts) >= 2
    for word in ("oneOf", "if", "patternProperties", "$ref"):
        with pytest.raises(BadRule):
            validate({**data, "when": {"config": {"lora_rank": {word: {}}}}})


def test_a_rule_is_added_as_contributing_says(project: Path) -> None:
    """The file of the guide under a code that is free: compiled, explained, fired."""
    guide = ROOT / "CONTRIBUTING.md"
    text = snippet(guide, "yaml", "code: FT402").replace("FT402", "FT799")
    text = re.sub(r"^name: .*$", "name: of-the-guide", text, flags=re.M)
    schemas = project / "schemas"
    shutil.copytree(ROOT / "schemas", schemas)
    (schemas / "ftschemas" / "rules" / "FT799-of-the-guide.yaml").write_text(text, "utf-8")
    assert "python schemas/compile.py" in guide.read_text("utf-8")
    assert run(f"{shlex.quote(sys.executable)} schemas/compile.py", project)[0] == 0
    status, output = run("ftlint rule FT799 --output-format json", project, schemas)
    assert status == 0
    told = json.loads(output)
    assert told["name"] == "of-the-guide"
    (project / "c.yaml").write_text(told["bad"], "utf-8")
    status, output = run("ftlint --select FT799 --output-format concise c.yaml", project, schemas)
    assert status == 1
    assert output.count("FT799") == 1
    twin = schemas / "ftschemas" / "rules" / "FT798-of-the-guide.yaml"
    twin.write_text(text.replace("FT799", "FT798"), "utf-8")
    status, output = run(f"{shlex.quote(sys.executable)} schemas/compile.py", project)
    assert (status, "of-the-guide is the name of FT798" in output) == (1, True)


def test_policies_of_the_page_hold(tmp_path: Path) -> None:
    texts = [one.text for one in blocks(ROOT / "docs" / "policies.md", "yaml")]
    policies = [text for text in texts if "\ncode: ACME" in text]
    assert len(policies) >= 2
    for number, text in enumerate(policies):
        (tmp_path / f"{number}.yaml").write_text(text, "utf-8")
        status, output = run(f"{sys.executable} -m ftlint rule test {number}.yaml", tmp_path)
        assert (status, output.splitlines()[-1]) == (0, "1 rule: every example holds."), output
