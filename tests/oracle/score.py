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
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.oracle import environments
from tests.oracle.called import lint
from tests.oracle.client import Case, Judge, Trainer
from tests.oracle.generate import generate
from tests.oracle.published import CORPUS, commands, ground
from tests.oracle.trained import Subject, train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.oracle.client import Outcome, Verdict

AT_MOST = 2
"""Steps of a run that took none, or one: a resumed one begins at its checkpoint's first."""
UNDECIDED = ("ImportError", "ModuleNotFoundError", "PackageNotFoundError", "DistNetworkError")
"""Refusals that this machine's packages and network decide, not the config."""


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
    outcomes, unrelated = train(release, subjects, verdicts, errors, texts, late)
    counts: Counter[str] = Counter()
    disagreements = []
    for subject, verdict in zip(subjects, verdicts, strict=True):
        name = subject.path.name
        codes = tuple(error.code for error in errors[name])
        if verdict.refused:
            raised, differing = _refused(subject, verdict, codes)
        else:
            raised, differing = _run(subject, verdict, codes, outcomes.get(name), name in unrelated)
        counts.update(raised)
        if differing is not None:
            disagreements.append(differing)
    counted = {name: counts[name] for name in COUNTED}
    return Sheet(release, source, len(subjects), **counted, disagreements=tuple(disagreements))


COUNTED = ("refused", "recalled", "flagged", "confirmed", "crashed", "foreseen")
Raised = tuple[str, ...]
"""Counts of the sheet that one config raises."""


def _refused(
    subject: Subject, verdict: Verdict, codes: tuple[str, ...]
) -> tuple[Raised, Disagreement | None]:
    """Return what a config counts for that the parser refuses."""
    if verdict.error_type in UNDECIDED:
        open_ = Disagreement("open", subject, codes, verdict.error, "package")
        return (), open_ if codes else None
    if codes:
        return ("refused", "recalled", "flagged", "confirmed"), None
    return ("refused",), Disagreement("missed", subject, codes, verdict.error)


def _run(
    subject: Subject,
    verdict: Verdict,
    codes: tuple[str, ...],
    outcome: Outcome | None,
    unrelated: bool,
) -> tuple[Raised, Disagreement | None]:
    """Return what a config counts for that the parser takes."""
    if outcome is None or not outcome.settled or unrelated:
        real = outcome.error if outcome else f"{verdict.verdict}, not run"
        cause = "unrun" if outcome is None else "hidden" if outcome.settled else "machine"
        return (), Disagreement("open", subject, codes, real, cause) if codes else None
    hollow = any(code.startswith("FT2") for code in codes)
    if outcome.outcome == "crashed" or (hollow and outcome.steps <= AT_MOST):
        if codes:
            return ("crashed", "foreseen", "flagged", "confirmed"), None
        return ("crashed",), Disagreement("late", subject, codes, outcome.error)
    if codes:
        return ("flagged",), Disagreement("false", subject, codes, "trained")
    return (), None


def score_corpus(release: str) -> Sheet:
    """Score the published configs, each as the command that it is written for."""
    files = CORPUS.resolve() / "files"
    subjects = [Subject(files / name, command) for name, command in commands().items()]
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
    with Trainer(release) as trainer:
        fixture = trainer.fixture
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary) / "configs"
        shutil.copytree(fixture, folder, dirs_exist_ok=True)
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
    parser.add_argument("release", nargs="+", choices=list(environments.PINS))
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
