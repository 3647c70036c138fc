"""Wire to domain and back; pure."""
