"""The vendor's shapes and names."""
