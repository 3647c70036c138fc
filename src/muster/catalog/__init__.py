"""What a tenant prepares: accounts, keys, templates, channels, suppressions, endpoints."""
