"""Lint and plan texts, as a person would from a folder with data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftlint.engine import lint
from ftlint.loading import Config, load_text
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.stating import stating

if TYPE_CHECKING:
    from ftlint.diagnostics import Diagnostic
    from ftlint.facts.context import Context
    from ftlint.facts.layers import Given

NOTHING = stating()
HEAD = """model_name_or_path: m
stage: sft
do_train: true
finetuning_type: lora
dataset: faq
template: qwen
output_dir: saves/run
"""


def options(
    given: Given = NOTHING, target: str = "0.9.5", transformers: str | None = None
) -> Options:
    return Options(resolve_target(target, transformers), given)


def found(
    text: str, given: Given = NOTHING, path: str = "config.yaml", **target: str
) -> list[Diagnostic]:
    """Return the findings of FT2, FT3, FT7 and FT9."""
    result = lint(of_text(path, text), options(given, **target))
    return [one for one in result.diagnostics if one.code[2] in "2379"]


def codes(text: str, given: Given = NOTHING, **target: str) -> list[str]:
    return [one.code for one in found(text, given, **target)]


def context_of(
    text: str, given: Given = NOTHING, path: str = "config.yaml", **target: str
) -> Context:
    config = load_text(of_text(path, text), options(given, **target))
    assert isinstance(config, Config)
    return config.context
