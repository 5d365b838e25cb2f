"""The judgements of findings in place, and how they meet the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ftlint.rulebook.registry import BUILT_IN
from tests.inplace import found, judged, page
from tests.inplace.found import Found, Place

if TYPE_CHECKING:
    from pathlib import Path

HERE = Place("us/models", "train/sft.yaml")
ARGUMENT = """
- code: FT523
  judgement: {word}
  reason: It is true.
  of:
    us/models:
      train/sft.yaml: [quantization_method, quantization_bit]
"""
TRAINING = """model_name_or_path: meta-llama/Llama-3.2-1B-Instruct
stage: sft
do_train: true
finetuning_type: lora
dataset: rows
template: llama3
output_dir: saves/run
bf16: true
"""


def said(key: str, code: str = "FT523") -> Found:
    return Found(HERE, code, key, "warning", "…", forked=False)


def test_each_judgement_is_of_a_rule_that_there_is() -> None:
    kept = judged.judgements()
    assert len(kept) > 300
    assert {named.code for named in kept} <= BUILT_IN.rules.keys()
    assert {one.word for one in kept.values()} <= set(judged.WORDS)


def test_what_does_not_meet_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "judgements.yaml"
    file.write_text(ARGUMENT.format(word="welcome"), "utf-8")
    met = judged.verdict([said("quantization_method"), said("lora_rank")], judged.judgements(file))
    assert [(one.key, judgement.word) for one, judgement in met.judged] == [
        ("quantization_method", "welcome")
    ]
    assert [one.key for one in met.unjudged] == ["lora_rank"]
    assert [named.key for named in met.gone] == ["quantization_bit"]
    assert judged.count(met.judged) == {"welcome": 1}


def test_a_word_that_is_no_judgement_and_one_said_twice_are_rejected(tmp_path: Path) -> None:
    file = tmp_path / "judgements.yaml"
    file.write_text(ARGUMENT.format(word="fine"), "utf-8")
    with pytest.raises(ValueError, match="a judgement is one of"):
        judged.judgements(file)
    file.write_text(ARGUMENT.format(word="noise") * 2, "utf-8")
    with pytest.raises(ValueError, match="judged twice"):
        judged.judgements(file)


def test_a_tree_is_linted_as_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree's own trainer sets keys apart; what a copy lacks is not held against its config."""
    tree = tmp_path / "us+models"
    for name, text in {
        "LF/src/llamafactory/hparams/parser.py": "",
        "data/dataset_info.json": '{"rows": {"file_name": "rows.json"}, "o": {"file_name": "o"}}',
        "data/o": '[{"instruction": "q", "input": "", "output": "a"}]',
        "train/sft.yaml": TRAINING + "our_loss: 1\n",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, "utf-8")
    corpus = tmp_path / "corpus"
    (corpus / "files").mkdir(parents=True)
    (corpus / "files" / "1.yaml").write_text(TRAINING + "our_loss: 1\n", "utf-8")
    (corpus / "inplace.jsonl").write_text('{"repo": "us/models", "path": "train/sft.yaml"}\n')
    (corpus / "manifest.jsonl").write_text('{"repo": "a/b", "path": "c.yaml", "file": "1.yaml"}\n')
    monkeypatch.setattr(found, "CORPUS", corpus)

    def told() -> set[tuple[str, str, bool]]:
        return {(one.place.repo, one.code, one.forked) for one in found.look(tmp_path).found}

    missing = ("us/models", "FT703", False)
    assert told() == {("us/models", "FT101", True), missing, ("a/b", "FT101", False)}
    (tmp_path / found.ABSENT).write_text("us+models\tdata/rows.json\n", "utf-8")
    assert missing not in told()


def test_errors_and_keys_of_forks_are_counted_apart() -> None:
    seen = found.Seen(1, 0, ())
    welcome, wrong = judged.Judgement("welcome", "so"), judged.Judgement("wrong", "so")
    forks = Found(HERE, "FT101", "our_loss", "error", "…", forked=True)
    lines = list(page.region(seen, judged.Verdict(((said("a"), welcome), (forks, wrong)), (), ())))
    assert "| warnings and advice | 1 | 1 | 0 | 0 | 0 | 100.0% |" in lines
    (last,) = (line for line in lines if line.startswith("| keys and values where"))
    assert last.endswith("| 1 | 0 | 0 | 0 | 1 | 0.0% |")
