"""Messages drawn at random, to be read as a stranger does: `python -m tests.rules.drawn --seed N`.

What needed a second reading, and its words since, is listed in docs/contributing/words.md.
"""

from __future__ import annotations

import argparse
import random

from ftlint.engine import lint
from ftlint.rulebook.registry import BUILT_IN
from ftlint.syntax.source import of_text
from tests.rules.examples import WITHOUT, load, spans


def main() -> None:
    """Print the messages that the examples of some rules meet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--count", type=int, default=60)
    asked = parser.parse_args()
    codes = sorted(code for code in BUILT_IN.rules if code not in WITHOUT)
    for code in sorted(random.Random(asked.seed).sample(codes, asked.count)):
        example = load(code)
        text = spans(example.about.bad)[0]
        result = lint(of_text(example.about.file, text), example.options)
        for one in [one for one in result.diagnostics if one.code == code][:1]:
            print(f"{code} {one.severity}: {one.message}")


if __name__ == "__main__":
    main()
