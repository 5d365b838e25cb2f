"""What every room leans on: limits, deadlines, messages, files and the disk.

May import: no other room.
"""
