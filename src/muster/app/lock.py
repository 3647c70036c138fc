"""One process at a time on an embedded store: its queue is in that process's memory."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from muster.domain.errors import Unavailable


@contextmanager
def alone_on(database: Path) -> Generator[None]:
    """Hold the lock beside the file `database`. Raises Unavailable when another process has it.

    The system lets go of it when the process ends, however it ends, so nothing is left behind to clear away.
    """
    path = database.with_name(f"{database.name}.lock")
    with path.open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(
                f"another server works on {database}: stop it first, or share a PostgreSQL with --database-url"
            ) from None
        yield
