"""The rules as data: which there are, where each applies, and when its condition holds.

May import: support, syntax, target.
"""
