"""Configs as they are started: by flags in a script, or with keys set over their file.

May import: support, syntax, target, launch, facts, loading.
"""
