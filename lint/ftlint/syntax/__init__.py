"""From text to keys, values and spans, each value typed as the target's loader types it.

May import: support.
"""
