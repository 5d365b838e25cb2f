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
    help="Exit with 1 if a step is slower by more than this share, such as 5%.",
)
@click.option("--force", is_flag=True, help="Compare results of different things.")
def command(before: str, after: str, fail_slower: float | None, force: bool) -> None:
    """Compare the results BEFORE and AFTER.

    Only results of the same model, method, batch size and GPU are compared. Exit status: 0; 1 if
    AFTER is slower than --fail-slower allows, or that cannot be judged; 2 if the results are of
    different things.
    """  # fmt: skip
    from ftbench.analysis.comparison import compare
    from ftbench.report.comparison import lines as comparison_lines
    from ftbench.results.files import read

    with shared.as_results([before, after]):
        found = compare(read(before), read(after))
        lines = list(comparison_lines(found))
    if found.unlike:
        for reason in found.unlike:
            shared.say(f"bench: different {reason}")
        if not force:
            shared.stop(
                "the results are of different things: --force compares them anyway", shared.USAGE
            )
    shared.put(lines)
    if fail_slower is None:
        return
    if found.slower is None:
        shared.stop("cannot judge --fail-slower: a step time is missing", shared.FAILED)
    elif not found.told:
        shared.stop("cannot judge --fail-slower: too few steps were timed", shared.FAILED)
    elif found.slower > fail_slower:
        shared.say(f"bench: {found.slower:.1%} slower, more than {fail_slower:.1%}")
        sys.exit(shared.FAILED)
