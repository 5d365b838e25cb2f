"""How many tokens each row of the data becomes, as the release's own preprocessing makes them.

May import: support, steps, datasets.
"""
