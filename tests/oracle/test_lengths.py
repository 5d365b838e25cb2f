"""The tokens of every row are those that LLaMA Factory's own preprocessing makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.oracle import lengths, tokenizer_forms
from tests.oracle.contents import RELEASES, Real

from ftlint.tokens.chat import NotCounted, chat_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle
pytest.importorskip("tokenizers")


@pytest.mark.parametrize("release", RELEASES)
def test_rows_have_the_tokens_that_the_release_gives_them(release: str, tmp_path: Path) -> None:
    folder, model = tmp_path / "data", tmp_path / "tokenizer"
    folder.mkdir()
    lengths.write(folder, seed=int(release[-1]))
    lengths.build_tokenizer(model)
    equal, refused, differing = 0, 0, []
    with Real(release, str(tmp_path)) as real:
        for config in _configs(release):
            theirs = real.ask({"folder": str(folder), "config": config, "model": str(model)}, 120)
            try:
                ours, _ = lengths.counted(release, folder, model, config)
            except NotCounted as error:
                refused += 1
                if "lengths" in theirs:
                    differing.append((config, str(error)))
                continue
            found = _comparable(theirs, config, release)
            if found == _comparable({"lengths": ours}, config, release):
                equal += len(ours)
            else:
                differing.append((config, theirs.get("refused", "other lengths")))
    assert differing == []
    assert equal > 5000
    assert refused < 50, "what is not counted the release refuses as well"


@pytest.mark.parametrize("release", RELEASES)
def test_forms_of_published_tokenizers_count_as_the_release_does(
    release: str, tmp_path: Path
) -> None:
    """What transformers 5 builds anew of a tokenizer among them."""
    folder = tmp_path / "data"
    folder.mkdir()
    lengths.write(folder, seed=1)
    equal = 0
    with Real(release, str(tmp_path)) as real:
        for form, templates in tokenizer_forms.TEMPLATES.items():
            model = tmp_path / form
            tokenizer_forms.build(form, model)
            for template in templates:
                for name in ("alpaca", "sharegpt", "pairs", "documents"):
                    config = {
                        "stage": lengths.STAGE[name], "do_train": True, "finetuning_type": "lora",
                        "template": template, "dataset": name, "cutoff_len": 2048,
                        **({"packing": False} if name == "documents" else {}),
                    }  # fmt: skip
                    theirs = real.ask(
                        {"folder": str(folder), "config": config, "model": str(model)}, 120
                    )
                    ours, _ = lengths.counted(release, folder, model, config)
                    found = _comparable(theirs, config, release)
                    assert found == _comparable({"lengths": ours}, config, release), (form, config)
                    equal += len(ours)
    assert equal > 1000


def _configs(release: str) -> list[dict[str, Any]]:
    return [
        {"stage": stage, "do_train": True, "finetuning_type": "lora", "template": template,
         "dataset": form, **keys}
        for turn, template in enumerate((*lengths.TEMPLATES, *lengths.LATER.get(release, ())))
        for form, stage in lengths.STAGE.items()
        if form != "openai" or release != "0.9.3"
        for keys in lengths.variants(stage, turn)
        if not (keys.get("train_on_prompt") and _ends_by_itself(template, stage, release))
    ]  # fmt: skip


def _ends_by_itself(template: str, stage: str, release: str) -> bool:
    return chat_of({"stage": stage, "template": template}, release).efficient_eos


def _comparable(
    found: dict[str, Any], config: dict[str, Any], release: str
) -> list[list[int]] | None:
    """Return lengths, and tokens learned from where these are those of answers alone.

    A template with an efficient eos learns its marks between turns as well; stage pt has no labels.
    The longer of two answers comes first.
    """
    rows = found.get("lengths")
    if rows is None:
        return None
    if config["stage"] == "dpo":
        rows = [[max(one[:2]), min(one[:2]), one[2]] for one in rows]
    stage = config["stage"]
    if stage == "pt" or _ends_by_itself(config["template"], stage, release):
        return [one[:-1] for one in rows]
    return list(rows)
