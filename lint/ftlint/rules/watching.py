"""Whether somebody watches a run: evaluation that ends it, or goes back, where it gets worse."""

from __future__ import annotations

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.facts.context import Context


def evaluates(context: Context) -> bool:
    """Return whether the run evaluates while it trains."""
    values = context.instance.effective
    old = context.entries.get("evaluation_strategy")  # refused, and what is meant is plain
    strategy = values.get("eval_strategy") if old is None else old.value
    return strategy in ("steps", "epoch")


def watched(context: Context) -> bool:
    """Return whether the run ends, or goes back, where evaluations get worse."""
    values = context.instance.effective
    if "early_stopping_steps" in context.instance.unknown:
        return True  # it is meant, under another name
    stops = values.get("early_stopping_steps") or values.get("load_best_model_at_end")
    return bool(stops) and values.get("eval_strategy") in ("steps", "epoch")


def stops_early(context: Context) -> bool:
    """Return whether evaluation ends the run, or nothing of this target can."""
    values, known = context.instance.effective, context.instance.unknown
    stops = values.get("early_stopping_steps") or "early_stopping_steps" in known
    return bool(stops) or context.catalogue.get("early_stopping_steps") is None


def stopping(context: Context) -> str:
    """Return the keys that are missing for a run to end in time, as this target calls them."""
    values = context.instance.effective
    strategy = values.get("eval_strategy")
    evaluated = strategy in ("steps", "epoch")
    wanted = {} if evaluated else {"eval_strategy": "epoch"}
    strategy = strategy if evaluated else "epoch"
    if not values.get("val_size") and not values.get("eval_dataset"):
        rows = "100" if values.get("streaming") else "0.1"  # a stream has no tenth
        wanted = {"val_size": rows, **wanted}
    if values.get("save_strategy") != strategy:
        wanted["save_strategy"] = str(strategy)
    if strategy == "steps" and context.instance.facts.get("save_is_multiple_of_eval") is False:
        wanted["save_steps"] = f"{values.get('eval_steps')}"
    wanted["load_best_model_at_end"] = "true"
    if context.catalogue.get("early_stopping_steps") is not None:
        wanted["early_stopping_steps"] = "2"
    return ", ".join(f"`{name}: {value}`" for name, value in wanted.items())
