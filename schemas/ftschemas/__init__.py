"""The data ftlint is driven by: keys per release, rules, policy tables.

`compiled` is what the linter loads; everything else here is what it is compiled from.
"""
