"""Whatever the config: a fix ends, says what it does, does no more, and leaves nothing to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftlint.fixes.apply import fix
from ftlint.project.options import Options
from ftlint.syntax.source import of_text
from ftlint.target.releases import resolve_target
from ftschemas import compiled
from tests.fixes.documents import TRAINING, documents
from tests.fixes.held import hold
from tests.fixes.sweep import FORMS, in_form, pages, single_edits
from tests.searches import tries

PATIENT = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

VALUES = {
    "stage": ["orpo", "pretrain", "dpo", "SFT", "grpo"],
    "finetuning_type": ["qlora", "full", "Lora", "fft"],
    "template": ["llama3", "qwn"],
}
OLD_KEYS = sorted(compiled.ALIASES)
KEYS = sorted(compiled.KEYS)
ANY = [
    "1",
    "true",
    "false",
    "no",
    "None",
    "1e-4",
    "steps",
    "[a, b]",
    "null",
    "lora",
    "'5'",
    "0.1",
    "",
    "auto",
    "qlora",
    "bf16",
    "float32",
    "512",
    "{a: 1}",
    "\n  - a  # one\n  - b",
    "|\n  text\n  # text",
    '"over\n  lines"',
    "&one 1",
    "!!str 1",
]
COMMENTS = ["", "", "", "  # note", "    # aligned", "  # ftlint: ignore[FT5] wanted"]
HEADS = ["", "", "---\n", "# head\n\n", "--- # start\n"]
TAILS = ["", "", "\n# end\n", "  # end\n", "...\n", "\n\n"]
ABOVE = ["", "", "", "\n", "### section\n", "# note\n", "\n### next\n", "# ftlint: ignore[FT1]\n"]


@st.composite
def configs(draw: st.DrawFn) -> tuple[str, str]:
    """Return the name and text of a config full of what fixes are for."""
    pairs = {
        key: draw(st.sampled_from(VALUES.get(key, [value]) + [value] * 3))
        for key, value in TRAINING.items()
    }
    for _ in range(draw(st.integers(1, 8))):
        pairs[draw(st.sampled_from(draw(st.sampled_from([OLD_KEYS, KEYS]))))] = draw(
            st.sampled_from(ANY)
        )
    if not draw(st.integers(0, 5)):
        values = {key: as_json(value) for key, value in pairs.items()}
        return "c.json", json.dumps(values, indent=draw(st.sampled_from([None, 2])))
    order = draw(st.permutations(list(pairs)))
    width = draw(st.sampled_from([0, 0, 28]))
    lines = [
        draw(st.sampled_from(ABOVE))
        + f"{key + ':':{width}} {pairs[key]}{draw(st.sampled_from(COMMENTS))}\n"
        for key in order
    ]
    text = draw(st.sampled_from(HEADS)) + "".join(lines) + draw(st.sampled_from(TAILS))
    return "c.yaml", in_form(text, draw(st.sampled_from(FORMS)))


def as_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text or None


@pytest.mark.search
@settings(PATIENT, max_examples=tries(8))
@given(configs(), st.sampled_from(["0.9.5", "0.9.4", "0.9.3", "0.9.1"]), st.booleans())
def test_a_fix_keeps_all_it_does_not_mean_to_change(
    config: tuple[str, str], release: str, unsafe: bool
) -> None:
    source = of_text(*config)
    options = Options(resolve_target(release))
    hold(source, fix(source, options, unsafe), options, unsafe)


@pytest.mark.search
@settings(PATIENT, max_examples=tries(8))
@given(documents, st.sampled_from(FORMS))
def test_single_edits_of_any_yaml_are_right_or_refused(text: str, form: str) -> None:
    for _, page in pages(Path("c.yaml"), text, [form]):
        for outcome in single_edits(page):
            assert outcome.verdict != "failed", outcome
