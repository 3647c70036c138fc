"""A connection to PostgreSQL that comes back by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Protocol, Self, TypeVar, cast, runtime_checkable

import structlog
from pgqueuer.adapters.connections import connect_asyncpg
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain.settings import ConnectionSettings
from pgqueuer.ports.driver import NotifyCallback, SqlStateError

from muster.domain.errors import Unavailable

log = structlog.get_logger()
T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0
"""Seconds between attempts to connect."""
_CONNECT_TIMEOUT = 5.0
_ANSWER_TIMEOUT = 20.0
"""Seconds. No statement of a queue takes this long: the peer has gone without saying so."""
_PASSING = ("08", "25006", "40", "53", "55", "57")
"""SQLSTATEs that time or another connection mends: cut, read-only after a failover, deadlock, out of resources,
locked, shutting down or starting up."""


@runtime_checkable
class PostgresConnection(Protocol):
    """What the queue uses of an asyncpg connection."""

    def fetch(self, query: str, *args: object) -> Awaitable[Sequence[Mapping[str, object]]]:
        """Run one statement for its rows."""
        ...

    def execute(self, query: str, *args: object) -> Awaitable[str]:
        """Run one statement for its command tag."""
        ...

    def add_listener(self, channel: str, callback: Callable[[object, int, str, str], None]) -> Awaitable[None]:
        """LISTEN; `callback` is given the connection, the sender's process, the channel and the payload."""
        ...

    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def is_closed(self) -> bool:
        """Whether it is gone, as far as it knows."""
        ...

    def terminate(self) -> None:
        """Let go of it without a goodbye."""
        ...


class Connection:
    """A driver for PgQueuer over one connection, opened when first needed and again whenever it is lost.

    A statement that met a lost connection is put again: PgQueuer's are safe to repeat (a job picked by an answer that
    was lost is offered again when its heartbeat is overdue). After `give_up` it is put at most twice, then Unavailable
    is raised.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._open: AsyncExitStack | None = None
        self._connection: PostgresConnection | None = None
        self._lock = asyncio.Lock()
        self._giving_up = asyncio.Event()
        self._listeners: list[tuple[str, NotifyCallback]] = []
        self._told = False

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run one statement for its rows."""
        # From here on a change may be news to the asker again; see _relay.
        self._told = False
        return [dict(row) for row in await self._ask(lambda connection: connection.fetch(query, *args))]

    async def execute(self, query: str, *args: object) -> str:
        """Run one statement for its command tag."""
        return await self._ask(lambda connection: connection.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        """Send a NOTIFY."""
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """LISTEN on `channel`, on this connection and each that follows it."""
        self._listeners.append((channel, callback))
        await self._ask(lambda connection: connection.add_listener(channel, self._relay(callback)))

    def give_up(self) -> None:
        """Wait for the database no more: a statement that finds it gone raises Unavailable, after one new try."""
        self._giving_up.set()

    async def close(self) -> None:
        """Close the connection. Those that are under way end first."""
        async with self._lock:
            await self._drop()

    @property
    def shutdown(self) -> asyncio.Event:
        """Part of PgQueuer's contract: set when no more is wanted."""
        return self._giving_up

    @property
    def tm(self) -> TaskManager:
        """Part of PgQueuer's contract: there are no background tasks here."""
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """PgQueuer leaves before its last words are written, so this does not close."""

    async def _ask(self, call: Callable[[PostgresConnection], Awaitable[T]]) -> T:
        wait, attempt = _FIRST_WAIT, 0
        while True:
            attempt += 1
            async with self._lock:
                try:
                    connection = await self._connected()
                    async with asyncio.timeout(_ANSWER_TIMEOUT):
                        return await call(connection)
                except Exception as error:
                    if not self._is_passing(error):
                        raise
                    await self._drop()
                    if self._giving_up.is_set() and attempt > 1:
                        raise Unavailable("The queue's database does not answer.") from error
                    log.warning("queue_connection_lost", error=type(error).__name__, attempt=attempt)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._giving_up.wait()
            wait = min(wait * 2, _LONGEST_WAIT)

    def _is_passing(self, error: Exception) -> bool:
        if self._connection is None or self._connection.is_closed() or isinstance(error, OSError | TimeoutError):
            return True
        return isinstance(error, SqlStateError) and (error.sqlstate or "").startswith(_PASSING)

    async def _connected(self) -> PostgresConnection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        await self._drop()
        settings = ConnectionSettings(connect_timeout=_CONNECT_TIMEOUT, application_name="muster queue")
        async with AsyncExitStack() as opening:
            # asyncpg has no types of its own; the Protocol is what is relied on.
            connection = cast(
                "PostgresConnection", await opening.enter_async_context(connect_asyncpg(self._dsn, settings))
            )
            # What a crash of the database could undo here is a pick or an end, and either is repeated harmlessly. Jobs
            # themselves are written by the connection of the batch's transaction, with its durability.
            await connection.execute("SET synchronous_commit TO off")
            for channel, callback in self._listeners:
                await connection.add_listener(channel, self._relay(callback))
            self._open = opening.pop_all()
        self._connection = connection
        return connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        opened, self._open = self._open, None
        if connection is not None:
            connection.terminate()
        if opened is not None:
            await opened.aclose()

    def _relay(self, callback: NotifyCallback) -> Callable[[object, int, str, str], None]:
        """Pass notifications on, but of several changes that no statement came between only the first.

        PgQueuer asks the table up to four questions for every change it is told of, and is told of two for every job.
        """

        def pass_on(_connection: object, _pid: int, _channel: str, payload: str) -> None:
            if '"table_changed_event"' in payload:
                if self._told:
                    return
                self._told = True
            callback(payload)

        return pass_on
