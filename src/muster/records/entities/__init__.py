"""What may become of a record and its relationships."""
