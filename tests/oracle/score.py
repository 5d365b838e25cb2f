"""How often ftlint is right: its errors against the real parser, and the real trainer behind it.

    python -m tests.oracle.score 0.9.5 0.9.4 0.9.3          corpus and 300 generated configs
    python -m tests.oracle.score 0.9.5 --count 1000 --late  also train what was accepted

Recall: of the configs that the parser refuses, how many have an ftlint error. Precision: of those
with an ftlint error, how many are refused, or crash when they are trained, or train nothing where
the error says so (FT2: no step, or one). Late recall (`--late`):
of the configs that are accepted and then crash, how many have an error. A config that this machine
cannot run (a package, a device, a launcher) is tried without the keys that need it, if no error is
about those; what is then still unsettled counts nowhere. Every disagreement is listed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracle import bases, environments
from tests.oracle.client import Case, Command, Judge, Outcome, Trainer, Verdict
from tests.oracle.generate import generate

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

CORPUS = Path(os.environ.get("FTLINT_CORPUS") or environments.ROOT / ".." / "shared" / "corpus")
COMMANDS: dict[str, Command] = {
    "train": "train",
    "eval": "train",  # files that only evaluate or predict, which is `train` without do_train
    "export": "export",
    "infer": "chat",
}
MISFILED: dict[str, Command] = {"0273.yaml": "train"}
"""Published configs that lie in a folder for another command than their keys are for."""
CHUNK = 200
"""Files an ftlint call, well below the limit of a command line."""
STEPS = 6
AT_MOST = 2
"""Steps of a run that took none, or one: a resumed one begins at its checkpoint's first."""
UNDECIDED = ("ImportError", "ModuleNotFoundError", "PackageNotFoundError", "DistNetworkError")
"""Refusals that this machine's packages and network decide, not the config."""


def command_of(row: Mapping[str, str]) -> Command:
    """The command that a line of the corpus's manifest says a file is for."""
    return MISFILED.get(row["file"]) or COMMANDS[row["kind"]]


class Subject(NamedTuple):
    """One config to be scored."""

    path: Path
    command: Command
    note: str = ""
    base: str = ""
    """The config that was changed to make this one, where there is such."""


class Error(NamedTuple):
    """One error of ftlint."""

    code: str
    key: str


class Disagreement(NamedTuple):
    """One config that ftlint and LLaMA Factory see differently."""

    kind: str
    """missed: refused without an error. false: an error without harm. late: crashed without one.
    open: an error, and this machine cannot tell."""
    subject: Subject
    codes: tuple[str, ...]
    real: str
    because: str = ""
    """Why an open one is open. package: the parser asks for one. machine: the run does, or for a
    device or a launcher. hidden: another fault ends the run first. unrun: nothing was run."""

    def __str__(self) -> str:
        codes = " ".join(self.codes) or "-"
        real = self.real.replace("\n", " ")[:300]
        note = f"  [{self.subject.note}]" if self.subject.note else ""
        return f"{self.kind:6} {self.subject.path.name}  {codes}  {self.because} {real}{note}"


class Sheet(NamedTuple):
    """The score of one release over one set of configs."""

    release: str
    source: str
    files: int
    refused: int
    recalled: int
    flagged: int
    """Files with an error whose fate is known."""
    confirmed: int
    crashed: int
    foreseen: int
    disagreements: tuple[Disagreement, ...]

    @property
    def recall(self) -> float:
        return self.recalled / self.refused if self.refused else 1.0

    @property
    def precision(self) -> float:
        return self.confirmed / self.flagged if self.flagged else 1.0

    def __str__(self) -> str:
        late = f"  late {self.foreseen}/{self.crashed}" if self.crashed else ""
        return (
            f"{self.release} {self.source}: {self.files} files, {self.refused} refused; "
            f"recall {self.recalled}/{self.refused} = {self.recall:.3f}, "
            f"precision {self.confirmed}/{self.flagged} = {self.precision:.3f}{late}"
        )


def run_ftlint(folder: Path, release: str, arguments: Sequence[str]) -> str:
    """Call ftlint as a user does, in `folder` and for a release; return its report in JSON."""
    root = environments.ROOT
    environment = {**os.environ, "PYTHONPATH": f"{root / 'lint'}{os.pathsep}{root / 'schemas'}"}
    command = [sys.executable, "-m", "ftlint", "check", "--output-format", "json", "--isolated"]
    run = subprocess.run(
        [*command, "--target", release, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in (0, 1):
        raise RuntimeError(f"ftlint ended with {run.returncode}: {run.stderr[-2000:]}")
    return run.stdout


def lint(paths: Sequence[Path], release: str, folder: Path) -> dict[str, tuple[Error, ...]]:
    """File name -> the errors that ftlint finds, called as a user calls it."""
    found: dict[str, tuple[Error, ...]] = {path.name: () for path in paths}
    for start in range(0, len(paths), CHUNK):
        files = [str(path) for path in paths[start : start + CHUNK]]
        for diagnostic in json.loads(run_ftlint(folder, release, files))["diagnostics"]:
            if diagnostic["severity"] == "error":
                error = Error(diagnostic["code"], diagnostic.get("key") or "")
                found[Path(diagnostic["path"]).name] += (error,)
    return found


def score(
    release: str,
    source: str,
    subjects: Sequence[Subject],
    texts: Mapping[str, str],
    folder: Path,
    late: bool = False,
) -> Sheet:
    """Score one set of files in `folder`. `texts`: what to train for a file, where it can be."""
    errors = lint([subject.path for subject in subjects], release, folder)
    with Judge(release, extras=True) as judge:
        verdicts = judge.judge(
            Case(subject.path.name, subject.command, path=str(subject.path), cwd=str(folder))
            for subject in subjects
        )
    outcomes, unrelated = _train(release, subjects, verdicts, errors, texts, late)
    refused = recalled = flagged = confirmed = crashed = foreseen = 0
    disagreements = []
    for subject, verdict in zip(subjects, verdicts, strict=True):
        name = subject.path.name
        codes = tuple(error.code for error in errors[name])
        if verdict.refused and verdict.error_type in UNDECIDED:
            if codes:
                disagreements.append(Disagreement("open", subject, codes, verdict.error, "package"))
            continue
        if verdict.refused:
            refused += 1
            recalled += bool(codes)
            flagged += bool(codes)
            confirmed += bool(codes)
            if not codes:
                disagreements.append(Disagreement("missed", subject, codes, verdict.error))
            continue
        outcome = outcomes.get(name)
        if outcome is None or not outcome.settled or name in unrelated:
            if codes:
                real = outcome.error if outcome else f"{verdict.verdict}, not run"
                cause = "unrun" if outcome is None else "hidden" if outcome.settled else "machine"
                disagreements.append(Disagreement("open", subject, codes, real, cause))
            continue
        hollow = any(code.startswith("FT2") for code in codes)
        harmed = outcome.outcome == "crashed" or (hollow and outcome.steps <= AT_MOST)
        crashed += harmed
        foreseen += harmed and bool(codes)
        flagged += bool(codes)
        confirmed += harmed and bool(codes)
        if codes and not harmed:
            disagreements.append(Disagreement("false", subject, codes, "trained"))
        if harmed and not codes:
            disagreements.append(Disagreement("late", subject, codes, outcome.error))
    return Sheet(
        *(release, source, len(subjects), refused, recalled, flagged, confirmed),
        *(crashed, foreseen, tuple(disagreements)),
    )


def _train(
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
                outcome, text = _settled(trainer, subject, text, blamed)
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


def _is_unrelated(
    trainer: Trainer, subject: Subject, text: str, outcome: Outcome, blamed: Container[str]
) -> bool:
    """Whether a config crashes in the same way without the keys that the errors are about."""
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
    trainer: Trainer, subject: Subject, text: str, blamed: Container[str]
) -> tuple[Outcome, str]:
    """Run a config, and where this machine cannot, once more without what it lacks.

    What an error is about stays. Returned with the text that was run.
    """
    name, command = subject.path.name, subject.command
    outcome = trainer.train(text, name, STEPS, command=command)
    if not outcome.settled:
        written = {line.partition(":")[0] for line in text.splitlines()}
        spared = {key for key in SPARED if key in written and key not in blamed}
        stand_ins = [f"{key}: {SPARED[key]}\n" for key in sorted(spared) if SPARED[key]]
        plain = _without(text, spared) + "".join(stand_ins)
        if sorted(plain.splitlines()) != sorted(text.splitlines()):
            return trainer.train(plain, name, STEPS, command=command), plain
    return outcome, text


def _without(text: str, keys: Container[str]) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.partition(":")[0] not in keys)


GROUNDED = {
    "model_name_or_path": "tiny",
    "template": "empty",
    "output_dir": "out",
    "dataset_dir": "data",
    "cutoff_len": 64,
    "max_steps": 2,
    "dataloader_num_workers": 0,
    "preprocessing_num_workers": 1,
    "per_device_train_batch_size": 2,
    "report_to": "none",
}
"""Stands in for what a published config names and nobody else has."""
INFERRED = {"model_name_or_path": "tiny", "adapter_name_or_path": "adapter"}
"""The same for one that exports or chats."""
UNGROUNDED = (
    *("media_dir", "tokenized_path", "deepspeed", "cache_dir", "adapter_name_or_path", "ref_model"),
    *("image_max_pixels", "video_max_pixels", "quantization_bit", "resume_from_checkpoint"),
    *("dataloader_prefetch_factor", "dataloader_persistent_workers", "fsdp", "fsdp_config"),
    *("max_samples", "flash_attn", "enable_liger_kernel", "use_unsloth", "run_name"),
)


NAMES = ("model_name_or_path", "adapter_name_or_path", "dataset", "eval_dataset", "dataset_dir")


def ground(text: str, errors: Iterable[Error], command: Command = "train") -> str | None:
    """A published config with the fixture's model and data, to see whether it crashes.

    What an error is about stays as it is; None when that is a name that only its author can follow.
    """
    blamed = {error.key for error in errors}
    if blamed.intersection(NAMES) or any(error.code.startswith("FT7") for error in errors):
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if command != "train":
        named = {**INFERRED, "export_dir": "merged"} if command == "export" else INFERRED
        return _filled(lines, named, blamed)
    stage = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("stage:")), ""
    )
    data = bases.BASES.get(stage, {}).get("dataset", "alpaca")
    evaluated = any(line.startswith("eval_dataset:") for line in lines)
    replaced = {**GROUNDED, "dataset": data, **({"eval_dataset": data} if evaluated else {})}
    if any(line.startswith("eval_strategy:") and "steps" in line for line in lines):
        replaced |= {"eval_steps": 1, "save_steps": 1}  # so short a run evaluates, too
    return _filled(lines, replaced, blamed)


def _filled(lines: Iterable[str], replaced: Mapping[str, object], blamed: Container[str]) -> str:
    """The lines of a config with some of its values replaced and what nobody else has left out."""
    put = {key: value for key, value in replaced.items() if key not in blamed}
    dropped = {key for key in (*put, *UNGROUNDED) if key not in blamed}
    kept = [
        line
        for line in lines
        if not line.startswith((" ", "-")) and line.partition(":")[0] not in dropped
    ]
    return "\n".join([*kept, *(f"{key}: {value}" for key, value in put.items())]) + "\n"


def score_corpus(release: str) -> Sheet:
    """Score the published configs, each as the command that it is written for."""
    rows = [json.loads(line) for line in (CORPUS / "manifest.jsonl").read_text().splitlines()]
    files = CORPUS.resolve() / "files"
    subjects = [Subject(files / row["file"], command_of(row)) for row in rows]
    errors = lint([subject.path for subject in subjects], release, files)
    texts = {
        subject.path.name: text
        for subject in subjects
        if subject.path.suffix == ".yaml"
        and (
            text := ground(
                subject.path.read_text("utf-8"), errors[subject.path.name], subject.command
            )
        )
    }
    return score(release, "corpus", subjects, texts, files)


def score_generated(
    release: str, seed: int, count: int, late: bool = False, keep: Path | None = None
) -> Sheet:
    """Score generated configs in a folder where they can train."""
    with Trainer(release):  # builds the fixture
        pass
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary) / "configs"
        shutil.copytree(environments.fixture_of(release), folder, dirs_exist_ok=True)
        subjects, texts = [], {}
        for config in generate(release, seed, count):
            path = folder / f"{config.id}.yaml"
            path.write_text(config.text, "utf-8")
            note = "; ".join([config.base, *config.changes])
            subjects.append(Subject(path, config.command, note, config.plain))
            texts[path.name] = config.text
        return score(release, f"generated({seed})", subjects, texts, folder, late)


def _record(sheet: Sheet) -> dict[str, Any]:
    listed = [
        {"kind": d.kind, "file": str(d.subject.path), "codes": d.codes, "real": d.real}
        | ({"because": d.because} if d.because else {})
        | ({"note": d.subject.note} if d.subject.note else {})
        for d in sheet.disagreements
    ]
    return {**sheet._asdict(), "disagreements": listed}


def main(argv: list[str] | None = None) -> None:
    """Print the score of every release asked for."""
    parser = argparse.ArgumentParser(description="Score ftlint against LLaMA Factory.")
    parser.add_argument("release", nargs="+", choices=list(environments.RELEASES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300, help="generated configs; 0: none")
    parser.add_argument("--no-corpus", action="store_true")
    parser.add_argument("--late", action="store_true", help="train every accepted config")
    parser.add_argument("--keep", type=Path, help="leave the generated configs in this folder")
    parser.add_argument("--json", type=Path, help="write the sheets here as well")
    options = parser.parse_args(argv)
    sheets = []
    for release in options.release:
        if not options.no_corpus:
            sheets.append(score_corpus(release))
        if options.count:
            keep = options.keep / release if options.keep else None
            sheets.append(score_generated(release, options.seed, options.count, options.late, keep))
    for sheet in sheets:
        print(sheet, *sheet.disagreements, sep="\n  ", end="\n\n")
    for sheet in sheets:
        print(sheet)
    if options.json:
        options.json.write_text(json.dumps([_record(sheet) for sheet in sheets], indent=1), "utf-8")


if __name__ == "__main__":
    main()
