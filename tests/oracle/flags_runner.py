"""In a release's Python: what its parser makes of flags. Lists of words in, JSON out.

Only what is given is printed; `error` where argparse ends, `left` for words that no flag takes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys


def main() -> None:
    """Read lists of words from standard input and print what comes of each."""
    from llamafactory.hparams import parser as hparams
    from transformers import HfArgumentParser

    parser = HfArgumentParser(hparams._TRAIN_ARGS)
    for action in parser._actions:
        action.default = argparse.SUPPRESS
    made: list[dict[str, object]] = []
    for words in json.load(sys.stdin):
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                given, left = parser.parse_known_args(words)
        except SystemExit:
            made.append({"error": True})
            continue
        values = {key: str(value) for key, value in vars(given).items()}
        made.append({"given": values, "left": left})
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
