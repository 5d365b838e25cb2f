"""Configs of 2023 and 2024, brought up to date by the safe fixes, or those that are asked for."""

from __future__ import annotations

import pytest

from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from tests.fixes.held import hold
from tests.fixes.old_configs import FOLDER, OLD
from tests.fixes.sweep import FORMS, in_form

ASKED_FOR = {"predict_2024.yaml", "vision_2024.yaml"}
"""Whose data or sizes get another key or number, which safe fixes leave to their author."""


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("form", FORMS)
def test_an_old_config_becomes_one_of_today(name: str, form: str) -> None:
    old = in_form((FOLDER / "old" / name).read_text(encoding="utf-8"), form)
    new = in_form((FOLDER / "0.9.5" / name).read_text(encoding="utf-8"), form)
    options = Options(resolve_target("0.9.5"))
    unsafe = name in ASKED_FOR
    fixed = fix(of_text(name, old), options, unsafe)
    assert in_form(fixed.source.text, form) == new  # a last line that goes leaves its line end
    assert [one.code for one in fixed.result.diagnostics if one.severity == "error"] == []
    hold(of_text(name, old), fixed, options, unsafe)
    assert not unsafe or fix(of_text(name, old), options).source.text != new


def test_there_is_something_to_bring_up_to_date() -> None:
    assert len(OLD) >= 10
    for name in OLD:
        texts = [(FOLDER / age / name).read_text(encoding="utf-8") for age in ("old", "0.9.5")]
        assert texts[0] != texts[1]
