"""What becomes of accepted configs when they are trained, and whether their errors foresaw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.client import Command, Outcome, Trainer, Verdict

from ftlint.rulebook.claims import keys_in
from ftlint.rulebook.registry import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from pathlib import Path

    from tests.oracle.called import Error

STEPS = 6


class Subject(NamedTuple):
    """One config to be scored."""

    path: Path
    command: Command
    note: str = ""
    base: str = ""
    """The config that was changed to make this one, where there is such."""


def train(
    release: str,
    subjects: Iterable[Subject],
    verdicts: Iterable[Verdict],
    errors: Mapping[str, tuple[Error, ...]],
    texts: Mapping[str, str],
    late: bool,
) -> tuple[dict[str, Outcome], set[str]]:
    """Train the accepted configs that ftlint has an error for (with `late`, all of them).

    Also returned: those that crash in the same way without the keys that the errors are about, so
    that the crash confirms nothing. Before that is said of a changed config its other changes are
    taken back, since one may hide the next.
    """
    wanted = [
        subject
        for subject, verdict in zip(subjects, verdicts, strict=True)
        if verdict.verdict == "accepted"
        and subject.path.name in texts
        and (late or errors[subject.path.name])
    ]
    outcomes: dict[str, Outcome] = {}
    unrelated = set()
    if wanted:
        with Trainer(release) as trainer:
            for subject in wanted:
                name = subject.path.name
                blamed = {error.key for error in errors[name]}
                text = texts[name]
                if "save_total_limit" in blamed:  # so short a run saves several times, too
                    text = _without(text, {"save_steps"}) + "save_steps: 1\n"
                needed = blamed.union(*(_rests_on(error) for error in errors[name]))
                outcome, text = _settled(trainer, subject, text, needed)
                outcomes[name] = outcome
                if _is_unrelated(trainer, subject, text, outcome, blamed):
                    mended = _mended(text, subject.base, blamed)
                    if mended == text:
                        unrelated.add(name)
                        continue
                    again = trainer.train(mended, name, STEPS, command=subject.command)
                    if again.outcome != "crashed" or _is_unrelated(
                        trainer, subject, mended, again, blamed
                    ):
                        unrelated.add(name)
                    else:
                        outcomes[name] = again
    return outcomes, unrelated


def _rests_on(error: Error) -> set[str]:
    """Return the keys that the rule of an error asks about."""
    return {key for check in BUILT_IN[error.code].checks for key in keys_in(check.when)}


def _is_unrelated(
    trainer: Trainer, subject: Subject, text: str, outcome: Outcome, blamed: Container[str]
) -> bool:
    """Return whether a config crashes alike without the keys that the errors are about."""
    without = _without(text, blamed)
    if outcome.outcome != "crashed" or not blamed or without == text:
        return False
    control = trainer.train(without, subject.path.name, STEPS, command=subject.command)
    return control.error == outcome.error


def _mended(text: str, base: str, blamed: Container[str]) -> str:
    """The config with every line as in its base but those that the errors are about, if it has one.

    What was left out of the base stays left out.
    """
    before = {line.partition(":")[0]: line for line in base.splitlines(keepends=True)}
    kept = []
    for line in text.splitlines(keepends=True):
        key = line.partition(":")[0]
        kept.append(line if key in blamed or not base else before.get(key, ""))
    return "".join(kept)


SPARED: dict[str, str | None] = {
    **dict.fromkeys(("deepspeed", "fsdp", "fsdp_config", "ddp_backend", "use_mps_device")),
    **dict.fromkeys(("quantization_bit", "pure_bf16", "tf32", "use_ipex", "generation_config")),
    **dict.fromkeys(("use_unsloth", "use_kt", "use_liger_kernel", "enable_liger_kernel")),
    **dict.fromkeys(("use_swanlab", "mixture_of_depths", "export_hub_model_id", "push_to_hub")),
    "model_name_or_path": "tiny",
    "report_to": "none",
}
"""Keys that need a package, a device, a launcher or the network, and what stands in for them."""


def _settled(
    trainer: Trainer, subject: Subject, text: str, needed: Container[str]
) -> tuple[Outcome, str]:
    """Run a config, and where this machine cannot, once more without what it lacks.

    The keys that an error rests on stay. Returned with the text that was run.
    """
    name, command = subject.path.name, subject.command
    outcome = trainer.train(text, name, STEPS, command=command)
    if not outcome.settled:
        written = {line.partition(":")[0] for line in text.splitlines()}
        spared = {key for key in SPARED if key in written and key not in needed}
        stand_ins = [f"{key}: {SPARED[key]}\n" for key in sorted(spared) if SPARED[key]]
        plain = _without(text, spared) + "".join(stand_ins)
        if sorted(plain.splitlines()) != sorted(text.splitlines()):
            return trainer.train(plain, name, STEPS, command=command), plain
    return outcome, text


def _without(text: str, keys: Container[str]) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition(":")[0] not in keys)
