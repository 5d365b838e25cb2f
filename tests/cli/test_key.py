"""`ftlint key`: what a key does, for which release."""

from __future__ import annotations

import json

import pytest

from ftlint.target.keys import Catalogue
from ftlint.target.reference import key_reference
from ftlint.target.releases import resolve_target
from tests.cli.calls import invoke


def told(name: str, *options: str) -> dict[str, object]:
    done = invoke("key", name, "--output-format", "json", *options)
    assert done.status == 0, done.err
    return json.loads(done.out)  # type: ignore[no-any-return]


def test_default_values_and_releases_are_told() -> None:
    out = invoke("key", "stage").out.splitlines()
    assert out[0] == "stage"
    assert 'Default   "sft"' in out
    assert "Values    pt, sft, rm, ppo, dpo, kto (LLaMA Factory crashes later with others)" in out
    assert told("lora_rank")["default"] == 8
    assert told("lora_rank")["types"] == ["integer"]


def test_it_is_told_for_the_release_that_is_named() -> None:
    assert told("cutoff_len")["default"] == 2048
    assert told("cutoff_len", "--target", "0.9.0")["default"] == 1024
    renamed = told("evaluation_strategy")
    assert (renamed["present"], renamed["until"], renamed["successor"]) == (
        False, "4.50", "eval_strategy",
    )  # fmt: skip
    assert told("evaluation_strategy", "--target", "0.9.0")["present"] is True
    before = told("dpo_beta")
    assert (before["present"], before["until"], before["successor"]) == (
        False, "0.7.1", "pref_beta",
    )  # fmt: skip
    assert "Releases  LLaMA Factory to 0.7.1, now `pref_beta`" in invoke("key", "dpo_beta").out


def test_an_unknown_key_is_told_with_one_that_is_near() -> None:
    done = invoke("key", "lora_rnk")
    assert done.status == 2
    assert "unknown key 'lora_rnk'; did you mean lora_rank?" in done.err
    assert invoke("key", "lora_rank", "--target", "1.x").status == 2


@pytest.mark.parametrize("release", ["0.9.5", "0.9.3", "0.9.0"])
def test_every_key_of_a_release_is_told_with_the_commands_that_know_it(release: str) -> None:
    target = resolve_target(release)
    for command in ("train", "chat"):
        catalogue = Catalogue(target, command)
        names = list(catalogue.names())
        assert len(names) > 50
        for name in names:
            found, known = key_reference(name, target), catalogue.get(name)
            assert found is not None, name
            assert known is not None, name
            assert found.present, name
            assert command in found.commands, name
            assert list(found.values) == [one for one in known.choices or () if one is not None], (
                name
            )
