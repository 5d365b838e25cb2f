"""What bash hands to programs, held against what is read: `python -m tests.launch.bash FOLDER`.

Each script that may start LLaMA Factory runs as nobody, in mount, pid and network namespaces of its
own, over a throw-away root that holds a shell, small tools and stubs, for ten seconds, in 256 MiB.
The stubs write down what they are handed and do nothing. Where namespaces cannot be made, nothing
runs. A script runs four times, each with what Slurm sets by its `#SBATCH` lines: with nothing else
and without arguments; with a value for all that it does not set itself, where a launch that is the
same is so whatever the environment; and with a value for that of it for which the script has no
default, where a launch that is the same is decided by defaults. Both only as far as it is the same
at another time, and where programs answer otherwise: where they fail.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from ftlint.launch.programs import launched
from ftlint.launch.scripts import look
from ftlint.launch.signs import may_launch
from ftlint.launch.slurm import header_of
from ftlint.launch.values import HERE, UNKNOWN
from ftlint.launch.wrappers import base, unwrapped
from ftlint.support.files import SCRIPTS

TOOLS = """bash basename cat chmod cp cut date dirname echo env expr false grep head hostname id ls
mkdir mktemp mv nohup nproc printf pwd readlink realpath rm sed seq sort stat tail tee test timeout
touch tr true uname uniq wc whoami xargs""".split()
STUBS = """llamafactory-cli lmf torchrun accelerate deepspeed python python3 python3.10
python3.11""".split()
PASSING = "srun mpirun mpiexec apptainer singularity docker uv poetry conda numactl stdbuf".split()
"""Stubs that start the program which their words name."""
QUIET = "sleep nvidia-smi module scontrol git pip pip3 ray wandb hf huggingface-cli".split()
KEPT = ("CUDA_VISIBLE_DEVICES", "FORCE_TORCHRUN", "NNODES", "NPROC_PER_NODE", "NODE_RANK")
SECONDS, BYTES = 10, 256 * 1024 * 1024

_STUB = """#!/bin/bash
{ printf '%s\\0' @@call "${0##*/}" "$#" "$@"; } >> /out/calls
exit "${OTHERWISE:-0}"
"""
_DATE = """#!/bin/bash
if [ -n "$OTHERWISE" ]; then echo 1; else exec /bin/now "$@"; fi
"""
_PASS = """#!/bin/bash
while [ $# -gt 0 ]; do
  case "${1##*/}" in
    llamafactory-cli|lmf|torchrun|accelerate|deepspeed|python*|bash|sh) break;;
  esac
  case "$1" in *=*) case "$1" in -*) ;; *) export "$1" 2>/dev/null;; esac;; esac
  shift
done
[ $# -gt 0 ] && exec "${1##*/}" "${@:2}"
exit 0
"""
_KIND = """command_not_found_handle() { return 0; }
source() { [ ! -f "$1" ] || builtin source "$@" || :; return 0; }
cd() { builtin cd "$@" 2>/dev/null || :; return 0; }
"""
_OURS = re.compile(
    r"(?:^|/)(?:train_bash|train|export_model|cli_demo|api_demo|web_demo|api|evaluate|launcher)\.py$"
)
_TELLS = frozenset("--stage --finetuning_type --template --dataset_dir --lora_target".split())


class Outcome(NamedTuple):
    """One launch that bash made: how it was read, and in which kind of world it is the same."""

    script: str
    words: tuple[str, ...]
    read: str
    """exact, unknown, wrong or missed."""
    kind: str
    """always, default or open."""


def make_root(root: Path) -> None:
    """Fill a folder with what a script needs to run."""
    for name in ("bin", "stubs", "out", "repo", "tmp", "dev", "proc", "home"):
        (root / name).mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found is not None:
            _take(Path(found), root / "bin" / name, root)
    (root / "bin" / "sh").symlink_to("bash")
    (root / "bin" / "date").rename(root / "bin" / "now")
    _script(root / "bin" / "date", _DATE)
    for name in STUBS:
        _script(root / "stubs" / name, _STUB)
    for name in PASSING:
        _script(root / "stubs" / name, _PASS)
    for name in QUIET:
        _script(root / "stubs" / name, '#!/bin/bash\nexit "${OTHERWISE:-0}"\n')
    (root / "kind").write_text(_KIND)
    (root / "dev" / "null").touch()


def _take(program: Path, to: Path, root: Path) -> None:
    shutil.copy(program.resolve(), to)
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+\.so\S*)", told):
        place = root / library.lstrip("/")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(library).resolve(), place)


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def run(
    root: Path, script: str, variables: dict[str, str], arguments: list[str]
) -> list[list[str]]:
    """Run a script of the root's `/repo` and return what the stubs were handed."""
    out = root / "out" / "calls"
    out.write_bytes(b"")
    out.chmod(0o666)
    limited = "PATH=/stubs:/bin; ulimit -v 262144 -f 2048 -u 200; cd /repo"
    within = f'{limited}; exec timeout -s KILL {SECONDS} /bin/bash "$@"'
    inner = (
        f"mount --bind {root} {root} && mount --bind /dev/null {root}/dev/null && cd {root} &&"
        f" exec chroot --userspec=65534:65534 . /bin/bash -c '{within}' bash \"$@\""
    )
    environment = {
        "PATH": "/stubs:/bin", "HOME": "/home", "BASH_ENV": "/kind", "USER": "nobody", **variables,
    }  # fmt: skip
    subprocess.run(
        [*"unshare -m -p -n -u -i -f bash -c".split(), inner, "bash", script, *arguments],
        env={**environment, "PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=False, timeout=SECONDS * 3,
    )  # fmt: skip
    pieces = out.read_bytes().decode("utf-8", "replace").split("\0")
    calls: list[list[str]] = []
    place = 0
    while place < len(pieces):
        if pieces[place] != "@@call":
            place += 1
            continue
        count = int(pieces[place + 2])
        calls.append([pieces[place + 1], *pieces[place + 3 : place + 3 + count]])
        place += 3 + count
    return [one for one in calls if is_launch(one)]


def is_launch(words: list[str]) -> bool:
    """Return whether what a stub was handed is a start of LLaMA Factory; told by other means."""
    name, rest = words[0], words[1:]
    if {"-h", "--help"} & set(rest):
        return False
    if name in ("llamafactory-cli", "lmf"):
        return bool(rest) and rest[0] in ("train", "export", "chat", "api", "webchat", "eval")
    if any(one in ("llamafactory.cli", "llamafactory.launcher") for one in rest):
        return not {"webui", "version", "env"} & set(rest)
    if not any(_OURS.search(one) for one in rest):
        return False
    if any(one.endswith(("src/train.py", "train_bash.py")) for one in rest):
        return len(rest) > 1
    return len(_TELLS & {one.partition("=")[0] for one in rest}) >= 2


def readings(script: Path, name: str, root: Path) -> tuple[list[tuple[list[str], bool]], list[str]]:
    """Return what ftlint reads: words with gaps, and whether unknown is told."""
    text = script.read_bytes().decode("utf-8", "replace")

    def source(path: str) -> str | None:
        beside = path.startswith(HERE)
        folder = (root / "repo" / name).parent if beside else root / "repo"
        place = folder / path.removeprefix(HERE).lstrip("/" if beside else "")
        return place.read_text("utf-8", "replace") if place.is_file() else None

    found = look(text, name, source)
    header = header_of(text)
    made = []
    for call in found.calls:
        one = launched(call, name, 1, header)
        if one is None:
            continue
        words, _ = unwrapped(call.words)
        texts = [
            base(words[0].text),
            *(word.text for word in words[1:] if not _rest(word.text, word)),
        ]
        texts = [text.replace(HERE, UNKNOWN) for text in texts]
        gaps = bool(one.unknown) or any(UNKNOWN in each for each in texts)
        made.append((texts, gaps))
    return made, sorted(name for name in found.asked if name.isidentifier())


def _rest(text: str, word: object) -> bool:
    from ftlint.launch.expansion import NO_ARGUMENTS

    return text == UNKNOWN and NO_ARGUMENTS in word.value.assumed  # type: ignore[attr-defined]


def fits(read: list[str], handed: list[str]) -> bool:
    """Return whether words with gaps may be these; a gap that is a word may be none or several."""
    if not read:
        return not handed
    if read[0] == UNKNOWN:
        return any(fits(read[1:], handed[count:]) for count in range(len(handed) + 1))
    if not handed:
        return False
    pattern = ".*".join(re.escape(part) for part in read[0].split(UNKNOWN))
    return re.fullmatch(pattern, handed[0], re.S) is not None and fits(read[1:], handed[1:])


def judged(script: Path, folder: Path, root: Path) -> tuple[list[Outcome], int]:
    """Return how each launch of a script was read, and launches that were read and never made.

    A job array runs for each of its tasks, and what is read of a launch is as good as what is read
    of the worst of them.
    """
    name = str(script.relative_to(folder))
    repo = root / "repo"
    shutil.rmtree(repo)
    (repo / name).parent.mkdir(parents=True)
    for beside in script.parent.iterdir():
        if beside.is_file() and beside.suffix in (*SCRIPTS, ".env", ".json", ".yaml"):
            shutil.copy(beside, (repo / name).parent / beside.name)
    for one in (repo, *repo.rglob("*")):
        one.chmod(0o777 if one.is_dir() else 0o644)
    read, asked = readings(script, name, root)
    text = script.read_bytes().decode("utf-8", "replace")
    made: list[list[str]] = []
    tasks = []
    for given in slurm(text):
        bare = run(root, name, given, [])
        full = run(root, name, {**dict.fromkeys(asked, "1"), **given}, ["w1", "w2"])
        unset = dict.fromkeys([one for one in asked if not has_default(one, text)], "1")
        needed = re.search(r"[$][1-9]|[$][{][1-9]}", text) and not has_default("1", text)
        filled = run(root, name, {**unset, **given}, ["w1", "w2"] if needed else [])
        (repo / name).write_text(re.sub(r"(?m)^([ \t]*set +-[a-z]*)e", r"\1", text))
        otherwise = run(root, name, {"OTHERWISE": "1", **given}, [])
        (repo / name).write_bytes(script.read_bytes())
        made += [*bare, *full, *filled]
        tasks.append([_judged(words, name, read, full, filled, otherwise) for words in bare])
    outcomes = [
        max((one for one in same if one), key=lambda one: WORST.index(one.read))
        for same in zip_longest(*tasks)
    ]
    never = sum(words not in made and not gaps for words, gaps in read)
    return outcomes, never


WORST = ("exact", "unknown", "wrong", "missed")


def _judged(
    words: list[str], name: str, read: list[tuple[list[str], bool]], *others: list[list[str]]
) -> Outcome:
    """Return how a launch was read that bash makes; `others` are those of other worlds."""
    full, filled, otherwise = others
    kind = "always" if words in full else "default" if words in filled else "open"
    kind = kind if words in otherwise else "open"
    if any(one == words for one, _ in read):
        return Outcome(name, tuple(words), "exact", kind)
    if any(gaps and fits(one, words) for one, gaps in read):
        return Outcome(name, tuple(words), "unknown", kind)
    begun = any(one[:2] == words[:2] for one, _ in read)
    return Outcome(name, tuple(words), "wrong" if begun else "missed", kind)


def has_default(name: str, text: str) -> bool:
    """Return whether a script says what to take where a variable is not set: `${NAME:-d}`."""
    return re.search(rf"[$][{{]{name}:?[-=]", text) is not None


def slurm(text: str) -> list[dict[str, str]]:
    """Return what Slurm sets by the head of a script: for each task, where it is a job array."""
    asked = {
        name: found[-1]
        for name, option in (("nodes", "-N|--nodes"), ("array", "-a|--array"))
        if (found := re.findall(rf"(?m)^#SBATCH +(?:{option})[= ]+([\d,:-]+)", text))
    }
    given = {}
    if asked.get("nodes", "").isdecimal():
        given = dict.fromkeys(("SLURM_NNODES", "SLURM_JOB_NUM_NODES"), asked["nodes"])
    tasks: list[int] = []
    for one in asked.get("array", "").split(",") if "SLURM_ARRAY_TASK_" in text else []:
        span, _, step = one.partition(":")
        first, _, last = span.partition("-")
        tasks += range(int(first), int(last or first) + 1, int(step or 1))
    whole = {"COUNT": len(tasks), "MIN": min(tasks), "MAX": max(tasks)} if tasks else {}
    return [
        {**given, **{f"SLURM_ARRAY_TASK_{key}": str(value) for key, value in each.items()}}
        for each in ({**whole, "ID": task} for task in tasks)
    ] or [given]


def main(folder: Path) -> int:
    """Print how launches were read; status 1 where one was read wrongly."""
    if subprocess.run(["unshare", "-m", "-p", "-n", "-f", "true"], check=False).returncode:
        print("no namespaces can be made here: no script is run")
        return 2
    scripts = [
        path for path in sorted(folder.rglob("*"))
        if path.suffix in SCRIPTS and path.is_file() and may_launch(path.read_bytes())
    ]  # fmt: skip
    count: Counter[tuple[str, str]] = Counter()
    never = 0
    seen: set[bytes] = set()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_root(root)
        root.chmod(0o755)
        for script in scripts:
            data = script.read_bytes()
            if data in seen:
                continue
            seen.add(data)
            try:
                outcomes, more = judged(script, folder, root)
            except subprocess.TimeoutExpired:
                print(f"{script}: took too long")
                continue
            never += more
            if more:
                print(f"never made: {more} {script}")
            for one in outcomes:
                count[one.kind, one.read] += 1
                if one.read != "exact":
                    print(f"{one.read} ({one.kind}) {script}: {' '.join(one.words)[:300]!r}")
    print(f"{len(seen)} scripts, {sum(count.values())} launches")
    for kind in ("always", "default", "open"):
        whole = sum(number for (of, _), number in count.items() if of == kind)
        told = ", ".join(
            f"{number} {read}" for (of, read), number in sorted(count.items()) if of == kind
        )
        print(f"{kind}: {whole} launches: {told}")
    print(f"read and not made in either world: {never}")
    return int(any(read in ("wrong", "missed") for _, read in count))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
