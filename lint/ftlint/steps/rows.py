"""From the rows of the files to the rows that the trainer is handed.

The order is LLaMA Factory's own: split slice, num_samples, max_samples, mixing, validation split,
preprocessing (up to 0.9.3: preprocessing, then the split). Source: `data/loader.py`,
`data/data_utils.py`, `data/processor/*.py` (0.9.3 to 0.9.5).
"""

from __future__ import annotations

from math import ceil

from ftlint.steps.counts import UNKNOWN, Count, NoPlan, exactly, largest, no_run, total
from ftlint.steps.mixing import mix
from ftlint.steps.packing import packed
from ftlint.steps.packs import divided, merged_tokens
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ftlint.steps.packs import RowTokens
    from ftlint.steps.settings import RunSettings, Version


class DatasetRows(NamedTuple):
    """One dataset of the config: what its definition and its files say.

    `rows` counts after the split slice. `dropped` counts those that preprocessing leaves out,
    among the first `max_samples` rows (among all of them when `num_samples` is set).
    """

    name: str
    rows: Count = UNKNOWN
    dropped: Count = exactly(0)
    num_samples: object = None  # as dataset_info.json has it
    local: bool = True  # read from a local file
    size: int | None = None  # bytes of its files
    source: str = "file"  # "file", "declared" or "unknown"
    note: str = ""  # why rows or dropped are not known, or what they rest on
    fault: str = ""  # why loading it stops, and the run with it
    tokens: RowTokens | None = None  # of its first `max_samples` rows, where they were counted
    labelled: bool = False  # for kto, by `kto_tag`


class SampleCount(NamedTuple):
    """What is known about the data of a config, in the order that it names the datasets."""

    datasets: tuple[DatasetRows, ...]
    merged: Count | None = None  # rows after mixing, when they are stated as a whole
    tokenized: Count | None = None  # rows of the train split that tokenized_path already holds
    evaluation: tuple[DatasetRows, ...] = ()  # the datasets that eval_dataset names


class Samples(NamedTuple):
    """Rows of the train set after everything, and before mixing for each dataset.

    `held_out` of them by val_size; `evaluated` are these or the rows of eval_dataset, and
    `in_one_pass` the most that one evaluation goes over: one dataset where each is evaluated apart.
    """

    total: Count
    per_dataset: tuple[tuple[str, Count], ...]
    held_out: Count
    evaluated: Count
    source: str  # "file", "declared", "mixed" or "unknown"
    in_one_pass: Count = UNKNOWN


ALL_LEFT_OUT = (
    "unusable rows are dropped after evaluation rows are held out; if none is left on either side, "
    "the run crashes"
)


NOT_TOKENIZED_HERE = (
    "`tokenized_path` does not exist on this machine; if it holds rows on the training machine, "
    "those are used instead of the datasets"
)


SPLITS_FIRST = (0, 9, 4)
"""Before, rows were prepared, and packed, before some of them were held out."""


class LoadedRows(NamedTuple):
    """The rows that a run has, and what they rest on."""

    samples: Samples
    assumptions: tuple[str, ...]


def load(settings: RunSettings, samples: SampleCount, llamafactory: Version) -> LoadedRows | NoPlan:
    """Return the rows that the trainer sees, or why data loading stops."""
    if settings.tokenized and samples.tokenized is not None:
        note = "rows come from `tokenized_path`, which exists; all other data keys are ignored"
        return LoadedRows(Samples(samples.tokenized, (), UNKNOWN, UNKNOWN, "file"), (note,))
    datasets = _once(samples.datasets)
    notes = [one.note for one in (*datasets, *samples.evaluation) if one.note]
    taken = _all_taken(datasets, settings, "dataset", joined=True)
    if isinstance(taken, NoPlan):
        return taken
    source = _source(datasets, samples)
    if samples.merged is not None:
        merged, dropped = samples.merged, exactly(0)
    elif not datasets:
        merged, dropped = UNKNOWN, exactly(0)
    else:
        mixed = mix(taken, settings, llamafactory)
        if isinstance(mixed, NoPlan):
            return mixed
        merged = mixed.merged
        dropped = _dropped(settings, datasets, taken, mixed.given)
        notes.extend(mixed.assumptions)
    sizes = [dataset.size for dataset in datasets]
    known = [size for size in sizes if size is not None]
    grown = any(dataset.num_samples is not None for dataset in datasets) or (
        len(datasets) > 1 and settings.mix_strategy != "concat"
    )
    text = sum(known) if len(known) == len(sizes) and not grown else None
    tokens = merged_tokens(settings, datasets, merged)
    after = _split_and_pack(settings, merged, dropped, text, tokens, llamafactory)
    if isinstance(after, NoPlan):
        return after
    kept, held_out, packing_notes = after
    if kept.high == 0:
        return no_run("no row is left to train on", "dataset")
    if settings.eval_dataset:
        found = _evaluated(settings, samples, llamafactory)
        if isinstance(found, NoPlan):
            return found
        evaluated, in_one_pass = found
    elif llamafactory >= SPLITS_FIRST:
        evaluated = in_one_pass = _prepared(
            settings, held_out, Count(0, dropped.high), divided(settings, tokens, held_out)[1]
        )
        if not settings.streaming and _may_leave_none(kept, held_out, dropped):
            notes.append(ALL_LEFT_OUT)
    else:  # the rows are split after they were prepared
        evaluated = in_one_pass = held_out
    names = tuple((dataset.name, rows) for dataset, rows in zip(datasets, taken, strict=True))
    if settings.tokenized:
        notes.append(NOT_TOKENIZED_HERE)
    notes = list(dict.fromkeys(notes + list(packing_notes)))
    # LLaMA Factory refuses an empty train set, so a run has at least one row.
    rows = Count(max(kept.low, 1), kept.high)
    told = Samples(rows, names, held_out, evaluated, source, in_one_pass)
    return LoadedRows(told, tuple(notes))


def perhaps_tokenized(refused: NoPlan) -> LoadedRows:
    """Return rows of which nothing is known: those of a `tokenized_path` that is not here.

    Where the machine of the run has it, `dataset` is never read, and nothing of `refused` holds.
    """
    note = (
        "`tokenized_path` does not exist on this machine; unless it holds rows on the training "
        f"machine, this run cannot train: {refused.reason}"
    )
    return LoadedRows(Samples(Count(1, None), (), UNKNOWN, UNKNOWN, "unknown"), (note,))


def _evaluated(
    settings: RunSettings, samples: SampleCount, llamafactory: Version
) -> tuple[Count, Count] | NoPlan:
    """Return the rows of eval_dataset, in all and in one pass at most, or why loading them stops.

    It is loaded whether or not anything is evaluated, as `dataset` is; under eval_on_each_dataset
    its datasets are not mixed, and each is evaluated apart.
    """
    key, each = "eval_dataset", settings.schedule.eval_passes > 1
    datasets = _once(samples.evaluation)
    taken = _all_taken(datasets, settings, key, joined=not each)
    if isinstance(taken, NoPlan):
        return taken
    if not datasets:
        return UNKNOWN, UNKNOWN
    merged, given = total(taken), tuple(taken)
    if not each:
        mixed = mix(taken, settings, llamafactory)
        if isinstance(mixed, NoPlan):
            return mixed
        merged, given, _ = mixed
    empty = [_left_out(*one) for one in zip(datasets, taken, strict=True)]
    if any(empty) if each else all(empty):
        name = datasets[empty.index(True)].name
        return no_run(f"no row of `{key}: {name}` can be used for evaluation", key)
    tokens = None if each else merged_tokens(settings, datasets, merged)
    found = _prepared(settings, merged, _dropped(settings, datasets, taken, given), tokens)
    if not each:
        return found, found
    return found, largest(
        _prepared(settings, rows, _dropped(settings, (one,), [rows], (rows,)), None)
        for one, rows in zip(datasets, taken, strict=True)
    )


def _prepared(
    settings: RunSettings, rows: Count, dropped: Count, tokens: RowTokens | None
) -> Count:
    """Bound what preprocessing makes of rows to evaluate on; a run without any is refused."""
    if rows.high == 0:
        return rows
    low = 1 if dropped.high is None else max(1, rows.low - dropped.high)
    kept = Count(low, None if rows.high is None else rows.high - dropped.low)
    return kept if settings.generates else packed(settings, rows, kept, None, tokens)[0]


def _may_leave_none(kept: Count, held_out: Count, dropped: Count) -> bool:
    """Return whether all rows of one side may be among those that are known to be dropped."""
    if not dropped.high or not held_out.low:
        return False
    return dropped.high >= held_out.low or kept.low == 0


def _once(datasets: tuple[DatasetRows, ...]) -> tuple[DatasetRows, ...]:
    """Return each dataset once: a name counts once, however often it is written."""
    return tuple({dataset.name: dataset for dataset in datasets}.values())


def _all_taken(
    datasets: tuple[DatasetRows, ...], settings: RunSettings, key: str, *, joined: bool
) -> list[Count] | NoPlan:
    """Return the rows taken of each dataset that `key` names, or why loading them stops."""
    taken = []
    for dataset in datasets:
        if dataset.fault:
            return no_run(f"dataset {dataset.name}: {dataset.fault}", key)
        rows = _taken(dataset, settings, key)
        if isinstance(rows, NoPlan):
            return rows
        taken.append(rows)
    unlike = _unlike_the_others(settings, datasets, taken, key) if joined else None
    return taken if unlike is None else unlike


def _source(datasets: tuple[DatasetRows, ...], samples: SampleCount) -> str:
    if samples.merged is not None:
        return "declared"
    sources = {dataset.source for dataset in datasets}
    if not sources or "unknown" in sources:
        return "unknown"
    return sources.pop() if len(sources) == 1 else "mixed"


def _taken(dataset: DatasetRows, settings: RunSettings, key: str) -> Count | NoPlan:
    """Apply num_samples and max_samples."""
    rows = dataset.rows
    wanted = dataset.num_samples
    if wanted is not None and not settings.streaming:
        if not isinstance(wanted, int) or wanted < 1:
            return no_run(f"`num_samples: {wanted}` of dataset {dataset.name} is not a number of "
                          "rows", key)  # fmt: skip
        rows = exactly(wanted)  # a random prefix, or every row and random repeats
    return rows if settings.max_samples is None else rows.at_most(settings.max_samples)


def _unlike_the_others(
    settings: RunSettings, datasets: tuple[DatasetRows, ...], taken: list[Count], key: str
) -> NoPlan | None:
    """Return why datasets cannot be joined: one of them has nothing but rows that are left out.

    Such rows were converted to empty lists, and lists of nothing have another type than lists of
    messages (datasets `features.py` `_check_if_features_can_be_aligned`, 3.6 and 4.0). Rows for kto
    in another stage, and others in kto, have answers: one too many, or one too few.
    """
    if settings.streaming or settings.stage == "pt":
        return None
    left_out = [_left_out(*one) for one in zip(datasets, taken, strict=True)]
    empty = [
        dataset.name
        for dataset, none_left in zip(datasets, left_out, strict=True)
        if none_left and dataset.labelled == (settings.stage == "kto")
    ]
    if not empty or all(left_out):
        return None
    return no_run(f"no row of dataset {empty[0]} can be used, and the empty result cannot be "
                  "joined with the other datasets", key)  # fmt: skip


def _left_out(dataset: DatasetRows, taken: Count) -> bool:
    """Return whether preprocessing leaves out every row that is read of a dataset."""
    read = taken if dataset.num_samples is None else dataset.rows
    return read.high is not None and 0 < read.high <= dataset.dropped.low


def _dropped(
    settings: RunSettings,
    datasets: tuple[DatasetRows, ...],
    taken: list[Count],
    given: tuple[Count, ...],
) -> Count:
    """Bound how many of the mixed rows preprocessing leaves out."""
    if settings.stage == "pt":  # every document is a row
        return exactly(0)
    parts = []
    for dataset, rows, share in zip(datasets, taken, given, strict=True):
        bad = dataset.dropped
        if bad.high is None or (rows.high is not None and bad.high > rows.high):
            bad = Count(min(bad.low, rows.low), rows.high)
        if bad.high == 0:
            parts.append(exactly(0))
        elif dataset.num_samples is not None:  # which rows were sampled is not known here
            parts.append(Count(0, share.high))
        elif share == rows:
            parts.append(bad)
        elif share.high is None or bad.high is None or rows.low == 0:
            parts.append(Count(0, share.high))
        else:  # the rows are gone through from the first on, over and over
            rounds = -(-share.high // rows.low)
            parts.append(Count(0, min(bad.high * rounds, share.high)))
    return total(parts)


def _split_and_pack(
    settings: RunSettings, merged: Count, dropped: Count, text: int | None,
    tokens: RowTokens | None, llamafactory: Version,
) -> tuple[Count, Count, tuple[str, ...]] | NoPlan:  # fmt: skip
    """Return the train rows, the rows held out and what was assumed."""
    if settings.streaming:  # the first int(val_size) rows of the stream are held out
        held = int(settings.val_size) if settings.val_size > 1e-6 else 0
        low = 0 if dropped.high is None else merged.low - held - dropped.high
        high = None if merged.high is None else max(merged.high - held, 0)
        if dropped.high == 0 and high == 0:
            return no_run(f"`val_size: {held}` leaves no row of the stream to train on", "val_size")
        if settings.packing:
            most = Count(0, high)
            rows, notes = packed(settings, most, most, text, None)
            return Count(0, rows.high), exactly(held), notes
        return Count(max(low, 0), high), exactly(held), ()
    if llamafactory >= SPLITS_FIRST:
        split = _split(settings.val_size, merged)
        if isinstance(split, NoPlan):
            return split
        train, held_out = split
        kept = _kept(train, dropped, merged, held_out)
        tokens = divided(settings, tokens, held_out)[0]
        rows, notes = packed(settings, train, kept, text, tokens)
        return rows, held_out, notes
    kept = _kept(merged, dropped, merged, exactly(0))
    rows, notes = packed(settings, merged, kept, text, tokens)
    split = _split(settings.val_size, rows)
    return split if isinstance(split, NoPlan) else (*split, notes)


def _kept(train: Count, dropped: Count, merged: Count, held_out: Count) -> Count:
    """Take dropped rows out of the train rows; some of them may be among those held out."""
    if dropped.high == 0:
        return train
    low = 0 if dropped.high is None else max(train.low - dropped.high, 0)
    high = train.high
    if high is not None and merged.exact is not None and held_out.exact is not None:
        high = min(high, merged.exact - dropped.low)
    return Count(min(low, high) if high is not None else low, high)


def _split(val_size: float, rows: Count) -> tuple[Count, Count] | NoPlan:
    """Return (train rows, rows held out) of a seeded split, or why it is refused."""
    if val_size <= 1e-6:
        return rows, exactly(0)
    if val_size == 1 and isinstance(val_size, float):
        return no_run("`val_size: 1.0` is neither a fraction nor a number of rows",
                      "val_size")  # fmt: skip
    if rows.high is not None and held_out(val_size, rows.high) >= rows.high:
        return no_run(f"`val_size: {val_size:g}` of {rows.high} rows leaves none to train on",
                      "val_size")  # fmt: skip

    def train(count: int) -> int:
        return max(count - held_out(val_size, count), 0)

    return rows.rising(train), rows.rising(lambda count: held_out(val_size, count))


def held_out(val_size: float, rows: int) -> int:
    """Return the rows of the validation split: a fraction is rounded up, a number cut to whole.

    The product is one of doubles, as in datasets' `train_test_split`.
    """
    return int(val_size) if val_size >= 1 else ceil(val_size * rows)
