"""What a record store is configured with, as a document that people write."""
