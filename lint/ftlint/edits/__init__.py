"""How the text of a config is changed: spans in, new text out, comments untouched.

May import: support, syntax, target, rulebook.
"""
