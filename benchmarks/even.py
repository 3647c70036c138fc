"""What Muster and its references keep to alike. Imports next to nothing, so that a bare script stays bare."""

from muster.domain.chunk import WINDOW_SIZE

UNANSWERED = 100
"""Messages unanswered on one bind: the SMPP channel's default."""
STORED_AT_ONCE = WINDOW_SIZE
"""Outcomes written in one transaction."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-65536",
    "PRAGMA wal_autocheckpoint=4000",
)
"""How the embedded store is opened: a commit survives a power cut."""
NEW_COLUMNS = (
    *("batch", "position", "state", "address", "payload", "reason", "faults"),
    *("attempts", "repeats", "segments", "updated_at"),
)
"""What is written of a new entry."""
