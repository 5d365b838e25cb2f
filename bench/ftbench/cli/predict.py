"""`bench predict`: how long a run takes, from what was calibrated; needs no torch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ftbench.calibration.lookup import Answer


@click.command("predict")
@click.argument("config", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--gpus", type=click.IntRange(1), default=1, show_default=True, metavar="N")
@click.option("--nodes", "--nnodes", "nodes", type=click.IntRange(1), default=1, metavar="N")
@click.option(
    "--accelerate-config",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="It starts through `accelerate launch` (FSDP).",
)
@click.option("--budget", metavar="TIME", help="Also say the max_steps that fits, as 30m or 2h.")
@shared.runner
@shared.model
def command(
    config: str,
    as_json: bool,
    gpus: int,
    nodes: int,
    accelerate_config: str | None,
    budget: str | None,
    runner: str | None,
    model: str | None,
) -> None:
    """Say how long CONFIG takes, from start to end of its process, with bounds and parts.

    Exit status: 0, or 2 when no calibration answers for it.
    """
    from ftbench.calibration import query
    from ftbench.calibration.lookup import Answer, look_up
    from ftlint.facts.budget import format_duration, parse_budget

    seconds = None if budget is None else parse_budget(budget)
    if budget is not None and seconds is None:
        shared.stop(f"--budget {budget}: write 30m, 2h or 1h30m", shared.USAGE)

    def ask(*changed: tuple[str, Any]) -> Any:
        return look_up(
            query.of_file(
                config, gpus=gpus, nodes=nodes, model=model,
                runner=runner or "llamafactory", changed=changed,
                accelerate=accelerate_config,
            )
        )  # fmt: skip

    with shared.as_usage():
        found = ask()
    if not isinstance(found, Answer):
        shared.stop(found.reason, shared.USAGE)
        return
    fitting = None if seconds is None else _fitting(seconds, found, ask)
    if as_json:
        click.echo(json.dumps({**as_data(found), "budget": fitting}, indent=1))
        return
    shared.put(_lines(found))
    if fitting is not None:
        steps = fitting["max_steps"]
        told = f"max_steps: {steps}" if steps else "not even one step"
        click.echo(f"within {format_duration(fitting['seconds'])}: {told}")


def _fitting(seconds: float, found: Answer, ask: Any) -> dict[str, Any]:
    from ftbench.calibration.budget import steps_within
    from ftbench.calibration.lookup import Answer

    def at(steps: int) -> Any:
        made = ask(("max_steps", steps))
        return made.forecast if isinstance(made, Answer) else None

    if found.forecast.high <= seconds:
        return {"seconds": seconds, "fits": True, "max_steps": found.steps}
    best = steps_within(seconds, found.steps, at)
    return {"seconds": seconds, "fits": False, "max_steps": best[0] if best else None}


def as_data(found: Answer) -> dict[str, Any]:
    """Return an answer as plain data."""
    one = found.forecast
    return {
        "seconds": one.seconds,
        "low": one.low,
        "high": one.high,
        "level": one.level,
        "source": found.source,
        "parts": dict(one.parts),
        "seconds_per_step": one.step,
        "steps": found.steps,
        "assumptions": list(one.assumptions),
    }


def _lines(found: Answer) -> Iterator[str]:
    from ftlint.facts.budget import format_duration

    one = found.forecast
    yield (
        f"{found.steps:,} steps take {format_duration(one.seconds)}"
        f" ({format_duration(one.low)} to {format_duration(one.high)}, {one.level:.0%});"
        f" {found.source}"
    )
    for name, seconds in one.parts:
        if seconds >= 0.005:
            yield f"  {name:<28}{seconds:>10.2f} s"
    for note in one.assumptions:
        yield f"* {note}"
