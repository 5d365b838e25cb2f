"""What rules may ask beyond the text: effective values, files, plans, times, what was stated.

May import: support, syntax, target, launch, rulebook, steps, datasets, tokens, memory.
"""
