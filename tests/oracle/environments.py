"""Pinned LLaMA Factory environments, the judges of truth: one virtual environment a release.

They live as `<home>/<release>` below `$FTLINT_ORACLE_HOME` (default `.oracle` in the repository
root). Beside each, `<home>/<release>-extras` sees the same packages and the optional ones of
`EXTRAS`: what needs them can then be tried, while the plain environment can still refuse it.
`python tests/oracle/environments.py 0.9.5` builds or verifies both and prints their pythons.
The script needs nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STAMP = "ftlint-stamp.json"
STDERR = 2
"""Where pip prints: the descriptor, which `sys.stderr` of a test with `capsys` does not have."""


class Pins(NamedTuple):
    """Releases that a LLaMA Factory release is judged with (the newest ones it allows)."""

    transformers: str
    datasets: str
    accelerate: str
    peft: str
    trl: str


RELEASES: dict[str, Pins] = {
    "0.9.3": Pins("4.52.4", "3.6.0", "1.7.0", "0.15.2", "0.9.6"),
    "0.9.4": Pins("4.57.1", "4.0.0", "1.11.0", "0.17.1", "0.24.0"),
    "0.9.5": Pins("5.6.0", "4.0.0", "1.11.0", "0.18.1", "0.24.0"),
}
MAIN = "main"
STATE: dict[str, str] = json.loads(
    (ROOT / "schemas" / "ftschemas" / "llamafactory" / "main.json").read_text("utf-8")
)["x-release"]
"""What the development state says of itself: its version and its commit."""
DEVELOPMENT = {MAIN: Pins("5.8.0", "4.0.0", "1.11.0", "0.18.1", "0.24.0")}
"""Not among the releases: what is measured for all of them is not for it, unless asked for."""
PINS = {**RELEASES, **DEVELOPMENT}
TORCH = "torch==2.13.0"
COMPANIONS = (
    *("av==16.0.0", "einops", "fastapi", "fire", "hf-transfer", "jinja2", "matplotlib", "numpy"),
    *("omegaconf", "packaging", "pandas", "protobuf", "psutil", "pyyaml", "scipy", "sentencepiece"),
    *("sse-starlette", "tiktoken", "torchdata==0.11.0", "tyro==0.8.14", "uvicorn"),
)
EXTRAS = (
    *("bitsandbytes==0.50.2", "galore-torch==1.0", "apollo-torch==1.0.3", "badam==1.4"),
    *("adam-mini==1.1.1", "jieba==0.42.1", "nltk==3.10.4", "rouge-chinese==1.0.3", "joblib"),
    *("six", "hjson", "ninja", "py-cpuinfo", "msgpack", "setuptools", "wheel"),
)
DEEPSPEED = "deepspeed==0.19.8"


def home() -> Path:
    """The folder that holds the environments."""
    return Path(os.environ.get("FTLINT_ORACLE_HOME") or ROOT / ".oracle").resolve()


def folder_of(release: str, extras: bool = False) -> Path:
    """The environment of a release, whether or not it exists yet."""
    return home() / (f"{release}-extras" if extras else release)


def _python_of(release: str, extras: bool) -> Path:
    """The interpreter of an environment, whether or not it exists yet: `ensure` is for others."""
    return folder_of(release, extras) / "bin" / "python"


def requirements(release: str) -> tuple[tuple[str, ...], ...]:
    """Pip calls in order; torch first so that nothing later picks another one.

    The last call runs without dependencies: trl and llamafactory ask for packages (gradio, CUDA
    builds) that argument parsing and a CPU step never import.
    """
    pins = PINS[release]
    own = f"llamafactory=={release}"
    if release == MAIN:
        own = f"llamafactory @ git+https://github.com/hiyouga/LLaMA-Factory@{STATE['commit']}"
    return (
        (TORCH,),
        (
            f"transformers=={pins.transformers}",
            f"datasets=={pins.datasets}",
            f"accelerate=={pins.accelerate}",
            f"peft=={pins.peft}",
            *COMPANIONS,
        ),
        (f"trl=={pins.trl}", own),
    )


_PROBE = """
import importlib.metadata as m, importlib.util as u, json, sys
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
found = {n: version(n) for n in sys.argv[1:]}
print(json.dumps({**found, "torchaudio": str(bool(u.find_spec("torchaudio")))}))
"""


def missing(release: str, extras: bool = False) -> list[str]:
    """What keeps an environment from being usable; empty when it is as pinned."""
    python = _python_of(release, extras)
    if not python.exists():
        return [f"no {python}"]
    calls = [*requirements(release), (*EXTRAS, DEEPSPEED)] if extras else requirements(release)
    wanted = {
        name: version
        for call in calls
        for name, _, version in (requirement.partition("==") for requirement in call)
        if " @ " not in name
    }
    if release == MAIN and not extras:
        wanted["llamafactory"] = STATE["version"]
    answer = subprocess.run(
        [str(python), "-c", _PROBE, *wanted], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        return [answer.stderr.strip()[-500:]]
    found: dict[str, str | None] = json.loads(answer.stdout)
    faults = [
        f"{name}: {found[name]} instead of {version or 'any'}"
        for name, version in wanted.items()
        if (found[name] or "").split("+")[0] != version and (version or found[name] is None)
    ]
    return faults if found["torchaudio"] == "True" else [*faults, "torchaudio: no stub"]


def _stamp(release: str, extras: bool) -> str:
    calls = [*requirements(release), *([(*EXTRAS, DEEPSPEED)] if extras else [])]
    return json.dumps({"requirements": calls}, sort_keys=True)


def _empty(folder: Path) -> list[str]:
    """Make a new environment and return the call that installs into it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]


def _site(folder: Path) -> Path:
    return next((folder / "lib").glob("python3*/site-packages"))


def _build_extras(release: str) -> None:
    folder = folder_of(release, extras=True)
    pip = _empty(folder)
    plain = _site(folder_of(release))
    link = f"import site; site.addsitedir({str(plain)!r})\n"
    (_site(folder) / "plain.pth").write_text(link, encoding="utf-8")
    subprocess.run([*pip, "--no-deps", *EXTRAS], check=True, stdout=STDERR)
    subprocess.run(  # its build imports torch, and would compile its operators
        [*pip, "--no-deps", "--no-build-isolation", DEEPSPEED],
        check=True,
        stdout=STDERR,
        env={**os.environ, "DS_BUILD_OPS": "0", "DS_ACCELERATOR": "cpu"},
    )


def _build(release: str) -> None:
    folder = folder_of(release)
    pip = _empty(folder)
    *plain, last = requirements(release)
    for call in plain:
        subprocess.run([*pip, *call], check=True, stdout=STDERR)
    subprocess.run([*pip, "--no-deps", *last], check=True, stdout=STDERR)
    # LLaMA Factory imports torchaudio unconditionally and never uses it for text.
    stub = folder / "stub"
    (stub / "torchaudio").mkdir(parents=True)
    (stub / "torchaudio" / "__init__.py").touch()
    (_site(folder) / "stub.pth").write_text(f"{stub}\n", encoding="utf-8")


def ensure(release: str, extras: bool = False) -> Path:
    """Build the environment of a release, or verify it, and return its python.

    A stamp holds the pins it was built or verified with; any other stamp means a rebuild, unless
    the packages already are as pinned.

    Raises:
        KeyError: the release is not one we have pins for.
        RuntimeError: the environment is not as pinned even after building it.
    """
    if release not in PINS:
        raise KeyError(f"no pins for LLaMA Factory {release}; known: {', '.join(PINS)}")
    if extras:
        ensure(release)
    folder = folder_of(release, extras)
    stamp, text = folder / STAMP, _stamp(release, extras)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != text:
        if missing(release, extras):
            (_build_extras if extras else _build)(release)
            if faults := missing(release, extras):
                raise RuntimeError(f"LLaMA Factory {release}: {'; '.join(faults)}")
        stamp.write_text(text, encoding="utf-8")
    return _python_of(release, extras)


if __name__ == "__main__":
    for argument in sys.argv[1:] or list(RELEASES):
        print(ensure(argument))
        print(ensure(argument, extras=True))
