"""`ftlint server`: what an editor asks of the linter, by the Language Server Protocol.

One thread reads messages, another works on them; a newer version of a document makes older work
void. May import: support, syntax, target, facts, launch, steps, project, edits, rules,
loading, starts, engine, fixes, report, run, api.
"""
