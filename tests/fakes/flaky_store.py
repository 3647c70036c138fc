"""A real store that goes away when told to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime

from muster.domain.errors import Unavailable
from muster.ports.store.unit import Store, Transaction


async def nothing() -> None:
    """What happens before a transaction as a rule."""


class FlakyStore:
    """Fulfils ports.store over another store. Only transactions that write fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.away = 0
        """How many of the next writing transactions cannot be begun."""
        self.lost_commits = 0
        """How many of the next writing transactions are committed and reported as failed."""
        self.before: Callable[[], Awaitable[None]] = nothing
        """Happens before each writing transaction."""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """A transaction that writes, or that fails as told."""
        await self.before()
        if self.away:
            self.away -= 1
            raise Unavailable("the store is away")
        async with self._store.begin() as tx:
            yield tx
        if self.lost_commits:
            self.lost_commits -= 1
            raise Unavailable("the connection was cut before the answer to COMMIT came")

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """The store's own."""
        return self._store.read()

    def glance(self) -> AbstractAsyncContextManager[Transaction]:
        """The store's own."""
        return self._store.glance()

    async def check(self) -> None:
        """The store's own."""
        await self._store.check()

    async def now(self) -> datetime:
        """The store's own."""
        return await self._store.now()

    async def close(self) -> None:
        """The store's own."""
        await self._store.close()
