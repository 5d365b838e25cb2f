"""What docs/generate.py is made of: Markdown, the rules, the keys, the command line."""
