"""Why a repair may touch what it touches: no effect, a sure death, the word of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftschemas import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fixes.edits import Made

WITHOUT_EFFECT: dict[str, str] = {
    "FT201": "max_steps above 0 decides alone: transformers Trainer.set_initial_training_values",
    "FT500": "read for adapters only: model/adapter.py init_adapter",
    "FT501": "OFT takes its own: model/adapter.py",
    "FT502": "read for finetuning_type oft only: model/adapter.py",
    "FT504": "read for freeze and LLaMA Pro only: model/adapter.py",
    "FT505": "read with its variant's switch only: model/adapter.py, train/trainer_utils.py",
    "FT506": "read with use_galore only: train/trainer_utils.py",
    "FT507": "read with use_apollo only: train/trainer_utils.py",
    "FT508": "read with use_badam only: train/trainer_utils.py",
    "FT510": "read by train/dpo only",
    "FT511": "read by train/dpo and train/kto only",
    "FT512": "read by train/kto only",
    "FT513": "read by train/ppo only",
    "FT514": "nothing loads it: train/trainer_utils.py create_ref_model and its callers",
    "FT515": "read for another loss only: train/dpo/trainer.py",
    "FT517": "read by train/sft only",
    "FT518": "read with the loss's switch only: train/sft/trainer.py",
    "FT521": "neat_packing sets it: hparams/parser.py get_train_args",
    "FT522": "read with quantization_bit only: model/model_utils/quantization.py",
    "FT524": "read for 4 bits of bitsandbytes only: model/model_utils/quantization.py",
    "FT530": "checkpointing is off: model/model_utils/checkpointing.py",
    "FT531": "warmup_steps above 0 wins: transformers TrainingArguments.get_warmup_steps, 4",
    "FT532": "warmup_ratio replaces it: transformers TrainingArguments.__post_init__, 5",
    "FT533": "these schedules take none: transformers get_scheduler",
    "FT534": "constant schedules take none: transformers get_scheduler",
    "FT535": "evaluation does not go by steps: transformers DefaultFlowCallback",
    "FT537": "nothing is evaluated: transformers Trainer, train/*/workflow.py",
    "FT538": "eval_strategy sets do_eval: transformers TrainingArguments.__post_init__",
    "FT539": "generate is never called: train/sft/workflow.py, train/ppo/trainer.py",
    "FT540": "read by export, chat and api only",
    "FT541": "read with streaming only: data/data_utils.py",
    "FT543": "one dataset is not mixed: data/data_utils.py merge_dataset",
    "FT546": "set from USE_MCA: hparams/parser.py get_train_args",
    "FT547": "not read: transformers TensorBoardCallback, 5",
    "FT549": "0 counts as unset: hparams/finetuning_args.py FinetuningArguments.__post_init__",
    "FT552": "another optimizer is made: train/trainer_utils.py create_custom_optimizer",
    "FT557": "rows held out are one set: data/loader.py",
    "FT559": "saving or logging does not go by steps: transformers DefaultFlowCallback",
    "FT561": "read with enable_torch_profiler only: train/tuner.py, train/callbacks.py",
    "FT563": "the stage computes its own loss: train/{rm,ppo,dpo,kto}/trainer.py",
    "FT567": "BAdam's first group decays nothing: train/trainer_utils.py, run",
    "FT568": "not handed to that optimizer: tests/oracle/test_optimizers.py, run",
    "FT571": "set to false: hparams/parser.py get_train_args, data collators",
    "FT573": "transformers 5 writes safetensors only",
    "FT574": "read in the other mode of BAdam only: train/trainer_utils.py",
    "FT581": "another optimizer is made: train/trainer_utils.py create_custom_optimizer",
}
"""Rules whose fix removes a key without effect -> where that was read or run (`source` of each)."""

DIES_LATER: dict[str, str] = {
    "FT006": "text where a number is reckoned with: the run dies on it (observed)",
    "FT008": "a word where nothing is meant: the run dies on it (observed)",
    "FT105": "a value of a type that the run dies on (observed)",
    "FT106": "a word that the run dies on (observed)",
    "FT419": "NotImplementedError when the stream is loaded",
    "FT554": "ValueError when the optimizer is made; with older torch it is the default anyway",
    "FT582": "TypeError when the optimizer is made; with older torch it is the default anyway",
    "FT610": "ValueError when the trainer is made",
}
"""Rules on what the parser takes and the run dies on: their repair is what was plainly meant."""

SAID_BY_A_WORD = {
    ("finetuning_type", "qlora"): ("quantization_bit", "4"),
    ("stage", "orpo"): ("pref_loss", "orpo"),
    ("stage", "simpo"): ("pref_loss", "simpo"),
    ("stage", "ipo"): ("pref_loss", "ipo"),
}
"""Words that say two things at once -> what is written beside, since the file says it itself."""


def excuse(edit: Made, together: Iterable[Made]) -> str | None:
    """Return why an edit may change what it changes; None where nothing allows it.

    `together` are the edits of the file.
    """
    if edit.code == "FT015":
        return "the number that the loader makes of it"
    if edit.kind == "rename" and edit.changes != "secret" and _is_slip(edit.key, edit.to):
        return "one slip"
    if edit.code in WITHOUT_EFFECT and edit.kind == "delete":
        return "without effect"
    if edit.code != "FT106" and edit.code in DIES_LATER:
        return "dies otherwise"
    if _is_word(edit) or any(
        SAID_BY_A_WORD.get((one.key, _bare(one.old))) == (edit.key, edit.new) for one in together
    ):
        return "the file says so"
    return None


def _is_word(edit: Made) -> bool:
    """Return whether a word was written for one of the same meaning, or in another spelling."""
    if edit.kind != "replace" or not edit.code.startswith(("FT0", "FT1")):
        return False
    old, new = _bare(edit.old), _bare(edit.new)
    entry = compiled.VALUE_ALIASES.get(edit.key, {}).get(old)
    keys = compiled.ALIASES.get(edit.key, ())  # a key that said by itself what is a value now
    return (
        (entry is not None and entry["to"] == new)
        or _folded(old) == _folded(new)
        or any(new == str(alias.get("value")) for alias in keys)
    )


def _is_slip(one: str, other: str) -> bool:
    """Return whether two names differ by case, dashes, one letter, or two that changed places."""
    one, other = one.lower().replace("-", "_"), other.lower().replace("-", "_")
    start = next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), None)
    start = min(len(one), len(other)) if start is None else start
    a, b = one[start:], other[start:]
    return a[1:] in (b, b[1:]) or a == b[1:] or a == b or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _bare(text: str | None) -> str:
    return (text or "").strip().strip("'\"")


def _folded(text: str) -> str:
    return " ".join(text.lower().replace(",", " ").strip("[]").split())
