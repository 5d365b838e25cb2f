"""Many files: in processes, from kept results, against a baseline.

May import: support, syntax, target, sources, rulebook, edits, project, fixes, report, engine,
loading, starts, launch.
"""
