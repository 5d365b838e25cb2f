"""Options as click reads them, and what each command prints.

May import: every other room.
"""
