"""Between the vendor's JSON and our nouns. Pure."""
