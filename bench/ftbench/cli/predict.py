"""`bench predict`: how long a run takes, from what was calibrated; needs no torch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ftbench.cli import options as shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from ftbench.calibration.lookup import Answer, NoAnswer
    from ftbench.results.record import GpuIdentity

    Ask = Callable[..., Answer | NoAnswer]


@click.command("predict")
@click.argument("config", type=click.Path())
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the result.",
)
@click.option("--json", "as_json", is_flag=True, hidden=True)  # what --output-format json was
@click.option("--budget", metavar="TIME", help="Also print the `max_steps` that fit, as 30m or 2h.")
@click.option(
    "--gpu",
    metavar="NAME",
    help="Predict for a GPU that was calibrated elsewhere (h200); an unknown name lists them.",
)
@shared.gpus
@shared.runner
@shared.model
def command(
    config: str,
    output_format: str,
    as_json: bool,
    budget: str | None,
    gpu: str | None,
    **options: Any,
) -> None:
    """Predict how long CONFIG takes, with bounds and parts, and what memory it needs.

    Exit status: 0; 2 if no calibration fits.
    """
    from ftbench.calibration import query
    from ftbench.calibration.lookup import Answer, look_up
    from ftbench.report import forecast
    from ftbench.runners import configs
    from ftlint.facts.budget import format_duration, parse_budget

    seconds = None if budget is None else parse_budget(budget)
    if budget is not None and seconds is None:
        shared.stop(f"--budget {budget}: write 30m, 2h or 1h30m", shared.USAGE)
    card = None if gpu is None else _card(gpu)
    runner, accelerate = options.pop("runner"), options.pop("accelerate_config")

    def ask(*changed: tuple[str, Any]) -> Answer | NoAnswer:
        return look_up(
            query.of_file(config, runner=runner or "llamafactory", accelerate=accelerate,
                          changed=changed, gpu=card, **options)
        )  # fmt: skip

    with shared.as_usage():
        found = ask()
    if not isinstance(found, Answer):
        shared.stop(found.reason, shared.USAGE)
        return
    memory = None  # that of the config's model says nothing of another
    if options["model"] is None:
        memory = configs.forecast(configs.load(config, {}, options["gpus"], options["nodes"]))
    fitting = None if seconds is None else _fitting(seconds, found, ask)
    if as_json or output_format == "json":
        data = {**forecast.as_json(found), "budget": fitting, "memory": memory}
        click.echo(json.dumps(data, indent=1))
        return
    shared.put((*forecast.lines(found), *forecast.of_memory(memory)))
    if fitting is not None:
        steps = fitting["max_steps"]
        told = f"max_steps: {steps}" if steps else "not even one step"
        click.echo(f"within {format_duration(fitting['seconds'])}: {told}")


def _card(name: str) -> GpuIdentity:
    """Return a GPU that something was calibrated on."""
    from ftbench.calibration import store

    found = store.named(name)
    if isinstance(found, list):
        none = (
            f"--gpu {name}: nothing is calibrated here: `bench calibrate --import FILE` adds a file"
        )
        known = f"--gpu {name} is not one of the calibrated GPUs: {', '.join(found)}"
        shared.stop(known if found else none, shared.USAGE)
    return found


def _fitting(seconds: float, found: Answer, ask: Ask) -> dict[str, Any]:
    from ftbench.calibration.budget import steps_within
    from ftbench.calibration.lookup import Answer

    def at(steps: int) -> Any:
        made = ask(("max_steps", steps))
        return made.forecast if isinstance(made, Answer) else None

    if found.forecast.high <= seconds:
        return {"seconds": seconds, "fits": True, "max_steps": found.steps}
    best = steps_within(seconds, found.steps, at)
    return {"seconds": seconds, "fits": False, "max_steps": best[0] if best else None}
