"""Muster: a self-hosted batch server that accounts for every entry."""

__version__ = "0.1.0"
