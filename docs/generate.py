"""Write the generated half of the documentation: `python docs/generate.py`.

Pages of rules, keys and releases are made whole. In pages written by hand only the regions are,
each from its marker to `<!-- end -->`: `<!-- output: COMMAND -->` shows what a command prints,
`<!-- generated: NAME -->` what a function of `regions.REGIONS` returns. `--check` writes nothing,
names what is stale and exits 1. Of pages that are named, `docs/keys.md docs/quickstart.md`, only
those are made.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "schemas"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lint"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.generating import benchmarks, calibrations, keys, picture, regions, rules, speed
from docs.generating.markdown import tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
BY_HAND = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/rules/writing.md")


WHOLE: dict[str, Callable[[], dict[str, str]]] = {
    "rules": rules.pages,
    "keys.md versions.md": keys.pages,
    "benchmarks/gpu.md": benchmarks.pages,
    "benchmarks/calibrations.md": calibrations.pages,
    "benchmarks/linter.md benchmarks/linter.svg": speed.pages,
    "assets": picture.pages,
}
"""What makes whole pages: by the pages, or the folders, below docs."""


def main(arguments: list[str]) -> int:
    """Write what differs, or with --check only name it; 2 where a page is named that is none."""
    checking = "--check" in arguments
    os.chdir(ROOT)  # ftlint looks for the files that configs name from where it is started
    asked = {ROOT / one for one in arguments if one != "--check"}
    wanted = pages(asked)
    orphans = {path for path in (DOCS / "rules").glob("[A-Z]*.md") if path not in wanted}
    stale = orphans | {path for path, text in wanted.items() if text != _read(path)}
    if asked - wanted.keys() - orphans:
        unknown = sorted(str(one.relative_to(ROOT)) for one in asked - wanted.keys() - orphans)
        sys.stderr.write(f"no pages that are generated: {', '.join(unknown)}\n")
        return 2
    stale = stale & asked if asked else stale
    for path in sorted(stale):
        sys.stdout.write(f"{path.relative_to(ROOT)}{' is stale' if checking else ''}\n")
        if checking:
            continue
        if path in orphans:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    if checking and stale:
        sys.stdout.write("run `python docs/generate.py`\n")
    return int(checking and bool(stale))


def pages(asked: Collection[Path] = ()) -> dict[Path, str]:
    """Return the text of every page that is generated, in whole or in part; or of those asked for.

    What is made together with a page comes with it.
    """
    found: dict[Path, str] = {}
    for places, make in WHOLE.items():
        if not asked or any(_is_of(path, places.split()) for path in asked):
            found.update((DOCS / name, tidy(text)) for name, text in make().items())
    for path in sorted(path for pattern in BY_HAND for path in ROOT.glob(pattern)):
        if path not in found and (not asked or path in asked):
            found[path] = refilled(path.read_text(encoding="utf-8"))
    return found


def _is_of(path: Path, places: list[str]) -> bool:
    return any((DOCS / place) in (path, path.parent) for place in places)


def refilled(text: str) -> str:
    """Return a page with each of its regions made anew."""
    return re.sub(
        r"^(<!-- (output|generated): (.+?) -->\n).*?^(<!-- end -->)$",
        lambda match: match[1] + tidy(regions.region(match[2], match[3])) + match[4],
        text,
        flags=re.S | re.M,
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
