"""Believing: what channels answer and providers tell, turned into the state of entries and batches."""
