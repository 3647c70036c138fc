"""Date math: dates that are worked out from other dates."""
