"""The `bench` command: see `ftbench.cli`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line."""
    try:
        from ftbench.cli import bench

        bench(prog_name="bench")
    except Exception as error:
        if os.environ.get("FTLINT_TRACEBACK"):
            raise
        said = " ".join(f"{type(error).__name__}: {error}".split())
        hint = "please report it; FTLINT_TRACEBACK=1 shows where"
        if isinstance(error, ImportError):
            hint = f"install it again for {sys.executable}: pip install 'ftlint[bench]'"
        print(f"bench: internal error: {said} ({hint})", file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
