"""Fuzzing: `python -m tests.fuzz --seconds 60`. Every crash found lies in `crashes`, replayed."""
