"""What a result means: rates, intervals, FLOPs, flags. Needs nothing that is not in a result."""
