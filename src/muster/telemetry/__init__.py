"""Watching: logs and metrics, without personal data."""
