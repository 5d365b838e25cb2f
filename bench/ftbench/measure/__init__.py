"""What is measured of a run, from inside the process that trains."""
