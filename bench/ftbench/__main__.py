"""The `bench` command: see `ftbench.cli`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from ftbench.cli import bench

    bench(prog_name="bench")


if __name__ == "__main__":
    main()
