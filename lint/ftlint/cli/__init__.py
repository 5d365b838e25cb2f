"""The command line. All that prints is here; `commands` has the options, `check` the run."""
