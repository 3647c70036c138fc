"""The vendor's JSON, and its other formats: the only place where its names stand."""
