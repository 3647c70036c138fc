"""Setting up a record store from a file: a blueprint, and records under numbers that the file names itself."""
