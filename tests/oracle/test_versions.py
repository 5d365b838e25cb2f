"""Versions that do not go together: told just where the real releases end."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.oracle import environments

from ftlint.target import pins
from ftlint.target.releases import resolve_target
from ftschemas import compiled

pytestmark = pytest.mark.oracle

RUNNER = Path(__file__).parent / "versions_runner.py"


def python_in(release: str, *arguments: str, stdin: str = "", **variables: str) -> str:
    """Return what a release's Python prints, or the last line of the error it ends with."""
    kept = {name: text for name, text in os.environ.items() if name != "DISABLE_VERSION_CHECK"}
    done = subprocess.run(
        [str(environments.ensure(release)), *arguments],
        input=stdin, env={**kept, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def versions_around(release: str) -> list[tuple[str, str]]:
    """Return versions at, below and above each limit, and builds of those at it."""
    found = []
    for package, (checked, metadata) in compiled.PINS[release].items():
        bounds = {part.lstrip("<>=!") for part in f"{checked},{metadata}".split(",")}
        for bound in sorted(bounds):
            bound = bound.replace("*", "7")
            *head, last = bound.split(".")
            near = [bound, ".".join([*head, str(int(last) + 1)]), ".".join(head)]
            near += [f"{bound}{more}" for more in (".dev0", "rc1", ".post1", "+cu124")]
            found += [(package, version) for version in near]
        found.append((package, "99.0"))
    return found


@pytest.mark.parametrize("release", environments.RELEASES)
def test_a_package_is_an_error_just_where_the_release_does_not_start(release: str) -> None:
    target = resolve_target(release)
    asked = versions_around(release)
    real = json.loads(python_in(release, str(RUNNER), stdin=json.dumps(asked)))
    ended = {pair for pair, error in zip(asked, real, strict=True) if error is not None}
    found = {pair: [one.met for one in pins.misfits(target, dict([pair]))] for pair in asked}
    told = {pair for pair, met in found.items() if met == ["rejected"]}
    assert len(asked) > 80
    assert told == ended


@pytest.mark.parametrize("release", environments.RELEASES)
def test_the_whole_program_ends_on_it_unless_its_check_is_disabled(
    release: str, tmp_path: Path
) -> None:
    folder = tmp_path / "peft-99.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: peft\nVersion: 99.0\n", "utf-8")
    imports = ("-c", "import llamafactory.hparams; print('started')")
    ended = python_in(release, *imports, PYTHONPATH=str(tmp_path))
    (misfit,) = pins.misfits(resolve_target(release), {"peft": "99.0"})
    assert ended.startswith("ImportError: peft>=") or "To fix: run `pip install peft" in ended
    assert misfit.takes.partition(" to ")[2] in ended
    disabled = {"PYTHONPATH": str(tmp_path), "DISABLE_VERSION_CHECK": "1"}
    assert python_in(release, *imports, **disabled).strip().endswith("started")


FLASH = """
import torch
from transformers.integrations.flash_attention import flash_attention_forward
module = torch.nn.Linear(1, 1)
module.is_causal = True
module.config = type("Config", (), {"_attn_implementation": "flash_attention_2"})()
one = torch.zeros(1, 1, 1, 8, dtype=torch.bfloat16)
flash_attention_forward(module, one, one, one, None)
"""


def test_flash_attention_of_transformers_5_6_0_asks_nothing_for_a_type() -> None:
    """FT4134; without flash-attn another transformers ends a line later, for want of it."""
    assert environments.PINS["0.9.5"].transformers == "5.6.0"
    error = python_in("0.9.5", "-c", FLASH)
    assert error == "AttributeError: 'NoneType' object has no attribute 'to'"
    assert "NoneType" not in python_in("0.9.4", "-c", FLASH)


GPT_OSS = """
from transformers import AutoConfig
from llamafactory.hparams import ModelArguments
from llamafactory.model.model_utils.attention import configure_attn_implementation
configure_attn_implementation(
    AutoConfig.for_model("gpt_oss"), ModelArguments(model_name_or_path="openai/gpt-oss-20b")
)
"""


def test_gpt_oss_is_not_loaded_with_transformers_5() -> None:
    """FT4135; with 4.57.1 it ends later, where the kernel would be fetched."""
    missing = "cannot import name 'load_and_register_kernel'"
    assert missing in python_in("0.9.5", "-c", GPT_OSS)
    assert missing not in python_in("0.9.4", "-c", GPT_OSS)
