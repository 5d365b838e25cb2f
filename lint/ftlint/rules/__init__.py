"""What rules find (`phases`), and what no condition can say: one short module a subject.

May import: support, syntax, target, rulebook, steps, datasets, facts, edits.
"""
