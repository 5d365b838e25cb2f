"""What rules may ask beyond the text: effective values, files, plans, times, what was stated.

May import: support, syntax, target, rulebook, steps, datasets, tokens, memory, launch.
"""
