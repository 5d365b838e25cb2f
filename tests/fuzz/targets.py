"""What is fuzzed: bytes in, nothing out, an exception when something that must hold does not."""

from __future__ import annotations

import json
import math
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ftlint.engine import lint_bytes
from ftlint.facts.launch import Launch
from ftlint.facts.run_plan import RunPlan, as_object
from ftlint.fixes.apply import ONLY_NOW, fix
from ftlint.loading import Config, load_text
from ftlint.project import reading
from ftlint.project.options import Options
from ftlint.project.request import BadSettings
from ftlint.report import FORMATS, reporter
from ftlint.report.plan_table import table
from ftlint.results import Result, Run
from ftlint.rulebook.policies import BadPolicy
from ftlint.rulebook.policies import load as load_policies
from ftlint.rulebook.registry import BUILT_IN
from ftlint.support.disk import Disk
from ftlint.syntax import composer, fast_path
from ftlint.syntax.construct import construct
from ftlint.syntax.dialect import OMEGACONF, PYYAML, PYYAML_CONTAINERS, BadScalar, resolve
from ftlint.syntax.nodes import Broken, walk
from ftlint.target.releases import resolve_target
from tests.stating import stating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = "model_name_or_path: m\ntemplate: qwen\nstage: sft\n"
PLANNED = [
    Options(resolve_target(version), stating(gpus=gpus, dataset_sizes=(("", rows),)))
    for version, gpus, rows in (("0.9.5", 2, 5000), ("0.9.3", 1, 64))
]
"""Launches of a config whose rows are known."""
OPTIONS = [Options(resolve_target(version)) for version in ("0.9.5", "0.9.3", "0.9.0")]
LONGEST = 10
"""Seconds of processor time that one input may take."""


class Found(AssertionError):
    """Something that must hold does not."""


def hold(holds: bool, what: object) -> None:
    """Raise `Found` unless it holds; `assert` can be switched off."""
    if not holds:
        raise Found(what)


@contextmanager
def soon() -> Iterator[None]:
    """End an input that hangs."""

    def stop(*_: object) -> NoReturn:
        raise Found(f"more than {LONGEST} seconds")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def document(data: bytes) -> None:
    """Nodes lie in the text and in order; the flat reader agrees with the parser."""
    text = data.decode("utf-8", "replace")
    quick, made = fast_path.read(text), composer.compose(text)
    hold(quick is None or quick == made, "the flat reader differs from the parser")
    if isinstance(made, Broken):
        hold(0 <= made.start <= made.end <= len(text), made)
        return
    for node in walk(made.root) if made.root else ():
        hold(0 <= node.start <= node.end <= len(text), node)
    for comment in made.comments:
        hold(text[comment.start : comment.end] == comment.text, comment)
    for dialect in (OMEGACONF, PYYAML, PYYAML_CONTAINERS):
        for entry in construct(made.root, dialect).entries.values():
            hold(0 <= entry.start <= entry.end <= len(text), entry)


def resolver(data: bytes) -> None:
    """Every scalar gives a value of a known kind, the same one each time."""
    text = data.decode("utf-8", "replace")
    for dialect in (OMEGACONF, PYYAML, PYYAML_CONTAINERS):
        value = resolve(text, dialect)
        same = resolve(text, dialect)
        hold(value == same or (isinstance(value, float) and math.isnan(value)), value)
        hold(
            isinstance(value, (str, int, float, BadScalar)) or value is None or _is_date(value),
            value,
        )


def _is_date(value: object) -> bool:
    return type(value).__name__ in ("date", "datetime")


def hold_judged(result: Result) -> None:
    """Hold that no rule crashed."""
    crashed = [one.message for one in result.diagnostics if one.code == "FT904"]
    hold(not crashed, crashed)


def _judged(data: bytes, choices: list[Options] = OPTIONS) -> Iterator[tuple[Options, Result]]:
    """Yield the result under one of the options; with a head, so that it counts as a config."""
    options = choices[len(data) % len(choices)]
    whole = HEAD.encode() + data if data[:1] != b"{" and b"stage:" not in data else data
    result = lint_bytes("c.json" if data[:1] == b"{" else "c.yaml", whole, options)
    hold_judged(result)
    yield options, result


def rules(data: bytes) -> None:
    """No rule crashes; every finding lies in the text and is one printing line."""
    for _, result in _judged(data):
        for one in result.diagnostics:
            hold(0 <= one.start <= one.end <= len(result.source.text), one)
            hold(one.message.isprintable() and len(one.message) < 2500, one)


def plans(data: bytes) -> None:
    """A config whose rows are known is judged, and its plan, where there is one, can be told."""
    for options, result in _judged(data, PLANNED):
        config = load_text(result.source, options) if result.source.text else None
        if not isinstance(config, Config) or config.context.planned is None:
            continue
        plan = config.context.planned.plan or config.context.planned.refused
        if plan is not None:
            run = RunPlan("c.yaml", options.target, Launch(2, 1), plan)
            json.dumps(as_object(run), allow_nan=False)
            for line in table([run], colour=False):
                hold(line.isprintable() and len(line) < 3000, line)


def fixes(data: bytes) -> None:
    """Fixing converges, leaves YAML, and finds nothing more to do but what it left to be seen."""
    for options, result in _judged(data):
        if not any(one.fix for one in result.diagnostics):
            continue
        fixed = fix(result.source, options, unsafe=len(data) % 2 == 0)
        hold(fixed.converged, "the fixes go round in circles")
        again = fix(fixed.source, options, unsafe=len(data) % 2 == 0)
        late = {(one.code, one.key) for one in fixed.withheld if one.reason == ONLY_NOW}
        more = {(one.code, one.key) for one in again.applied} - late
        hold(not more, "fixing again changes more")
        hold(bool(again.applied) or again.source.text == fixed.source.text, "without a repair")


def outputs(data: bytes) -> None:
    """No format hands through what a terminal or a CI would obey."""
    name = data[:8].decode("utf-8", "surrogateescape").replace("\0", "")
    for options, result in _judged(data):
        renamed = tuple(one._replace(path=name + "c.yaml") for one in result.diagnostics)
        source = result.source._replace(path=name + "c.yaml")
        run = Run(options.target, (result._replace(source=source, diagnostics=renamed),))
        for word in FORMATS:
            for line in reporter(word)(run, False):
                many = word in MACHINE
                hold(many or line.isprintable(), (word, line))
                plain = all(part.isprintable() for part in line.split("\n"))
                hold(plain, (word, line))
                if word == "github":
                    hold(line.startswith("::") and line.count("::") >= 2, line)
                if word in ("json", "jsonl"):
                    json.loads(line)


MACHINE = frozenset(FORMATS) - {"text", "concise", "github", "jsonl"}
"""Formats whose text may be several lines."""

_FOLDER = tempfile.TemporaryDirectory()


def settings(data: bytes) -> None:
    """Settings are taken, or refused in one printing sentence."""
    path = Path(_FOLDER.name) / "ftlint.toml"
    path.write_bytes(data)
    try:
        reading.load(str(path))
    except BadSettings as error:
        hold(len(str(error)) < 3000, error)


EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*/*.yaml"))


def policies(data: bytes) -> None:
    """A policy is refused in one sentence, or taken, and then judges an example."""
    path = Path(_FOLDER.name) / "p.yaml"
    path.write_bytes(data)
    try:
        found = load_policies(("p.yaml",), _FOLDER.name)
    except BadPolicy as error:
        hold(len(str(error)) < 3000, error)
        return
    options = PLANNED[0]._replace(rules=BUILT_IN.with_policies(found))
    judged = EXAMPLES[len(data) % len(EXAMPLES)].read_bytes()
    hold_judged(lint_bytes("c.yaml", judged, options))


def datasets(data: bytes) -> None:
    """Definitions and data files of any content give sizes or a reason."""
    from ftlint.datasets import Question, measure

    folder = Path(_FOLDER.name)
    info, _, rows = data.partition(b"\n\n")
    (folder / "dataset_info.json").write_bytes(info)
    kinds = ("d.json", "d.jsonl", "d.csv", "d.parquet", "d.arrow", "d.txt")
    name = kinds[len(data) % len(kinds)]
    (folder / name).write_bytes(rows)
    known = json.dumps({"d": {"file_name": name}})
    for text in (info.decode("utf-8", "replace"), known):
        (folder / "dataset_info.json").write_text(text, "utf-8", "replace")
        for stage in ("sft", "dpo"):
            question = Question(stage, 10 if len(data) % 2 else None)
            found = measure(
                ("d",), dataset_dir=".", cwd=str(folder), question=question, disk=Disk()
            )
            for size in found:
                hold(size.rows is None or size.rows >= 0, size)


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (document, resolver, rules, plans, fixes, outputs, settings, policies, datasets)
}


def check(name: str, data: bytes) -> None:
    """Run one target on one input, within the time that any input may take."""
    with soon():
        TARGETS[name](data)
