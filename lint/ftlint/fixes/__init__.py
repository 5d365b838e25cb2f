"""Which edits are made, and the proof that each did what its rule said and nothing else.

May import: support, syntax, rulebook, edits, loading, engine, launch.
"""
