"""`bench compare`: two results, and a status for CI."""

from __future__ import annotations

import sys

import click

from ftbench.cli import options as shared


def _share(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        share = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share < 100:
        raise click.BadParameter(f"{value!r}: write 5%, or 0.05")
    return share


@click.command("compare")
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@click.option(
    "--fail-slower",
    callback=_share,
    metavar="SHARE",
    help="Exit with 1 when a step takes longer than before by more than this, as 5%.",
)
@click.option("--force", is_flag=True, help="Compare what is not alike.")
def command(before: str, after: str, fail_slower: float | None, force: bool) -> None:
    """Hold the result AFTER against the result BEFORE.

    Only results of the same model, method, batch and GPU are compared. Exit status: 0; 1 when it
    is slower than --fail-slower allows, or cannot be told; 2 for results that are not alike.
    """  # fmt: skip
    from ftbench.compare import compare, render
    from ftbench.results.record import read

    with shared.as_results([before, after]):
        found = compare(read(before), read(after))
        lines = list(render(found))
    if found.unlike:
        for reason in found.unlike:
            shared.say(f"bench: not alike: {reason}")
        if not force:
            shared.stop("results of different things are not compared: --force does", shared.USAGE)
    shared.put(lines)
    if fail_slower is None:
        return
    if found.slower is None:
        shared.stop("a step's time is missing, so nothing can be said", shared.FAILED)
    elif not found.told:
        shared.stop("too few steps were timed, so nothing can be said", shared.FAILED)
    elif found.slower > fail_slower:
        shared.say(f"bench: {found.slower:.1%} slower, more than {fail_slower:.1%}")
        sys.exit(shared.FAILED)
