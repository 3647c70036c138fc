"""The nouns of the record store: what a tenant keeps beside its batches, and changes in bulk."""
