"""Lint LLaMA Factory training configs before a GPU is touched."""

__version__ = "0.1.0"
