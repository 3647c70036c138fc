"""Keeping what is too large for a row: in a folder, or in an object store."""
