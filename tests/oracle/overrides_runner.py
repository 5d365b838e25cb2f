"""Read configs with arguments behind them as `llamafactory-cli train FILE KEY=VALUE` does.

Runs inside a LLaMA Factory environment: `overrides_runner.py ASKED ANSWERS`. ASKED has one JSON
line a case, `{"text": "…", "arguments": ["…"]}`; ANSWERS gets `{"value": …}` or `{"error": "…"}`
for each. What is run is `read_args` of the release.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def main(asked: str, answers: str) -> None:
    """Answer each case with the repr of what the release reads."""
    parser: Any = importlib.import_module("llamafactory.hparams.parser")
    with tempfile.TemporaryDirectory() as folder, Path(answers).open("w", encoding="utf-8") as out:
        file = Path(folder) / "c.yaml"
        for line in Path(asked).read_text("utf-8").splitlines():
            case = json.loads(line)
            file.write_text(case["text"], "utf-8")
            sys.argv = ["llamafactory-cli", str(file), *case["arguments"]]
            try:
                answer = {"value": repr(parser.read_args())}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            out.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
