"""What the logs of a run show while it goes on and afterwards.

May import: support.
"""
