"""Lint LLaMA Factory training configs before a GPU is touched."""

from ftschemas.named import TYPE_CHECKING

if TYPE_CHECKING:
    from ftlint.api import Config, NoPlan, Unreadable, UsageError, fix, lint, load, plan

__version__ = "0.2.0"
__all__ = [
    "Config", "NoPlan", "Unreadable", "UsageError", "__version__", "fix", "lint", "load", "plan",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Return what is public, imported when it is asked for: `ftlint FILE` needs none of it."""
    if name in __all__:
        return getattr(__import__("ftlint.api", fromlist=[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
