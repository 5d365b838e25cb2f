"""What is judged in Python because no condition can say it: one short module a subject.

May import: support, syntax, target, rulebook, steps, datasets, facts, edits.
"""
