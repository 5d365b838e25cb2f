"""What bash hands to programs, held against what is read: `python -m tests.launch.bash FOLDER`.

Each script that may start LLaMA Factory runs as nobody, in mount, pid and network namespaces of its
own, over a throw-away root that holds a shell, small tools and stubs, for ten seconds, in 256 MiB.
The stubs write down what they are handed and do nothing. Where namespaces cannot be made, nothing
runs. A script runs twice: with nothing set and without arguments, and with a value for all that it
does not set itself: a launch that is the same in both is the same whatever the environment.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from ftlint.launch import processes
from ftlint.launch.programs import launched
from ftlint.launch.scripts import look
from ftlint.launch.signs import may_launch
from ftlint.launch.values import UNKNOWN
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
exit 0
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
    for name in STUBS:
        _script(root / "stubs" / name, _STUB)
    for name in PASSING:
        _script(root / "stubs" / name, _PASS)
    for name in QUIET:
        _script(root / "stubs" / name, "#!/bin/bash\nexit 0\n")
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


def readings(
    script: Path, name: str, root: Path
) -> tuple[list[tuple[list[str], bool, bool]], list[str]]:
    """Return what ftlint reads: words with gaps, whether unknown is told, whether assumed."""
    text = script.read_bytes().decode("utf-8", "replace")

    def source(path: str) -> str | None:
        place = root / "repo" / path
        return place.read_text("utf-8", "replace") if place.is_file() else None

    found = look(text, name, source)
    header = processes.header_of(text)
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
        gaps = bool(one.unknown) or any(UNKNOWN in each for each in texts)
        made.append((texts, gaps, bool(one.assumed)))
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
    """Return how each launch of a script was read, and launches that were read and never made."""
    name = str(script.relative_to(folder))
    repo = root / "repo"
    shutil.rmtree(repo)
    (repo / name).parent.mkdir(parents=True)
    for beside in script.parent.iterdir():
        if beside.is_file() and beside.suffix in (*SCRIPTS, ".env", ".json", ".yaml"):
            shutil.copy(beside, (repo / name).parent / beside.name)
    for one in (repo, *repo.rglob("*")):
        one.chmod(0o777 if one.is_dir() else 0o644)
    read, unset = readings(script, name, root)
    bare = run(root, name, {}, [])
    filled = dict.fromkeys(unset, "1")
    other = run(root, name, filled, ["w1", "w2"])
    left = list(read)
    outcomes = []
    for words in bare:
        kind = "always" if words in other else "open"
        exact = next((one for one in left if one[0] == words), None)
        if exact is not None:
            left.remove(exact)
            kind = "default" if kind == "open" and exact[2] else kind
            outcomes.append(Outcome(name, tuple(words), "exact", kind))
            continue
        near = next((one for one in left if one[1] and fits(one[0], words)), None)
        if near is not None:
            outcomes.append(Outcome(name, tuple(words), "unknown", kind))
            continue
        same = [one for one in read if one[0][:2] == words[:2]]
        again = any(one[0] == words for one in read)
        outcomes.append(
            Outcome(name, tuple(words), "exact" if again else "wrong" if same else "missed", kind)
        )
    never = sum(one[0] not in bare and one[0] not in other and not one[1] for one in left)
    return outcomes, never


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
