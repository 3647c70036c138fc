"""Answering; changes nothing."""
