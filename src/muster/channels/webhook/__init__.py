"""Posting to URLs that customers name."""
