"""Jobs on Ray's own test cluster: three nodes of two kinds, one of which is killed on the way."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.oracle.environments import ensure

from ftbench.cli.fleet import command
from ftbench.results.record import read
from suites.validation import write_data

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.fleet

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
model_name_or_path: Qwen/Qwen2.5-0.5B-Instruct
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 4
dataset: small
dataset_dir: {data}
template: qwen
cutoff_len: 128
output_dir: {folder}/saves
per_device_train_batch_size: {batch}
num_train_epochs: 2.0
logging_steps: 1
report_to: none
"""
KINDS = ("RED", "BLUE")
STEPS = 3


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two configs, from which the fleet is started."""
    write_data(tmp_path / "here")
    for batch in (1, 2):
        text = CONFIG.format(folder=tmp_path, data=tmp_path / "here", batch=batch)
        (tmp_path / f"batch-{batch}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_PYTHON", str(ensure("0.9.5")))
    for name, value in {
        "FTBENCH_CACHE": str(tmp_path / "cache"), "DISABLE_VERSION_CHECK": "1",
        "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("lint", "schemas", "bench")),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def cluster(place: Path) -> Iterator[Any]:
    """A head without GPUs, and three nodes: two with a red one, one with a blue one."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0})
    made.reds = [_node(made, "RED"), _node(made, "RED")]
    _node(made, "BLUE")
    made.wait_for_nodes()
    yield made
    made.shutdown()


def _node(made: Any, kind: str) -> Any:
    return made.add_node(num_cpus=1, num_gpus=1, resources={f"accelerator_type:{kind}": 1})


def fleet(made: Any, *options: str) -> Any:
    words = ["batch-1.yaml", "batch-2.yaml", "--ray", made.address, "--model", "tiny",
             "--steps", str(STEPS), *options]  # fmt: skip
    return CliRunner().invoke(command, words)


@pytest.mark.parametrize("again", ["once", "twice"])
def test_every_result_is_there_once_although_a_node_dies(
    cluster: Any, place: Path, again: str
) -> None:
    killed = threading.Event()

    def kill() -> None:
        """Kill a red node while it trains."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if list(Path("/proc").glob("[0-9]*/cmdline")) and _training(place):
                cluster.remove_node(cluster.reds[0], allow_graceful=False)
                killed.set()
                return
            time.sleep(0.2)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    done = fleet(cluster, "--price", "RED=2", "--price", "BLUE=3.5")
    killer.join()
    assert killed.is_set()
    assert done.exit_code == 0, done.output
    assert "its node died; tried again (1 of 2)" in done.stderr
    files = sorted((place / "fleet").iterdir())
    assert len(files) == 4
    seen = set()
    for path in files:
        made: Any = read(path)
        assert made["error"] is None
        assert made["trainer"]["global_step"] == STEPS
        seen.add((made["config"]["path"], path.name.split("-")[2]))
    assert seen == {(f"batch-{batch}.yaml", kind) for batch in (1, 2) for kind in KINDS}
    table = done.stdout.splitlines()
    head = next(at for at, line in enumerate(table) if line.startswith("config"))
    assert "cost" in table[head]
    assert len([line for line in table[head + 1 :] if line.startswith("batch-")]) == 4
    before = {path: path.read_bytes() for path in files}
    told = fleet(cluster)
    assert told.exit_code == 0
    assert "4 of them have a result already" in told.stdout
    assert {path: path.read_bytes() for path in (place / "fleet").iterdir()} == before


def _training(place: Path) -> bool:
    """Return whether a run is in its training process."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ftbench.runners.child" in path.read_bytes():
                return True
        except OSError:
            continue
    return False


def test_a_kind_that_is_nowhere_is_given_up(cluster: Any, place: Path) -> None:
    done = fleet(cluster, "--gpu", "GREEN", "--wait", "3")
    assert done.exit_code == 1
    assert done.stdout.count("no node with GREEN for 3 s") == 2
    assert not list(place.glob("fleet/*"))


def test_what_cannot_be_run_is_said_and_not_kept(cluster: Any, place: Path) -> None:
    done = fleet(cluster, "--gpu", "BLUE", "--python", "/no/such/python")
    assert done.exit_code == 1
    assert "/no/such/python cannot be run" in done.stdout
    assert "died" not in done.stderr
    assert not list(place.glob("fleet/*"))


def test_alone_it_listens_to_this_machine_only(place: Path) -> None:
    from ftbench.fleet.cluster import joined

    with joined("local") as made:
        assert made.kinds() == {}
        ports = listening()
        assert ports
        assert {address for address, _ in ports} <= {"127.0.0.1", "::1"}


def listening() -> set[tuple[str, int]]:
    """Return the addresses and ports on which this process's children and itself listen."""
    import psutil  # type: ignore[import-untyped]

    me = psutil.Process()
    found = set()
    for one in [me, *me.children(recursive=True)]:
        for link in one.net_connections("inet"):
            if link.status == psutil.CONN_LISTEN:
                found.add((link.laddr.ip, link.laddr.port))
    return found


def test_the_jobs_are_shown_first(cluster: Any, place: Path) -> None:
    done = fleet(cluster, "--dry-run")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert len([line for line in lines if line.startswith("job ")]) == 4
    sent = [line for line in lines if line.startswith("send ")]
    assert len(sent) == 4  # two configs, the table of one dataset, its file
    assert json.loads((place / "here/dataset_info.json").read_text("utf-8")).keys() > {"small"}
    assert not (place / "fleet").exists()
