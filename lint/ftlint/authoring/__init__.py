"""Rules as their authors write them: a file to begin with, and its examples run.

May import: support, syntax, target, facts, rulebook, project, engine, fixes.
"""
