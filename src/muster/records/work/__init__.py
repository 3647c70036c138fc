"""One unit of work: what is gathered, done in memory, and written at once."""
