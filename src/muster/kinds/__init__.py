"""What a batch of each sort means. Pure."""
