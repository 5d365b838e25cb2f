"""How many processes a start makes: what its starter's options, its variables and Slurm say.

Sources: torch.distributed.run, accelerate.commands.launch, deepspeed.launcher.runner;
LLaMA Factory launcher.py, 0.9.3 to 0.9.5: torchrun with NPROC_PER_NODE, else all visible GPUs.
"""

from __future__ import annotations

import re

from ftlint.launch.machines import of_accelerate, of_hostfile
from ftlint.launch.record import Fact
from ftlint.launch.values import UNKNOWN, ShellString
from ftlint.target.launchers import forces_torchrun, turns_on
from ftschemas.named import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ftlint.launch.machines import Files
    from ftlint.launch.slurm import Header
    from ftlint.launch.values import Field

VISIBLE = ("CUDA_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
           "ROCR_VISIBLE_DEVICES")  # fmt: skip
_ALONE = {
    "torchrun": frozenset("standalone no-python run-path version help".split()),
    "accelerate": frozenset(
        """multi_gpu cpu tpu mixed_fp16 use_deepspeed use_fsdp use_megatron_lm use_xpu quiet
        debug no_python ipex no_tpu_cluster tpu_cluster downcast_bf16 same_network""".split()
    ),
    "deepspeed": frozenset(
        """force_multi no_python no_local_rank no_ssh_check no_ssh enable_each_rank_log
        elastic_training bind_cores_to_rank""".split()
    ),
}
"""Options of starters that take no value."""
_MODULE = ("-m", "--module")


class Started(NamedTuple):
    """The options of a starter; `module` where what it starts is a module.

    `incomplete`: others may be there that are not known before the run.
    """

    options: tuple[tuple[str, Field | None], ...] = ()
    module: bool = False
    incomplete: bool = False

    def get(self, *names: str) -> Field | None:
        """Return the value of an option, under the last of these names that is given."""
        found = None
        for name, value in self.options:
            if name in names:
                found = value
        return found


class WorldShape(NamedTuple):
    """GPUs of a node and nodes, None where nothing says, and where they are said."""

    gpus: int | None
    nodes: int | None
    facts: tuple[Fact, ...]
    assumed: tuple[str, ...] = ()


def options(program: str, words: Sequence[Field]) -> tuple[Started, Sequence[Field]]:
    """Return a starter's options, and the words from what it starts on."""
    alone = _ALONE[program]
    found: list[tuple[str, Field | None]] = []
    module = unsure = False
    place = 0
    while place < len(words):
        word = words[place]
        unsure = unsure or (not word.known and not word.quoted)
        text = word.text
        if text in _MODULE:
            module, place = True, place + 1
            if place < len(words):
                return Started(tuple(found), module, unsure), words[place:]
            break
        if not text.startswith("-"):
            if text == UNKNOWN and not word.quoted and place + 1 < len(words):
                place += 1  # options that are not known
                continue
            break
        name, equals, _ = text.partition("=")
        name = name.lstrip("-").replace("-", "_")
        if equals:
            cut = len(text) - len(text.partition("=")[2])
            value = word.value
            rest = value._replace(text=value.text[cut:], at=value.at[cut:])
            found.append((name, word._replace(value=rest)))
            place += 1
        elif name in {one.replace("-", "_") for one in alone}:
            found.append((name, None))
            place += 1
        else:
            behind = words[place + 1] if place + 1 < len(words) else None
            if behind is None or behind.text.startswith("-") or behind.text.endswith(".py"):
                found.append((name, None))
                place += 1
            else:
                found.append((name, behind))
                place += 2
    return Started(tuple(found), module, unsure), words[place:]


def shape(
    program: str,
    command: str,
    started: Started,
    environment: dict[str, ShellString],
    header: Header,
    words: Sequence[Field],
    file: Files,
) -> WorldShape:
    """Return how many processes are started, as far as anything says so."""
    if command != "train":
        return WorldShape(None, None, ())
    if program == "cli":
        return _of_cli(environment, header)
    visible = _visible(environment)
    if program == "python":
        one = Fact("gpus", 1, words[0].start, words[0].end, "python starts one process")
        return WorldShape(1, 1, (one,))
    if program == "torchrun":
        gpus = _count(started.get("nproc_per_node"), "gpus", "--nproc_per_node")
        nodes = _count(started.get("nnodes"), "nodes", "--nnodes")
        if started.get("nproc_per_node") is None and not started.incomplete:
            gpus = Fact("gpus", 1, words[0].start, words[0].end, "torchrun starts one process")
        elif gpus is None and (started.get("nproc_per_node") or words[0]).text in ("auto", "gpu"):
            gpus = visible
        default = started.get("nnodes") is None and not started.incomplete
        return _shape(gpus, nodes, default_nodes=default)
    if program == "accelerate":
        return _of_accelerate(started, file)
    return _of_deepspeed(started, visible, file)


def _shape(gpus: Fact | None, nodes: Fact | None, *, default_nodes: bool) -> WorldShape:
    facts = tuple(one for one in (gpus, nodes) if one is not None)
    many = 1 if nodes is None and default_nodes else nodes and nodes.value
    return WorldShape(gpus and gpus.value, many, facts)


def _of_cli(environment: dict[str, ShellString], header: Header) -> WorldShape:
    """Return what `llamafactory-cli train` starts: torchrun, or one process where one GPU is."""
    visible = _visible(environment)
    assumed: tuple[str, ...] = ()
    if visible is None and not any(name in environment for name in VISIBLE) and header.gpus:
        visible = header.gpus
        assumed = (f"all GPUs that {header.gpus.said} asks for are used",)
    forced = forces_torchrun([name for name, value in environment.items() if turns_on(value.text)])
    several = visible is not None and visible.value > 1
    if not forced and visible is not None and not several:
        return WorldShape(visible.value or 1, 1, (visible,), assumed)
    if "NPROC_PER_NODE" in environment:
        gpus = _of_variable(environment, "NPROC_PER_NODE", "gpus")
    else:
        gpus = visible
    nodes = _of_variable(environment, "NNODES", "nodes")
    default = "NNODES" not in environment and (forced or several)
    return _shape(gpus, nodes, default_nodes=default)._replace(assumed=assumed)


def _of_accelerate(started: Started, file: Files) -> WorldShape:
    processes = _count(started.get("num_processes", "n"), "gpus", "--num_processes")
    nodes = _count(started.get("num_machines"), "nodes", "--num_machines")
    config = started.get("config_file")
    if config is not None:
        said = of_accelerate(file(config.text) or "")
        if said is None:
            return _shared(processes, nodes, None)
        alone = said.alone and _MANY.isdisjoint(name for name, _ in started.options)
        if alone or started.get("num_processes", "n") is None:
            processes = _of_file("gpus", said.processes, config)
        if alone or started.get("num_machines") is None:
            nodes = _of_file("nodes", said.nodes, config)
    unsaid = started.incomplete or started.get("num_machines") is not None
    return _shared(processes, nodes, None if unsaid else 1)


_MANY = frozenset(["multi_gpu", "use_deepspeed", "use_fsdp", "use_megatron_lm"])
"""Options of accelerate by which it starts many processes, whatever its config says."""


def _shared(processes: Fact | None, nodes: Fact | None, default: int | None) -> WorldShape:
    """Return the processes of a whole run as those of each node."""
    many = default if nodes is None else nodes.value
    if processes is None:
        return WorldShape(None, many, () if nodes is None else (nodes,))
    shared = processes.value // (many or 1)
    if many and shared * many != processes.value:
        return WorldShape(None, None, ())
    facts = tuple(one for one in (processes._replace(value=shared), nodes) if one is not None)
    return WorldShape(shared if many else processes.value, many or 1, facts)


def _of_file(fact: str, value: int | None, named: Field) -> Fact | None:
    if value is None:
        return None
    return Fact(fact, value, named.start, named.end, named.text)  # type: ignore[arg-type]


def _of_deepspeed(started: Started, visible: Fact | None, file: Files) -> WorldShape:
    include = started.get("include", "i")
    if include is not None and include.known:
        hosts = [one.partition(":")[2] for one in include.text.split("@")]
        counts = {len(one.split(",")) for one in hosts if one}
        if len(counts) == 1 and all(hosts):
            count = counts.pop()
            fact = Fact("gpus", count, include.start, include.end, f"--include {include.text}")
            return WorldShape(count, len(hosts), (fact,))
        return WorldShape(None, None, ())
    gpus = _count(started.get("num_gpus"), "gpus", "--num_gpus")
    nodes = _count(started.get("num_nodes"), "nodes", "--num_nodes")
    file_of_hosts = started.get("hostfile", "H")
    if file_of_hosts is not None and started.get("exclude", "e") is None:
        said = of_hostfile(file(file_of_hosts.text) or "")
        if said is not None and started.get("num_nodes") is None:
            nodes = _of_file("nodes", said.nodes, file_of_hosts)
        if said is not None and started.get("num_gpus") is None:
            gpus = _of_file("gpus", (said.processes or 0) // (said.nodes or 1), file_of_hosts)
    if file_of_hosts is not None or started.incomplete:
        return _shape(gpus, nodes, default_nodes=False)
    if gpus is None and started.get("num_gpus") is None and started.get("exclude", "e") is None:
        gpus = visible
    return _shape(gpus, nodes, default_nodes=started.get("num_nodes") is None)


def _visible(environment: dict[str, ShellString]) -> Fact | None:
    """Return how many GPUs are visible, where a variable says so."""
    for name in VISIBLE:
        value = environment.get(name)
        if value is None or not value.known:
            continue
        devices = [one for one in value.text.split(",") if one.strip()]
        if not all(re.fullmatch(r"\s*(?:\d+|GPU-[\w-]+|MIG-[\w/-]+)\s*", one) for one in devices):
            return None  # -1, a range, a slip: another number than its words
        start, end = (value.at[0], value.at[-1] + 1) if value.at else (0, 0)
        return Fact("gpus", len(devices), start, end, f"{name}={value.text}")
    return None


def _of_variable(environment: dict[str, ShellString], name: str, fact: str) -> Fact | None:
    value = environment.get(name)
    if value is None or not value.text.strip().isdecimal():
        return None
    at = value.at
    said = f"{name}={value.text}"
    return Fact(fact, int(value.text), at[0], at[-1] + 1, said)  # type: ignore[arg-type]


def _count(word: Field | None, fact: str, option: str) -> Fact | None:
    if word is None or not word.text.isdecimal() or not int(word.text):
        return None
    said = f"{option} {word.text}"
    return Fact(fact, int(word.text), word.start, word.end, said)  # type: ignore[arg-type]
