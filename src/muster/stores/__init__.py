"""Keeping: the one durable store, on SQLite and on PostgreSQL from one schema."""
