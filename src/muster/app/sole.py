"""The embedded store is worked on by one process; this makes sure of it."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from muster.domain.errors import Unavailable


@contextmanager
def sole_worker(database: Path) -> Generator[None]:
    """Hold the lock file beside `database` while the block runs; the system lets go of it when the process dies.

    Whoever holds it may take a lease that it finds for a dead process's. Raises Unavailable when another holds it.
    """
    path = database.with_name(f"{database.name}.worker")
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable(
                f"another process works on the embedded store {database.name}: stop it first, use --no-worker,"
                " or put the store on PostgreSQL"
            ) from error
        yield
