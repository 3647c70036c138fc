"""Record batches: records of many templates, read and changed in bulk, as the vendor's clients know them."""
