"""Saying yes or no: what may come in, and what may be changed about what came in."""
