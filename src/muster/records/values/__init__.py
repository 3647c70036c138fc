"""What may stand in a field, and how it is kept."""
