"""How many ranks share the data.

Source: LLaMA Factory `launcher.py` and `hparams/training_args.py` (0.9.5), accelerate
`data_loader.py` `prepare_data_loader` (1.11), transformers `trainer.py` (5.6).
"""

from __future__ import annotations

from ftlint.steps.counts import NoPlan, no_run
from ftschemas.launchers import KT, RAY, TORCHRUN
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class World(NamedTuple):
    """Where a run is launched, as far as the config file cannot say it."""

    gpus: int = 1  # devices that the launcher sees on a node; 0: a CPU host
    nodes: int = 1
    launcher: str = TORCHRUN  # as ftschemas.launchers names it
    elastic: bool = False  # MIN_NNODES and MAX_NNODES are set
    deepspeed: Mapping[str, object] | None = None  # content of the JSON file that the config names
    note: str = ""  # how this is known, for the list of assumptions


class Ranks(NamedTuple):
    """How micro-batches are dealt out.

    `shards` processes divide the micro-batches of an epoch among them, and each goes through its
    share `repeats` times over (1, but for DeepSpeed's sequence parallelism). `batch_factor`
    multiplies the batch of one process (1, but for KTransformers, whose one process has all GPUs).
    """

    shards: int
    repeats: int = 1
    batch_factor: int = 1
    assumptions: tuple[str, ...] = ()

    @property
    def world_size(self) -> int:
        """Data-parallel ranks: how many micro-batches of different rows run at a time."""
        return max(self.shards // self.repeats, 1)


def ranks(
    values: Mapping[str, object], world: World, sizes: tuple[str, ...] = ()
) -> Ranks | NoPlan:
    """Return the data-parallel layout, or why there is none.

    `sizes` are the keys of a trainer that says with them alone how many ranks share rows.
    """
    if world.launcher == KT:  # one process, which takes a batch for each GPU
        return Ranks(1, 1, max(world.gpus, 1), (world.note,) if world.note else ())
    processes = processes_of(values, world)
    if isinstance(processes, NoPlan):
        return processes
    note = "" if world.launcher == RAY else world.note
    assumptions = [note] if note else []
    if world.elastic:
        assumptions.append("an elastic launch may change the number of nodes during the run, and "
                           "with it every count")  # fmt: skip
    if sizes:
        shared = shared_by(values, sizes)
        if isinstance(shared, NoPlan):
            return shared
        model_parallel, repeats, reads = shared, 1, ""
    else:
        model_parallel, repeats, reads = _model_parallel(values, world)
    group = model_parallel * repeats
    if reads and group > 1:
        assumptions.append(reads)
    if processes % group and note:  # nobody said how many there are
        processes = group
        assumptions = [f"assumes {group} processes: set the number with `--gpus N`",
                       *assumptions[1:]]  # fmt: skip
    if processes % group:
        return no_run(f"{processes} processes cannot be divided into groups of "
                      f"{group}", next(filter(values.get, sizes), None))  # fmt: skip
    if isinstance(values.get("parallelism_config"), str) or (
        values.get("use_hyper_parallel") and values.get("hyper_parallel_args")
    ):
        assumptions.append("parallelism that another file sets up is ignored")
    return Ranks(processes // model_parallel, repeats, 1, tuple(assumptions))


def processes_of(values: Mapping[str, object], world: World) -> int | NoPlan:
    """Return how many processes are started: workers of Ray, else one for each GPU."""
    if world.launcher != RAY:
        return max(world.gpus, 1) * max(world.nodes, 1)
    workers = values.get("ray_num_workers", 1)
    if isinstance(workers, int) and workers >= 1:
        return workers
    return NoPlan(f"`ray_num_workers: {workers}` is not a number of workers", "ray_num_workers")


def shared_by(values: Mapping[str, object], sizes: Iterable[str]) -> int | NoPlan:
    """Return the product of parallel sizes, of which one that is not set counts as 1."""
    product = 1
    for key in sizes:
        size = values.get(key)
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            return NoPlan(f"`{key}: {size}` is not a number of ranks", key)
        product *= size
    return product


def _model_parallel(values: Mapping[str, object], world: World) -> tuple[int, int, str]:
    """Return the ranks that share the same rows, those that take turns at them, and who says so."""
    deepspeed = values.get("deepspeed")
    deepspeed = deepspeed if isinstance(deepspeed, dict) else world.deepspeed
    tensor = deepspeed.get("tensor_parallel") if deepspeed else None
    if isinstance(tensor, dict) and _size(tensor, "autotp_size") > 1:
        size = _size(tensor, "autotp_size")
        return size, 1, f"{size} ranks get the same rows (DeepSpeed `autotp_size`)"
    if values.get("use_hyper_parallel") and _size(values, "hyper_parallel_cp_size") > 1:
        size = _size(values, "hyper_parallel_cp_size")
        return size, 1, f"{size} ranks share each row (`hyper_parallel_cp_size`)"
    mesh = values.get("parallelism_config")
    if isinstance(mesh, dict):
        size = _size(mesh, "tp_size") * _size(mesh, "cp_size")
        turns = _size(mesh, "sp_size")
        return (
            size,
            turns,
            "ranks that share rows: taken from `parallelism_config`, not tested with real runs",
        )
    return 1, 1, ""


def _size(mapping: Mapping[str, object], key: str) -> int:
    value = mapping.get(key)
    return value if isinstance(value, int) and value > 1 else 1
