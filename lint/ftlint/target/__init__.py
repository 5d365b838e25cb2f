"""What a config is judged for: release, keys, defaults, and whether a file is a config at all.

May import: sources, support, syntax.
"""
