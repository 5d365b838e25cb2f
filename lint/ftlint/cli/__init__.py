"""Options as click reads them, and what each command prints.

May import: every other room.
"""

COMMANDS = (
    "check", "doctor", "init", "key", "mcp", "memory", "record", "schema", "server", "steps",
    "bench", "rule",
)  # fmt: skip
"""What is no path where it stands first, in the order in which help lists it."""
