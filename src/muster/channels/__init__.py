"""Ways out: one folder each, and none knows another."""
