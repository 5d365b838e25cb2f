"""What ftlint says of a config, beside what the real trainer makes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle.called import target_of
from tests.stating import stating

from ftlint.engine import lint
from ftlint.project.options import Options
from ftlint.syntax.source import of_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .client import Trainer


def errors_and_end(
    trainer: Trainer, config: Mapping[str, Any], besides: Iterable[str] = ()
) -> tuple[list[str], str]:
    """Return ftlint's errors, and those of its warnings that are asked for, and how the run died.

    Judged as in the trainer's fixture, for what lies in it.
    """
    text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
    options = Options(target_of(trainer.release), stating(here=True))
    wanted = set(besides)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(trainer.fixture)
        found = [one.code for one in lint(of_text("c.yaml", text), options).diagnostics
                 if one.severity == "error" or one.code in wanted]  # fmt: skip
        outcome = trainer.train(config)
    assert not outcome.environmental, outcome.error
    return found, outcome.error


def assert_ends_as_told(
    trainer: Trainer, config: Mapping[str, Any], code: str | None, besides: Iterable[str] = ()
) -> None:
    """Assert that a run dies and this is all that is told of it, or with no code that it trains."""
    found, error = errors_and_end(trainer, config, besides)
    assert bool(error) == bool(code), error
    assert found == [code] * bool(code), found
