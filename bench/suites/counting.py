"""Count the rows of big data files, against loading them with `datasets`.

    python bench/suites/counting.py --python PYTHON_WITH_DATASETS [--gigabytes 1] [--folder DIR]

Writes files of one gigabyte each (conversations and instructions, in several languages, with code
and formulas in them), counts each with ftlint and loads each with `datasets.load_dataset`, every
time in a fresh process and with the file in the page cache, and deletes it. Prints a table: rows,
seconds (the best of three for ftlint), ratio, and the peak memory above that of the process before
it began, children included. Needs datasets only in PYTHON_WITH_DATASETS.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LINT = Path(__file__).parents[2] / "lint"

COUNT = """
import json, resource, sys, time
sys.path.insert(0, sys.argv[1])
from ftlint.datasets import count_rows
from ftlint.support.disk import Disk
def peak():  # of this program; getrusage would tell that of the one that started it
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
count_rows(sys.argv[4], sys.argv[3], Disk())  # imports, and a small file to warm up on
before = peak()
start, cpu = time.perf_counter(), time.process_time()
rows = count_rows(sys.argv[2], sys.argv[3], Disk())
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "rows": rows.rows, "assumption": rows.assumption, "seconds": seconds,
    "cpu": cpu + children.ru_utime + children.ru_stime,
    "megabytes": (peak() - before + max(children.ru_maxrss - before, 0)) / 1024,
}))
"""

LOAD = """
import json, os, sys, tempfile, time
os.environ.update(HF_DATASETS_DISABLE_PROGRESS_BARS="1", HF_HUB_OFFLINE="1")
from datasets import load_dataset
def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = peak()
with tempfile.TemporaryDirectory(dir=sys.argv[3]) as cache:
    start, cpu = time.perf_counter(), time.process_time()
    rows = len(load_dataset(sys.argv[2], data_files=[sys.argv[1]], split="train", cache_dir=cache))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu,
                  "megabytes": (peak() - before) / 1024}))
"""

PARQUET = """
import json, sys
import pyarrow as pa, pyarrow.parquet as pq
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
table, size = pa.Table.from_pylist(rows), 0
with pq.ParquetWriter(sys.argv[2], table.schema, compression="none", use_dictionary=False) as out:
    while size < int(sys.argv[3]):
        out.write_table(table)
        size += table.nbytes
"""

WORDS = [
    *("the", "of", "and", "to", "in", "is") * 300, *(f"w{number}" for number in range(3000)),
    *("한국어", "데이터", "학습", "模型", "训练", "naïve") * 20,
    *("\\frac{a}{b}", "f(x) {", "} else {", '{"k": 1}', '"quoted"', "C:\\dir", "x[0]", "}, {") * 6,
]  # fmt: skip


def text(rng: random.Random, words: int) -> str:
    """Return so many words, some of them code, over several lines."""
    lines = []
    while words > 0:
        length = min(words, rng.randint(5, 14))
        lines.append(" ".join(rng.choices(WORDS, k=length)))
        words -= length
    return "\n".join(lines)


def instruction(rng: random.Random) -> dict[str, Any]:
    """Return a row of about a kilobyte."""
    extra = text(rng, rng.randint(1, 60)) if rng.random() < 0.3 else ""
    question, answer = text(rng, rng.randint(5, 40)), text(rng, rng.randint(20, 300))
    return {"instruction": question, "input": extra, "output": answer}


def conversation(rng: random.Random) -> dict[str, Any]:
    """Return a row of some kilobytes, with objects in a list."""
    turns = [
        {"from": ("human", "gpt")[turn % 2], "value": text(rng, rng.randint(30, 200))}
        for turn in range(2 * rng.randint(1, 4))
    ]
    return {"conversations": turns, "system": ""}


FILES = {
    "instructions.jsonl": (instruction, "json"),
    "conversations.jsonl": (conversation, "json"),
    "instructions.json": (instruction, "json"),
    "conversations.json": (conversation, "json"),
    "instructions.parquet": (instruction, "parquet"),
}


def write(path: Path, size: int, python: str) -> None:
    """Write one of FILES, of about `size` bytes."""
    make, kind = FILES[path.name]
    rng = random.Random(7)
    rows = [make(rng) for _ in range(4000)]
    if kind == "parquet":
        small = path.with_suffix(".rows")
        small.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        subprocess.run([python, "-c", PARQUET, str(small), str(path), str(size)], check=True)
        small.unlink()
        return
    array = path.suffix == ".json"
    between, start, end = (",\n", "[\n", "\n]\n") if array else ("\n", "", "\n")
    indent = 2 if array else None
    part = between.join(json.dumps(row, ensure_ascii=False, indent=indent) for row in rows).encode()
    with path.open("wb") as file:
        file.write(start.encode())
        for number in range(-(-size // len(part))):
            file.write(between.encode() * (number > 0) + part)
        file.write(end.encode())


def measured(python: str, code: str, *arguments: str) -> dict[str, Any]:
    """Run a piece of code in a process of its own and return the object that it prints."""
    answer = subprocess.run(
        [python, "-c", code, *arguments], check=True, capture_output=True, text=True
    ).stdout
    return dict(json.loads(answer.splitlines()[-1]))


def main() -> None:
    """Write, count, load and delete one file after the other."""
    parser = argparse.ArgumentParser(description="Count rows against loading them.")
    parser.add_argument("--python", default=sys.executable, help="has datasets and pyarrow")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--folder", help="where the files are written for a while")
    parser.add_argument("--json", help="also write the figures there")
    options = parser.parse_args()
    figures = {}
    print(f"{'':22}{'':9}{'seconds':>20}{'':8}{'of processor':>16}{'':8}{'peak memory':>20}")
    print(f"{'file':22}{'rows':>9}" + f"{'ftlint':>10}{'datasets':>10}{'ratio':>8}" * 2
          + f"{'ftlint':>10}{'datasets':>10}")  # fmt: skip
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for name, (_, kind) in FILES.items():
            path, small = Path(folder, name), Path(folder, f"small-{name}")
            write(path, int(options.gigabytes * (1 << 30)), options.python)
            small.write_bytes(b'{"a": 1}\n' if kind == "json" else b"PAR1")
            count = (COUNT, str(LINT), str(path), kind, str(small))
            runs = [measured(sys.executable, *count) for _ in range(3)]
            ours = min(runs, key=lambda run: float(run["seconds"]))
            theirs = measured(options.python, LOAD, str(path), kind, folder)
            path.unlink()
            if ours["rows"] != theirs["rows"]:
                raise SystemExit(f"{name}: {ours['rows']} counted, {theirs['rows']} loaded")
            line = f"{name:22}{ours['rows']:9}"
            for key in ("seconds", "cpu"):
                ratio = theirs[key] / max(ours[key], 1e-4)
                line += f"{ours[key]:9.3f}s{theirs[key]:9.2f}s{ratio:7.1f}x"
            print(f"{line}{ours['megabytes']:8.1f}MB{theirs['megabytes']:8.0f}MB", flush=True)
            figures[name] = {"ftlint": runs, "datasets": theirs}
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
