"""After the run: what the trainer's own logs say of it, and what to change in the config."""
