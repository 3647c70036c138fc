"""Record batches: operations on records, all of them in one unit of work."""
