"""What stands between the markers of pages that are written by hand."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from docs.generating import rules
from docs.generating.guide import cases
from docs.generating.markdown import code, codes, fence, plain, table
from docs.generating.mistakes import mistakes

from ftlint.cli.commands import cli
from ftlint.facts.rules_of_thumb import bands_of
from ftlint.syntax.construct import construct
from ftlint.syntax.nodes import Broken
from ftlint.syntax.parse import compose
from ftlint.target.releases import KNOWN, resolve_target
from ftschemas import compiled
from ftschemas.form import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ftlint.facts.rules_of_thumb import Span
    from ftlint.syntax.dialect import Dialect
    from ftlint.target.releases import Target

ROOT = Path(__file__).resolve().parents[2]
SCALARS = (
    *("1e-4", "1E-4", "+1e4", "5e-5", "1.0e-4", "1.e-4", ".5", "1_000", "010", "0o17", "0x10"),
    *("1:30", ".inf", "inf", "nan", "yes", "no", "On", "y", "null", "~", "None", ""),
    *("2024-01-01", "${oc.env:HOME}", "="),
)

DRAWN = ("steps", "memory", "doctor")


def region(kind: str, name: str) -> str:
    """Return what a marker asks for: a command's output, or one of the functions here."""
    return output(name) if kind == "output" else REGIONS[name]()


def output(command: str) -> str:
    """Return a block of an ftlint command, run in the repository's root, and its output.

    What is drawn in columns is `console`, which a phone scrolls; messages are `text`, which wraps.
    """
    program, *arguments = shlex.split(command)
    if program != "ftlint":
        raise SystemExit(f"{command!r}: only ftlint's own output is shown")
    paths = os.pathsep.join(str(ROOT / name) for name in ("lint", "schemas", "bench"))
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments], cwd=ROOT, capture_output=True,
        env={
            **os.environ, "NO_COLOR": "1", "PYTHONPATH": paths, "PYTHONUTF8": "1",
            "FTBENCH_CALIBRATION": os.devnull,  # pages say nothing of this machine's
        },
        encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode > 1:
        raise SystemExit(f"{command!r} failed: {done.stderr}")
    return fence("console" if arguments[0] in DRAWN else "text", f"$ {command}\n{done.stdout}")


def server() -> str:
    """Return how fast the language server was when it was last measured."""
    found = json.loads((ROOT / "docs/benchmarks/raw/server.json").read_text("utf-8"))
    rows = [[str(value) for value in one.values()] for one in found["rows"]]
    return "\n".join(
        [table((*found["rows"][0],), rows), f"Milliseconds; {'; '.join(found['notes'])}.\n"]
    )


def scalars() -> str:
    """Return what each loader makes of plain scalars."""
    dialects: dict[Dialect, list[str]] = {}
    for name in KNOWN:
        dialects.setdefault(resolve_target(name).dialect, []).append(name)
    heads = [names[0] if names == names[-1:] else f"{names[0]} to {names[-1]}"
             for names in dialects.values()]  # fmt: skip
    rows = [(code(text) if text else "nothing", *(as_read(text, one) for one in dialects))
            for text in SCALARS]  # fmt: skip
    return table(("written", *heads), rows)


def as_read(text: str, dialect: Dialect) -> str:
    """Return in words what a loader makes of `key: text`."""
    document = compose(f"key: {text}\n")
    if isinstance(document, Broken):
        return "rejected"
    made = construct(document.root, dialect)
    if made.problems:
        return "rejected"
    value = made.entries["key"].value
    if value is None or isinstance(value, (bool, int, float)):
        return code(str(value) if isinstance(value, float) else plain(value))
    return "a string" if isinstance(value, str) else f"a {type(value).__name__}"


def loading() -> str:
    """Return how each release takes a file."""

    def row(title: str, answer: Callable[[Target], str]) -> tuple[str, ...]:
        return (title, *(answer(resolve_target(name)) for name in KNOWN))

    rows = [
        row("loader", lambda target: target.dialect.name),
        row("file names", lambda target: " ".join(map(code, target.suffixes))),
        row("JSON configs", lambda target: "yes" if target.json_configs else "cannot be loaded"),
        row(
            "a duplicate key", lambda t: "rejected" if t.dialect.unique_keys else "the last counts"
        ),
        row("a tab between tokens", lambda t: "accepted" if t.dialect.tabs else "rejected"),
    ]
    return table(("", *KNOWN), rows)


def commands() -> str:
    """Return the help of every command, as click words it."""
    context = click.Context(
        cli, info_name="ftlint", terminal_width=80, color=False, **cli.context_settings
    )
    return "\n".join(f"### {name}\n\n{fence('text', text)}" for name, text in _help(cli, context))


def _help(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                below = click.Context(inner, info_name=name, parent=context, terminal_width=80)
                yield from _help(inner, below)


def bands() -> str:
    """Return what FT3 judges by, for supervised fine-tuning."""
    table_of_sft = bands_of(compiled.POLICY, "sft")
    assert table_of_sft is not None
    sizes = [
        (_size(band.above, band.below), _epochs(band.epochs), _epochs(band.tolerated))
        for band in table_of_sft.sizes
    ]
    methods = [
        (code(name), _epochs(method.epochs), code(plain(method.learning_rate)))
        for name, method in table_of_sft.methods.items()
        if method.learning_rate is not None
    ]
    return "\n".join((
        table(("samples", "epochs recommended", "tolerated"), sizes),
        table(("method", "epochs recommended", "learning rate about"), methods),
    ))  # fmt: skip


def _size(above: int, below: int | None) -> str:
    if below is None:
        return f"from {above:,}"
    return f"{above:,} to {below - 1:,}" if above else f"below {below:,}"


def _epochs(span: Span) -> str:
    return f"{span.low:g} to {span.high:g}"


def keywords() -> str:
    """Return the keywords that conditions are written in."""
    return codes(sorted(schema_of("rule.schema.json")["$defs"]["subschema"]["properties"]))


def example_rule() -> str:
    """Return a short rule file as it is."""
    return fence("yaml", rules.file_of("FT402").read_text(encoding="utf-8"))


def routes() -> str:
    """Return the seconds of each route to the first finding, as they were measured."""
    kept = json.loads((ROOT / "docs/benchmarks/raw/first-finding.json").read_text("utf-8"))
    rows = [
        (one["name"], one["before"], "<br>".join(map(code, one["commands"])),
         " + ".join(f"{seconds:.1f}" for seconds in one["seconds"]), f"{sum(one['seconds']):.0f} s")
        for one in kept["routes"]
    ]  # fmt: skip
    head = ("route", "what is there before", "commands", "seconds", "together")
    return f"{table(head, rows)}\nMeasured {kept['when']}: {kept['machine']}.\n"


REGIONS: dict[str, Callable[[], str]] = {
    "bands": bands,
    "commands": commands,
    "example rule": example_rule,
    "guide": lambda: cases("examples/guide"),
    "guide as written": lambda: cases("examples/guide/as-written"),
    "keywords": keywords,
    "loading": loading,
    "mistakes": mistakes,
    "routes": routes,
    "scalars": scalars,
    "server": server,
}
