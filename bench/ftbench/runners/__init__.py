"""Runs in processes of their own: what is run, how it is started, and what comes back."""
