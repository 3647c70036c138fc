"""Waiting: which chunk is worked on next. Both queues are PgQueuer underneath."""
