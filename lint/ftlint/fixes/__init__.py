"""Repairs: text edits at spans of the original file, held against the data afterwards."""
