"""Doing: chunks are leased, windows carried, outcomes settled."""
