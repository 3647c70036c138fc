"""Whether the server is alive, ready, and what it measures."""
