"""Rules: data files first (ftschemas/rules); a module here only for what a schema cannot say."""
