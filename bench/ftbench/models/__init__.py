"""The models of a run: the user's weights, or random ones in a known shape."""
