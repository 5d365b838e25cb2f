"""Results of runs as JSON, version 1."""
