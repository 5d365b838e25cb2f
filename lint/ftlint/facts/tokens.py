"""The tokens of a config's rows, counted with the tokenizer of its model where that is here."""

from __future__ import annotations

from ftlint.datasets import Cache, folder
from ftlint.facts.model_files import folder_with
from ftlint.facts.paths import info_root
from ftlint.steps.packing import GROUPED, PACKED
from ftlint.steps.settings import RunSettings, read
from ftlint.tokens.chat import NotCounted
from ftlint.tokens.measure import DatasetTokens, Measure
from ftlint.tokens.summary import Batching, summarize
from ftlint.tokens.trained import row_tokens, trained
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.datasets import DatasetSize
    from ftlint.facts.context import Context
    from ftlint.steps import DatasetRows, SampleCount, StepPlan
    from ftlint.support.disk import Disk
    from ftlint.tokens.measure import TokenRequest
    from ftlint.tokens.summary import Summary


class Tokens(NamedTuple):
    """The tokens of the rows to train on and to evaluate on, or why they were not counted."""

    train: tuple[DatasetTokens, ...] = ()
    evaluation: tuple[DatasetTokens, ...] = ()
    reason: str = ""


def count(context: Context, wanted: TokenRequest) -> Tokens | None:
    """Return the tokens of a config's rows; None where there are no rows to count them of.

    The tokenizer is read wherever the model lies, and only counted with.
    """
    values, planned, disk = context.instance.effective, context.planned, context.disk
    if planned is None or planned.data is None or not planned.data.train:
        return None
    where = context.dataset_dir
    root = info_root(where, context.source.path, disk, context.instance.facts)
    if root is None or not isinstance(where, str):
        return None
    if context.target.tree is not None:
        return Tokens(reason="tokens are not counted: the templates of a checkout are not read")
    tokenizer = folder_with("tokenizer.json", values, context.source.path, disk)
    cache = Cache(folder() if context.given.cache else None)
    limit = values.get("max_samples")
    limit = limit if isinstance(limit, int) and limit > 0 else None
    data = planned.data
    try:
        measure = Measure(
            context.instance.config, values, context.target, tokenizer,
            disk.anywhere(), cache, wanted,
        )  # fmt: skip

        def each(sizes: Sequence[DatasetSize]) -> tuple[DatasetTokens, ...]:
            return tuple(_of(measure, size, where, root, limit, disk) for size in sizes)

        generates = values.get("predict_with_generate") and measure.stage == "sft"
        return Tokens(each(data.train), () if generates else each(data.evaluation))
    except NotCounted as error:
        return Tokens(reason=f"tokens are not counted: {error}")


def _of(
    measure: Measure, size: DatasetSize, where: str, root: str, limit: int | None, disk: Disk
) -> DatasetTokens:
    try:
        return measure.of(size, where, root, limit, disk)
    except NotCounted as error:
        raise NotCounted(f"dataset {size.name}: {error}") from error


def with_tokens(samples: SampleCount, tokens: Tokens) -> SampleCount:
    """Return the rows of a plan with the tokens that packing takes of them."""

    def known(
        found: Sequence[DatasetTokens], datasets: Sequence[DatasetRows]
    ) -> tuple[DatasetRows, ...]:
        named = {one.name: row_tokens(one) for one in found}
        return tuple(one._replace(tokens=named.get(one.name)) for one in datasets)

    return samples._replace(
        datasets=known(tokens.train, samples.datasets),
        evaluation=known(tokens.evaluation, samples.evaluation),
    )


def summary(context: Context, tokens: Tokens, plan: StepPlan | None) -> Summary | None:
    """Return what the rows to train on come to; with a plan, also batch by batch."""
    values, versions = context.instance.effective, context.target.versions
    if not tokens.train:
        return None
    settings = None if plan is None else read(values, *versions)
    if plan is None or not isinstance(settings, RunSettings):
        return summarize(tokens.train, values)
    ordered = trained(tokens.train, settings, versions[0])
    return summarize(tokens.train, values, _launch(plan), ordered)


AT_MOST = (
    "tokens: at most one for each byte, as the model has no `tokenizer.json` on this machine "
    "(or `ftlint[tokens]` is not installed)"
)


def note(tokens: Tokens, plan: StepPlan) -> str:
    """Return why tokens were not counted, where that leaves bounds."""
    if any(one.at_most for one in tokens.train):
        return AT_MOST
    needed = {PACKED, GROUPED} & {*plan.assumptions}
    return tokens.reason if needed else ""


def _launch(plan: StepPlan) -> Batching | None:
    batch, accumulation = plan.per_device_train_batch_size, plan.gradient_accumulation_steps
    shards, rest = divmod(plan.effective_batch_size, batch * accumulation)
    epochs, steps = plan.epochs_entered.high, plan.executed_steps.high
    if rest or not shards or epochs is None or steps is None or plan.stage == "ppo":
        return None
    return Batching(batch, shards, accumulation, epochs, steps)
