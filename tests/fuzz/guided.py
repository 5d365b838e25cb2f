"""One target under atheris: `python -m tests.fuzz.guided TARGET [libFuzzer options] FOLDER`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["ftlint"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS, check


def main() -> None:
    name = sys.argv.pop(1)
    assert name in TARGETS
    atheris.Setup(sys.argv, lambda data: check(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
