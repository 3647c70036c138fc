"""Our own HTTP API, for what no vendor's door offers: everything below `/api/v1`."""
