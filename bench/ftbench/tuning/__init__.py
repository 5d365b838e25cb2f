"""The fastest way to run the same training on a GPU: what may be varied, tried, proven, written."""
