"""Reads released wheels and derives what the linter knows of transformers and DeepSpeed.

The reader of Python source, and of LLaMA Factory itself, is ftlint.sources.
"""
