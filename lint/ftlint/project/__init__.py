"""What a team has settled: the settings nearest to a file, and the options they make.

May import: support, syntax, target, rulebook, facts, memory.
"""
