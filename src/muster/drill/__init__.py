"""Rehearsing: provider simulators, and stories that start, kill and examine a whole server."""
