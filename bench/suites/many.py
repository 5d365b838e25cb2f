"""Very many configs in one run, whose findings are printed as they are found: memory and rate.

    python bench/suites/many.py [--configs 1000000]

Writes so many configs, a thousand a folder, of which no two are alike and every tenth has a slip,
and runs `ftlint --output-format jsonl` on all of them at once. Prints the peak of the largest
process at each tenth of the run: flat is a run in which the last is no higher than the first. Exit
status 1 where a finding is missing, or where memory has grown by more than a quarter.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FTLINT = str(Path(sys.executable).with_name("ftlint"))
FOLDER, SLIPS = 1000, 10
GROWTH = 1.25
CONFIG = """\
model_name_or_path: Qwen/Qwen2.5-{size}B
stage: sft
do_train: true
finetuning_type: lora
lora_rank: {rank}
dataset: rows_{number}
template: qwen
output_dir: saves/{number}
per_device_train_batch_size: {batch}
gradient_accumulation_steps: 8
learning_rate: {rate}e-4
num_train_epochs: 3.0
{last}: true
"""


def write(folder: Path, configs: int) -> None:
    """Write the configs."""
    for number in range(configs):
        place = folder / f"{number // FOLDER:04}"
        if number % FOLDER == 0:
            place.mkdir()
        text = CONFIG.format(
            number=number, size=(0.5, 1.5, 3, 7)[number % 4], rank=8 << number % 4,
            batch=1 + number % 8, rate=1 + number % 900 / 100,
            last="bf16" if number % SLIPS else "bf61",
        )  # fmt: skip
        (place / f"{number:07}.yaml").write_text(text, "ascii")


def peak(process: int) -> int:
    """Return the most KiB that a process, or one that it has started, has held so far."""
    found = 0
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
        for one in (str(process), *children):
            status = Path(f"/proc/{one}/status").read_text("ascii")
            found = max(found, int(status.partition("VmHWM:")[2].split()[0]))
    except (OSError, IndexError):  # it has just ended
        return found
    return found


def main() -> int:
    """Write, run, print; return 1 where it is not as it has to be."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--configs", type=int, default=1_000_000)
    configs: int = asked.parse_args().configs
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), configs)
        wanted = -(-configs // SLIPS)
        command = [FTLINT, "--output-format", "jsonl", "--limit", f"files={configs}", name]
        begun = time.perf_counter()
        peaks: list[int] = []
        found = lines = 0
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines += 1
                found += b'"FT101"' in line
                if found == (len(peaks) + 1) * max(wanted // 10, 1):
                    peaks.append(peak(process.pid))
        seconds = time.perf_counter() - begun
    print(f"{configs:,} configs in {seconds:.0f} s: {configs / seconds:,.0f} a second")
    print(f"{lines:,} findings, {found:,} of the {wanted:,} slips")
    print(
        "peak of the largest process, MB: " + ", ".join(f"{one * 1024 / 1e6:.1f}" for one in peaks)
    )
    return int(found != wanted or max(peaks) > GROWTH * peaks[0])


if __name__ == "__main__":
    sys.exit(main())
