"""What must be kept. One transaction holds everything that belongs together."""
