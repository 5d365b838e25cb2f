"""What a target's name means: versions as they are written, paths, and what is neither."""

from __future__ import annotations

import pytest

from ftlint.target.releases import UnknownTarget, resolve_target


@pytest.mark.parametrize(
    ("name", "judged_by"),
    [
        ("0.9.5", "0.9.5"),
        ("v0.9.5", "0.9.5"),
        ("0.9.5.0", "0.9.5"),
        ("0.9.5.post1", "0.9.5"),
        ("0.9.5.post1.dev0", "0.9.5"),
        ("0.9.5+local.dev", "0.9.5"),
        ("0.9.4.1", "0.9.4 and 0.9.5"),
        ("0.9.4.1.dev0", "0.9.4 and 0.9.5"),
        ("0.9.5.dev0", "0.9.4 and 0.9.5"),
        ("0.9.5-rc1", "0.9.4 and 0.9.5"),
        ("0.9.5_dev", "0.9.4 and 0.9.5"),
        ("0.9.6.dev0", "0.9.5 and main (0.9.6.dev0)"),
        ("0.9.6", "0.9.5 and main (0.9.6.dev0)"),
        ("0.10.0", "0.9.5 and main (0.9.6.dev0)"),
    ],
)
def test_a_version_is_judged_by_the_states_around_it(name: str, judged_by: str) -> None:
    target = resolve_target(name)
    assert target.origin.judged_by == judged_by
    assert (target.besides is not None) == (" and " in judged_by)


def test_a_path_may_begin_with_a_letter_of_a_tag() -> None:
    with pytest.raises(UnknownTarget, match="'vendor/LLaMA-Factory'"):
        resolve_target("vendor/LLaMA-Factory")


@pytest.mark.parametrize("name", ["llamafactory", "vendor", "latest"])
def test_what_is_neither_is_told_how_a_path_is_written(name: str) -> None:
    with pytest.raises(UnknownTarget, match=r"known are .* a path, auto, tree"):
        resolve_target(name)


def test_a_major_version_of_transformers_is_its_first_minor() -> None:
    assert resolve_target("0.9.5", "5").layer == "5.0"
