"""Which runs of LLaMA Factory a script starts: with what arguments, variables and processes.

May import: syntax, support, target.
"""
