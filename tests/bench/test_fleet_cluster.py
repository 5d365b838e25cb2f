"""Jobs on Ray's own test cluster: three nodes of two kinds, two of which are killed on the way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.oracle.environments import ensure

from ftbench.cli.fleet import command
from ftbench.fleet.cluster import joined
from ftbench.results.files import read
from ftbench.runners.launch import descendants
from suites.fleet import head, trains
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
LOGGED = 3000
"""Characters of each log of the head: the last ones."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A head without GPUs, and three nodes: two with a red one, one with a blue one.

    Jobs inherit the surroundings of the nodes: the oracle's Python, and folders of their own.
    """
    place = tmp_path_factory.mktemp("fleet")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "FTBENCH_CACHE": str(place / "cache"), "DISABLE_VERSION_CHECK": "1",
            "HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "1", "TMPDIR": str(place),
            "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "1",  # of the 60 s of a try that stumbles, 30
            "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("lint", "schemas", "bench")),
        }.items():  # fmt: skip
            patch.setenv(name, value)
        with head() as (made, port):
            made.port = port
            made.reds = [_node(made, "RED"), _node(made, "RED")]
            made.blue = _node(made, "BLUE")
            made.wait_for_nodes(timeout=120)
            yield made


@pytest.fixture(autouse=True)
def _logs_of_the_head(cluster: Any, request: pytest.FixtureRequest) -> Iterator[None]:
    """Print what the head wrote of its clients where a test fails: its folder goes with it.

    Printed at the end of a test, which pytest shows below the failure. Not with `capsys`: in a test
    that has it `sys.stderr` is without a descriptor, and an oracle may have to be built.
    """
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        for path in sorted(Path(cluster.head_node.get_logs_dir_path()).glob("ray_client*")):
            print(f"\n{path.name}", path.read_text("utf-8", "replace")[-LOGGED:], sep="\n")


def _node(made: Any, kind: str) -> Any:
    return made.add_node(num_cpus=1, num_gpus=1, resources={f"accelerator_type:{kind}": 1})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two configs, from which the fleet is started."""
    write_data(tmp_path / "here")
    for batch in (1, 2):
        text = CONFIG.format(folder=tmp_path, data=tmp_path / "here", batch=batch)
        (tmp_path / f"batch-{batch}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTBENCH_PYTHON", str(ensure("0.9.5")))
    return tmp_path


def arguments(made: Any, *options: str) -> list[str]:
    return ["batch-1.yaml", "batch-2.yaml", "--ray", f"127.0.0.1:{made.port}", "--model", "tiny",
            "--steps", str(STEPS), *options]  # fmt: skip


def fleet(made: Any, *options: str) -> Any:
    return CliRunner().invoke(command, arguments(made, *options))


def test_the_jobs_are_shown_first(cluster: Any, place: Path) -> None:
    done = fleet(cluster, "--dry-run")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert len([line for line in lines if line.startswith("job ")]) == 4
    assert len([line for line in lines if line.startswith("send ")]) == 4
    assert not (place / "fleet").exists()


def test_a_client_listens_nowhere(cluster: Any) -> None:
    before = listening()
    with joined(f"127.0.0.1:{cluster.port}", lambda _: None) as made:
        assert made.kinds() == {"BLUE": 1.0, "RED": 2.0}
        assert listening() == before


def test_a_head_that_stumbles_is_asked_again(cluster: Any) -> None:
    killed: list[int] = []
    told: list[str] = []
    killer = Thread(target=kill_the_first_server, args=(killed,))
    killer.start()
    with joined(f"127.0.0.1:{cluster.port}", told.append) as made:
        killer.join()
        assert made.kinds() == {"BLUE": 1.0, "RED": 2.0}
    assert killed
    assert "started no process for this client; asked again (1 of 4)" in told[0]


def kill_the_first_server(killed: list[int]) -> None:
    """Kill the process that the head starts for the next client, as soon as it is there."""
    from psutil import NoSuchProcess, Process

    there = set(descendants(os.getpid()))
    until = time.monotonic() + 60
    while not killed and time.monotonic() < until:
        for pid in set(descendants(os.getpid())) - there:
            with suppress(NoSuchProcess):
                if "--mode=specific-server" in " ".join(Process(pid).cmdline()):
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
        time.sleep(0.05)


def listening() -> set[tuple[str, int]]:
    """Return the addresses and ports on which this process listens."""
    import ray  # which brings psutil along  # noqa: F401
    from psutil import CONN_LISTEN, Process

    links = Process().net_connections("inet")
    return {tuple(one.laddr) for one in links if one.status == CONN_LISTEN}


def test_a_kind_that_is_nowhere_is_given_up(cluster: Any, place: Path) -> None:
    done = fleet(cluster, "--gpu", "GREEN", "--wait", "3")
    assert done.exit_code == 1
    assert len(re.findall("! .* on GREEN: no node with GREEN for 3 s", done.stdout)) == 2
    assert not list(place.glob("fleet/*"))


def test_what_cannot_be_run_is_said_and_not_kept(cluster: Any, place: Path) -> None:
    done = fleet(cluster, "--gpu", "BLUE", "--python", "/no/such/python")
    assert done.exit_code == 1
    assert "/no/such/python cannot be run" in done.stdout
    assert "died" not in done.stderr
    assert not list(place.glob("fleet/*"))


def test_every_result_is_there_once_although_nodes_die(cluster: Any, place: Path) -> None:
    """A red node is killed while it works, then the only blue one, in whose place another comes."""
    words = arguments(cluster, "--price", "RED=2", "--price", "BLUE=3.5", "--wait", "90")
    started = subprocess.Popen(
        [sys.executable, "-m", "ftbench", "fleet", *words], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for victim in (cluster.reds[0], cluster.blue):
        while not trains(victim):
            assert started.poll() is None, started.communicate()
            time.sleep(0.1)
        cluster.remove_node(victim, allow_graceful=False)
    _node(cluster, "BLUE")
    table, told = (text.splitlines() for text in started.communicate(timeout=240))
    assert started.returncode == 0, (table, told)
    for kind in KINDS:
        assert any(
            re.fullmatch(rf"batch-..yaml on {kind}: its node died; tried again \(1 of 2\)", line)
            for line in told
        ), told
    assert not any("INFO" in line or "WARNING" in line for line in told), told
    files = sorted((place / "fleet").iterdir())
    assert len(files) == 4
    made: list[Any] = [read(path) for path in files]
    assert all(one["trainer"]["global_step"] == STEPS and not one["error"] for one in made)
    kinds = [path.stem.rsplit("-", 2)[1] for path in files]
    assert sorted(zip((one["config"]["path"] for one in made), kinds)) == sorted(
        (f"batch-{batch}.yaml", kind) for batch in (1, 2) for kind in KINDS
    )
    head = next(at for at, line in enumerate(table) if line.startswith("config"))
    assert table[head].split()[-1] == "cost"
    assert len([line for line in table[head + 1 :] if line.startswith("batch-")]) == 4
    before = {path: path.stat().st_mtime_ns for path in files}
    again = fleet(cluster)
    assert again.exit_code == 0
    assert "4 of them have a result already" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in (place / "fleet").iterdir()} == before
