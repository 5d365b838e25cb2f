"""`bench fleet` on a Ray cluster of real GPUs, one node of which is killed on the way.

`python bench/suites/fleet.py FOLDER [--gpus N] [--kind NAME] [--small]` starts a head and a node
for each GPU on this machine, trains four configs of FOLDER on the kind of GPU that the nodes have,
and kills the node that works first. Into FOLDER/fleet go the results, into FOLDER/fleet.json what
was asked and found: every job is to have one result, or it ends with 1. `--kind`: what the nodes
say that they are, as for `--small`, where there are no GPUs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
OURS = [str(ROOT / name) for name in ("bench", "lint", "schemas")]
sys.path[:0] = OURS

from ftbench.results.files import read  # noqa: E402
from ftbench.runners.launch import descendants  # noqa: E402
from suites.validation import as_yaml, write_data  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = 40
BATCHES = (1, 2, 4, 8)
"""Each is one config."""


def write_configs(folder: Path) -> list[str]:
    """Write data and configs, and return the names of these."""
    write_data(folder / "data")
    names = []
    for batch in BATCHES:
        values = {
            "model_name_or_path": "Qwen/Qwen2.5-0.5B-Instruct", "stage": "sft", "do_train": True,
            "finetuning_type": "lora", "dataset": "large", "dataset_dir": str(folder / "data"),
            "template": "qwen", "cutoff_len": 128, "output_dir": str(folder / "saves"),
            "per_device_train_batch_size": batch, "num_train_epochs": 3.0, "report_to": "none",
        }  # fmt: skip
        names.append(f"batch-{batch}.yaml")
        (folder / names[-1]).write_text(as_yaml(values), "utf-8")
    return names


@contextlib.contextmanager
def head() -> Iterator[tuple[Any, int]]:
    """Give a cluster that has nothing but a head without GPUs, and its port for clients.

    What the environment is changed by meanwhile is undone.
    """
    from ray.cluster_utils import Cluster

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    sockets = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # their paths have to be short
    # Of 20 fresh clusters 4 had no process for their first client with gRPC's handlers of forks.
    told = {"RAY_TMPDIR": sockets, "RAY_USAGE_STATS_ENABLED": "0", "GRPC_ENABLE_FORK_SUPPORT": "0"}
    with patch.dict(os.environ, told):
        itself = {"num_cpus": 0, "num_gpus": 0, "ray_client_server_port": port}
        made: Any = Cluster(initialize_head=True, head_node_args=itself)
        try:
            yield made, port
        finally:
            made.shutdown()
            shutil.rmtree(sockets, ignore_errors=True)


@contextlib.contextmanager
def cluster(gpus: int, kind: str | None) -> Iterator[tuple[int, list[Any], Any]]:
    """Give a head's port for clients, the nodes that have a GPU each, and the cluster."""
    told = {} if kind is None else {f"accelerator_type:{kind}": 1}
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    devices = shown.split(",") if shown else [*map(str, range(gpus))]
    nodes = []
    with head() as (made, port):
        for device in devices[:gpus]:
            os.environ["CUDA_VISIBLE_DEVICES"] = device  # a node has what it saw when it started
            nodes.append(made.add_node(num_cpus=4, num_gpus=1, resources=told))
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(devices)
        made.wait_for_nodes(timeout=120)
        yield port, nodes, made


def trains(node: Any) -> bool:
    """Return whether a run trains on a node."""
    (raylet,) = node.all_processes["raylet"]
    for pid in descendants(raylet.process.pid):
        with contextlib.suppress(OSError):
            if b"ftbench.runners.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
    return False


def run(folder: Path, gpus: int, kind: str | None, more: list[str]) -> dict[str, Any]:
    """Call the fleet, kill the node that works first, and return what was found."""
    names = write_configs(folder)
    with cluster(gpus, kind) as (port, nodes, made), tempfile.TemporaryFile("w+") as out:
        began = time.monotonic()
        called = [sys.executable, "-m", "ftbench", "fleet", *names, "--ray", f"127.0.0.1:{port}",
                  "--steps", str(STEPS), *more]  # fmt: skip
        started = subprocess.Popen(
            called, cwd=folder, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        while not (busy := [one for one in nodes if trains(one)]) and started.poll() is None:
            time.sleep(0.1)
        for one in busy[:1]:
            made.remove_node(one, allow_graceful=False)
        status = started.wait()
        out.seek(0)
        told = out.read()
    files = sorted((folder / "fleet").glob("*.json"))
    results: list[Any] = [read(path) for path in files]
    once = sorted(one["config"]["path"] for one in results) == sorted(names)
    return {
        "gpus": gpus, "seconds": time.monotonic() - began, "status": status,
        "killed": len(busy[:1]), "said": told.splitlines(),
        "results": [
            {"file": path.name, "config": one["config"]["path"], "error": one["error"],
             "steps": one["trainer"]["global_step"], "gpu": (one["environment"]["gpu"] or {})}
            for path, one in zip(files, results)
        ],
        "right": once and len(busy) > 0 and not any(one["error"] for one in results),
    }  # fmt: skip


def main() -> None:
    """Run it, and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gpus", type=int, default=2)
    parser.add_argument("--kind")
    parser.add_argument("--small", action="store_true", help="a tiny model")
    asked = parser.parse_args()
    folder = asked.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONPATH"] = os.pathsep.join([*OURS, os.environ.get("PYTHONPATH", "")])
    os.environ.setdefault("FTBENCH_CACHE", str(folder / "cache"))
    found = run(folder, asked.gpus, asked.kind, ["--model", "tiny"] if asked.small else [])
    (folder / "fleet.json").write_text(json.dumps(found, indent=1), "utf-8")
    print(*found["said"], sep="\n")
    verdict = "each once" if found["right"] else "WRONG"
    print(f"{found['killed']} node killed, {len(found['results'])} results: {verdict}")
    sys.exit(0 if found["right"] else 1)


if __name__ == "__main__":
    main()
