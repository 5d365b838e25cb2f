"""Reads released wheels of LLaMA Factory and transformers and derives their config keys.

Everything is read from the syntax tree of the released source: nothing of a release is imported
or executed, so any release can be read with any Python and without its dependencies.
"""
