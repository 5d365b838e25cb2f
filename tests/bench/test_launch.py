from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ftbench.runners import errors
from ftbench.runners.errors import Unsupported, Untrainable
from ftbench.runners.launch import Processes, command, descendants, run

FAMILY = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open(sys.argv[1], "w").write("up")
time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


class Interrupt:
    """Interrupts once the process and the child in a session of its own are up."""

    def __init__(self, mark: Path) -> None:
        self.mark, self.family = mark, [0]

    def tick(self, _seconds: float) -> None:
        if self.mark.exists():
            self.family = descendants(os.getpid())
            raise KeyboardInterrupt


def test_an_interrupted_run_leaves_no_process_behind(tmp_path: Path) -> None:
    interrupt = Interrupt(tmp_path / "mark")
    arguments = [sys.executable, "-c", FAMILY, str(interrupt.mark)]
    with pytest.raises(KeyboardInterrupt):
        run(arguments, os.environ, tmp_path / "log", 60, interrupt.tick)
    assert len(interrupt.family) >= 2
    assert not any(alive(pid) for pid in interrupt.family)


def test_a_run_over_its_limit_is_ended(tmp_path: Path) -> None:
    begun = time.monotonic()
    arguments = [sys.executable, "-c", FAMILY, str(tmp_path / "mark")]
    ended = run(arguments, os.environ, tmp_path / "log", 1.0, lambda _: None)
    assert ended.overdue
    assert time.monotonic() - begun < 300  # its processes sleep for 600 seconds
    assert not [pid for pid in descendants(os.getpid()) if alive(pid)]


def test_status_output_and_seconds_come_back(tmp_path: Path) -> None:
    code = "import sys, time; print('said'); time.sleep(0.3); sys.exit(7)"
    ended = run([sys.executable, "-c", code], os.environ, tmp_path / "log", None, lambda _: None)
    assert (ended.status, ended.overdue) == (7, False)
    assert ended.seconds >= 0.3
    assert (tmp_path / "log").read_text() == "said\n"


def test_one_process_is_started_without_torchrun() -> None:
    assert command("py", Path("r"), Processes()) == ["py", "-m", "ftbench.runners.child", "r"]


def test_several_processes_are_torchruns() -> None:
    made = command("py", Path("r"), Processes(gpus=2))
    assert made[:3] == ["py", "-m", "torch.distributed.run"]
    assert made[made.index("--nproc_per_node") + 1] == "2"
    assert made[made.index("--master_addr") + 1] == "127.0.0.1"
    assert made[-3:] == ["-m", "ftbench.runners.child", "r"]


def test_options_for_several_nodes_are_passed_on() -> None:
    given = ("--node_rank", "1", "--rdzv_backend", "c10d", "--rdzv_endpoint", "host:29500")
    made = command("py", Path("r"), Processes(4, 2, given))
    assert made[3 : 5 + len(given)] == ["--nnodes", "2", *given]
    assert "--master_addr" not in made


def test_accelerate_launches_where_its_config_is_given() -> None:
    made = command("py", Path("r"), Processes(2, accelerate="fsdp.yaml"))
    assert made[2] == "accelerate.commands.launch"
    assert made[3:7] == ["--config_file", "fsdp.yaml", "--num_processes", "2"]


def test_a_process_that_was_killed_says_so() -> None:
    assert "killed (signal 9)" in errors.of_death(-9, "")["message"]
    assert "status 3: last words" in errors.of_death(3, "first\nlast words\n\n")["message"]


def test_out_of_memory_names_the_peak_and_what_to_lower() -> None:
    failure = errors.of_exception(
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "train",
        {"per_device_train_batch_size": 8, "gradient_accumulation_steps": 2, "cutoff_len": 4096},
        {"peak_allocated": 79_000_000_000},
    )  # fmt: skip
    assert failure["kind"] == "out_of_memory"
    assert "79.0 GB" in failure["message"]
    wanted = "per_device_train_batch_size: 4 with gradient_accumulation_steps: 4"
    assert failure["remedy"].startswith(wanted)
    assert "quantization_bit: 4" in failure["remedy"]


@pytest.mark.parametrize(
    ("error", "phase", "kind"),
    [
        (ValueError("Some keys are not used"), "parse", "refused"),
        (ValueError("Undefined dataset"), "data", "crash"),
        (ImportError("bitsandbytes"), "model", "missing"),
        (MemoryError(), "data", "out_of_memory"),
        (Unsupported("streaming"), "parse", "refused"),
        (Untrainable("no rows"), "data", "refused"),
    ],
)
def test_failures_are_told_apart(error: Exception, phase: str, kind: str) -> None:
    assert errors.of_exception(error, phase, {}, {})["kind"] == kind


def test_what_only_llama_factory_does_names_its_runner() -> None:
    """Where `ftlint CONFIG` has nothing to say."""
    failure = errors.of_exception(Unsupported("template gemma"), "data", {}, {})
    assert "template gemma" in failure["message"]
    assert "--runner llamafactory" in failure["remedy"]
