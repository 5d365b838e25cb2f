"""`python -m tests.inplace FOLDER`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import tests.inplace
from tests.inplace import judged, page
from tests.inplace.found import look


def main() -> int:
    """Judge, write the page, and say what does not meet."""
    parser = argparse.ArgumentParser("python -m tests.inplace", description=tests.inplace.__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="clones, each in a folder owner+name")
    seen = look(parser.parse_args().folder.resolve())
    said = judged.verdict(seen.found, judged.judgements())
    page.write(seen, said)
    for one in said.unjudged:
        print(f"unjudged {one.place.repo} {one.place.path} {one.code} {one.key}: {one.message}")
    for named in said.gone:
        print(f"gone {named.place.repo} {named.place.path} {named.code} {named.key}")
    advice = judged.count(pair for pair in said.judged if pair[0].severity != "error")
    print(*(f"{word} {advice[word]}" for word in judged.WORDS), sep=", ")
    return 1 if said.unjudged else 0


if __name__ == "__main__":
    sys.exit(main())
