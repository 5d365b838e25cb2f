"""Where the source of a release comes from: a wheel, the package index, a folder, a commit."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from ftlint.sources.modules import Release, SourceError
from ftlint.sources.tree import SourceFiles, find_package
from ftlint.support.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREFIX = "src/"
"""Where a repository of LLaMA Factory's holds its package."""


def of_wheel(package: str, version: str, path: Path) -> Release:
    """Return the release in a wheel."""
    return Release(package, version, texts_of_wheel(path).get)


METADATA = "METADATA"
"""Stands among the texts of a wheel for what pip reads of it."""
_HOLDS = re.compile(r"""sys_platform != ["']darwin["']|python_version >= ["']3\.(9|10)["']""")
_HOLDS_NOT = re.compile(
    r"""sys_platform == ["']darwin["']|python_version < ["']3\.(9|10)["']|.*\bextra\b.*"""
)
"""Markers of requirements that do and do not hold on Linux with Python 3.10 or newer."""


def texts_of_wheel(path: Path) -> dict[str, str]:
    """Return the modules of a wheel by path, and its metadata."""
    with zipfile.ZipFile(path) as archive:
        texts = {
            name: archive.read(name).decode("utf-8")
            for name in archive.namelist()
            if name.endswith((".py", ".dist-info/METADATA"))
        }
    told = [texts.pop(name) for name in [*texts] if name.endswith(METADATA)]
    return {**texts, METADATA: "".join(told)}


def modules_in(texts: Mapping[str, str]) -> list[str]:
    """Return the names of all modules."""
    files = (name.removesuffix(".py") for name in texts if name.endswith(".py"))
    return sorted(name.replace("/", ".").removesuffix(".__init__") for name in files)


def requirement(texts: Mapping[str, str], package: str) -> str | None:
    """Return what pip installs of `package` beside the release, by its metadata: `<=5.6.0,>=4.55`.

    Where it depends on the machine: what holds on Linux with Python 3.10 or newer. None where there
    are no metadata, as of a checkout.
    """
    for line in texts.get(METADATA, "").splitlines():
        found = re.fullmatch(
            r"Requires-Dist: ([\w.-]+)\s*\(?([^;()]*)\)?(?:;\s*(.*))?", line.strip()
        )
        if found is None or found[1] != package:
            continue
        if found[3] is None or _HOLDS.fullmatch(found[3].strip()):
            return found[2].replace(" ", "")
        if not _HOLDS_NOT.fullmatch(found[3].strip()):
            raise SourceError(f"metadata: {line}")
    return None


def texts_of_commit(repository: Path, commit: str) -> dict[str, str]:
    """Return the modules of LLaMA Factory at a commit by path; the work tree is left alone."""
    command = ["git", "-C", str(repository), "archive", "--format=tar", commit, PREFIX]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise SourceError(f"{commit}: {done.stderr.decode().strip()}")
    texts = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".py") else None
            if file is not None:
                texts[member.name.removeprefix(PREFIX)] = file.read().decode("utf-8")
    return texts


def commit_name(repository: Path, commit: str) -> str:
    """Return the full name of a commit."""
    command = ["git", "-C", str(repository), "rev-parse", f"{commit}^{{commit}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SourceError(f"{commit}: {done.stderr.strip()}")
    return done.stdout.strip()


def texts_of_folder(path: Path) -> dict[str, str]:
    """Return the modules of a checkout, or of an installed package, by path."""
    disk = Disk()
    found = find_package(str(path), disk)
    if found is None:
        raise SourceError(f"{path} holds no source of LLaMA Factory")
    files = SourceFiles(found, disk)
    return {name: text for name in files.names() if (text := files.read(name)) is not None}


def download(package: str, version: str, folder: Path) -> Path:
    """Download the wheel of one release from the package index into `folder`; return its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    command += ["--dest", str(folder), f"{package}=={version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SourceError(f"{package} {version}: {done.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob(f"{package.replace('-', '_')}-{version}-*.whl")
    return wheel
