"""Telling: what is announced, and how it reaches whoever asked."""
