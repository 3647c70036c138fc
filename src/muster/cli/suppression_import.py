"""Taking a list of suppressions in, however long it is: piece by piece, with a bar that moves."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import UnsupportedOperation
from itertools import islice
from typing import TextIO, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from muster.catalog.suppressions import Listed, SuppressionList
from muster.cli.suppression_files import BadRow
from muster.domain.ids import TenantId

_MOST_TOLD = 1_000
_MOST_SHOWN = 20
T = TypeVar("T")


class Intake:
    """What came of a list so far."""

    def __init__(self, suppressions: SuppressionList, tenant: TenantId, *, dry_run: bool) -> None:
        self.given = 0
        """Rows, the bad ones too."""
        self.added = 0
        self.bad_rows = 0
        self._bad: list[BadRow] = []
        self._suppressions = suppressions
        self._tenant = tenant
        self._dry_run = dry_run
        # Hashes take a fraction of the memory, and two addresses in one of them are not to be expected.
        self._seen: set[int] = set()

    async def take(self, rows: Sequence[Listed | BadRow]) -> None:
        """Take the next rows in; in a dry run, count them."""
        self.given += len(rows)
        bad = [row for row in rows if isinstance(row, BadRow)]
        good = [row for row in rows if isinstance(row, Listed)]
        self.bad_rows += len(bad)
        self._bad += bad[: _MOST_TOLD - len(self._bad)]
        if self._dry_run:
            new = [address for address in (row.address for row in good) if self._is_first(address)]
            self.added += await self._suppressions.count_new(self._tenant, new)
        else:
            self.added += await self._suppressions.put(self._tenant, good)

    def _is_first(self, address: str) -> bool:
        seen = hash(self._suppressions.compared(address))
        if seen in self._seen:
            return False
        self._seen.add(seen)
        return True

    def as_json(self) -> dict[str, object]:
        """For scripts; `bad` are the first thousand."""
        return {
            "given": self.given,
            "added": self.added,
            "dry_run": self._dry_run,
            "bad_rows": self.bad_rows,
            "bad": self._bad,
        }

    def name_bad_rows(self) -> None:
        """Tell people which rows were left out."""
        for row in self._bad[:_MOST_SHOWN]:
            click.echo(f"  line {row.line:,}: {row.message}", err=True)
        if self.bad_rows > _MOST_SHOWN:
            click.echo(f"  and {self.bad_rows - _MOST_SHOWN:,} more rows were left out", err=True)


def pieces(rows: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """`rows`, `size` at a time."""
    waiting = iter(rows)
    while piece := list(islice(waiting, size)):
        yield piece


@contextmanager
def progress(file: TextIO) -> Generator[Callable[[], None]]:
    """A bar for people who watch: what is called to have it follow how far `file` was read."""
    console = Console(stderr=True)
    columns = (TextColumn("Importing"), BarColumn(bar_width=50), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=_size(file))

        def move() -> None:
            if _size(file) is not None:
                bars.update(bar, completed=file.buffer.tell())

        yield move


def _size(file: TextIO) -> int | None:
    """How many bytes it has; None for a pipe."""
    try:
        return os.fstat(file.fileno()).st_size if file.seekable() else None
    except (OSError, UnsupportedOperation):
        return None
