"""Which commits of LLaMA Factory cannot be read: every one since a release that touches keys.

    python schemas/commits.py REPOSITORY [--since v0.9.2] [--wheel FILE]...

reads each as `schemas/generate.py` does, which takes nothing but the whole. The exit status is 1
when one cannot be read whole.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from extract.wheels import texts_of_commit, texts_of_wheel
from ftlint.sources import llamafactory
from ftlint.sources.modules import Release, SourceError
from ftlint.sources.tree import version_of

if TYPE_CHECKING:
    from collections.abc import Callable

TOUCHING = (
    "src/llamafactory/hparams",
    "src/llamafactory/data/template.py",
    "src/llamafactory/extras/constants.py",
    "src/llamafactory/extras/misc.py",
)
"""Where keys, templates, models and pins stand."""


def commits(repository: Path, since: str) -> list[str]:
    """Return the commits since a release that touch keys, oldest first."""
    command = ["git", "-C", str(repository), "rev-list", "--reverse", f"{since}..HEAD", "--"]
    done = subprocess.run([*command, *TOUCHING], capture_output=True, text=True, check=True)
    return done.stdout.split()


def fault(texts: dict[str, str]) -> str | None:
    """Return why a source cannot be read whole."""
    version = version_of(Release("llamafactory", "0", texts.get)) or "0"
    try:
        schema = llamafactory.extract(Release("llamafactory", version, texts.get))
    except SourceError as error:
        return str(error)
    return None if len(schema["properties"]) > 100 else "hardly any key was found"


def main(argv: list[str] | None = None) -> int:
    """Print each source that cannot be read, and how many there are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("repository", type=Path)
    parser.add_argument("--since", default="v0.9.2")
    parser.add_argument("--wheel", type=Path, action="append", default=[])
    options = parser.parse_args(argv)
    started, unread = time.process_time(), 0
    found = commits(options.repository, options.since)
    named: list[tuple[str, Callable[[], dict[str, str]]]] = [
        (commit, partial(texts_of_commit, options.repository, commit)) for commit in found
    ]
    named += [(wheel.name, partial(texts_of_wheel, wheel)) for wheel in options.wheel]
    for name, read in named:
        why = fault(read())
        if why is not None:
            unread += 1
            print(f"{name}: {why}")
    seconds = time.process_time() - started
    print(f"{len(named) - unread} of {len(named)} read whole, {seconds / len(named):.2f} s each")
    return int(unread > 0)


if __name__ == "__main__":
    sys.exit(main())
