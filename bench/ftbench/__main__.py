"""The `bench` command. The harness itself is not built yet: this door says so."""

from __future__ import annotations

import sys


def main() -> None:
    """Say what is missing, as wrong usage (exit status 2)."""
    sys.stderr.write(
        "bench: the benchmark harness is not part of this release of ftlint yet.\n"
        "ftlint lints configs: try `ftlint --help`.\n"
    )
    sys.exit(2)


if __name__ == "__main__":
    main()
