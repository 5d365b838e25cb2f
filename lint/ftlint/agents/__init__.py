"""ftlint's judgements as tools for coding agents, by the Model Context Protocol.

May import: support.
"""
