"""The same work on many machines and kinds of GPU, through a Ray cluster that is there already."""
