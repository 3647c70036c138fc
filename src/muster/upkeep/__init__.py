"""What must happen unasked, because time has passed. Every chore has `run_once` and may run on every node at once."""
