"""Opening the store, and its transactions: SQLite for one process, PostgreSQL for more."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from muster.domain.errors import Unavailable
from muster.stores import sqlite
from muster.stores.accounts import AccountTable
from muster.stores.batches import BatchTable
from muster.stores.bulk import driver_of
from muster.stores.categories import CategoryTable
from muster.stores.channels import ChannelTable
from muster.stores.chunks import ChunkTable
from muster.stores.contacts import ContactTable
from muster.stores.customers import CustomerTable
from muster.stores.directory import DirectoryTable
from muster.stores.endpoints import EndpointTable
from muster.stores.entries import EntryTable
from muster.stores.mailings import MailingTable
from muster.stores.messages import MessageTable
from muster.stores.outbox import OutboxTable
from muster.stores.receipts import ReceiptTable
from muster.stores.records.batches import RecordBatchTable
from muster.stores.records.keeping import RecordTable
from muster.stores.records.settings import RecordSettingsTable
from muster.stores.subscribers import SubscriberTable
from muster.stores.suppressions import SuppressionTable
from muster.stores.templates import TemplateTable
from muster.stores.vault import Vault
from muster.stores.workflows import WorkflowTable


class SqlTransaction:
    """One connection inside one transaction, with a door to each table."""

    def __init__(self, connection: AsyncConnection, vault: Vault, driver: object) -> None:
        self._driver = driver
        self._after_commit: list[Callable[[], None]] = []
        self.accounts = AccountTable(connection)
        self.batches = BatchTable(connection)
        self.entries = EntryTable(connection)
        self.chunks = ChunkTable(connection)
        self.receipts = ReceiptTable(connection)
        self.outbox = OutboxTable(connection)
        self.endpoints = EndpointTable(connection, vault)
        self.templates = TemplateTable(connection)
        self.channels = ChannelTable(connection, vault)
        self.suppressions = SuppressionTable(connection)
        self.workflows = WorkflowTable(connection)
        self.customers = CustomerTable(connection, vault)
        self.directory = DirectoryTable(connection)
        self.categories = CategoryTable(connection)
        self.subscribers = SubscriberTable(connection)
        self.contacts = ContactTable(connection)
        self.mailings = MailingTable(connection)
        self.messages = MessageTable(connection)
        self.records = RecordTable(connection)
        self.record_settings = RecordSettingsTable(connection)
        self.record_batches = RecordBatchTable(connection)

    @property
    def connection(self) -> object:
        """The driver's own connection (asyncpg or aiosqlite)."""
        return self._driver

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` once this transaction is durable."""
        self._after_commit.append(call)

    def committed(self) -> None:
        """Run what waited for the commit."""
        for call in self._after_commit:
            call()


class SqlStore:
    """The store on one database. `writer` and `reader` share one pool on PostgreSQL, and have one each on SQLite."""

    def __init__(
        self,
        writer: AsyncEngine,
        reader: AsyncEngine,
        *,
        glances: AsyncEngine | None,
        vault: Vault,
        gate: AbstractAsyncContextManager[None],
    ) -> None:
        self.writer = writer
        self._reader = reader
        self._glances = Glances(glances) if glances is not None else None
        self._vault = vault
        self._gate = gate

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[SqlTransaction]:
        """A transaction that writes."""
        async with _unless_away() as own, self._gate, self.writer.begin() as connection:
            tx = self._transaction(connection)
            with own:
                yield tx
        tx.committed()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[SqlTransaction]:
        """A consistent view for reading."""
        async with _unless_away() as own, self._reader.connect() as connection:
            # Closing the connection ends it.
            _ = await connection.begin()
            with own:
                yield self._transaction(connection)

    @asynccontextmanager
    async def glance(self) -> AsyncGenerator[SqlTransaction]:
        """A consistent view for a few look-ups by key."""
        if self._glances is None:
            async with self.read() as tx:
                yield tx
            return
        async with _unless_away() as own, self._glances.begin() as connection:
            with own:
                yield self._transaction(connection)

    def _transaction(self, connection: AsyncConnection) -> SqlTransaction:
        return SqlTransaction(connection, self._vault, driver_of(connection))

    async def check(self) -> None:
        """Raises Unavailable unless the database answers and the schema is the one this version needs."""
        try:
            async with self._reader.connect() as connection:
                found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        except (OSError, SQLAlchemyError) as error:
            if isinstance(error, DBAPIError) and not _passes(error):
                raise Unavailable("the database has no tables of Muster's yet: run `muster migrate`") from error
            raise Unavailable(f"the store does not answer: {type(error).__name__}") from error
        from muster.stores.migrations import head  # noqa: PLC0415 - loads Alembic, which only this check needs

        if found != head():
            raise Unavailable(f"the schema is at {found}, this version needs {head()}: run `muster migrate`")

    async def now(self) -> datetime:
        """The time by the store's own clock."""
        embedded = self._reader.dialect.name == "sqlite"
        asked = "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')" if embedded else "clock_timestamp()"
        async with _unless_away(), self._reader.connect() as connection:
            told = (await connection.execute(text(f"SELECT {asked}"))).scalar_one()
        return datetime.fromisoformat(told) if embedded else told.astimezone(UTC)

    async def close(self) -> None:
        """Let go of every connection."""
        if self._glances is not None:
            await self._glances.close()
        await self.writer.dispose()
        if self._reader is not self.writer:
            await self._reader.dispose()


def open_store(url: str, *, vault: Vault, pool_size: int = 16) -> SqlStore:
    """The store at `url`: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://…`. Connects when first used.

    `pool_size` bounds the connections of this process on PostgreSQL.
    """
    if make_url(url).get_backend_name() == "sqlite":
        writer, reader = sqlite.open_engine(url, writes=True), sqlite.open_engine(url, writes=False)
        return SqlStore(writer, reader, glances=sqlite.open_glances(url), vault=vault, gate=asyncio.Lock())
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, pool_timeout=60)
    event.listen(engine.sync_engine, "handle_error", _cut_off)
    # The same pool. One view for a whole transaction, so that a count and its page agree.
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return SqlStore(engine, reader, glances=None, vault=vault, gate=nullcontext())


class Glances:
    """One connection that is kept, for transactions that never wait for anything: they come one after the other.

    A pool takes a connection back one turn of the loop later, and whoever comes in that turn passes those that wait.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._connection: AsyncConnection | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that reads."""
        async with self._lock:
            connection = self._connection
            if connection is None or connection.closed or connection.invalidated:
                connection = self._connection = await self._engine.connect()
            # On the driver: SQLAlchemy's own way costs more than what is looked up.
            driver: Any = driver_of(connection)
            await driver.execute_fetchall("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction():
                    await connection.rollback()
                await driver.rollback()

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._lock:
            if self._connection is not None:
                await self._connection.close()
        await self._engine.dispose()


class _Own:
    """Surrounds the work done in a transaction, and remembers the fault that came out of it."""

    fault: BaseException | None = None

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        """Remember; the fault goes on."""
        self.fault = fault


@asynccontextmanager
async def _unless_away() -> AsyncGenerator[_Own]:
    """Raises Unavailable for what the same work does not meet a little later; lets every other error through.

    An OSError that comes out of the work itself is the caller's: those of a statement are raised by `_cut_off`.
    """
    own = _Own()
    try:
        yield own
    except (OSError, PoolTimeoutError) as error:
        if error is own.fault:
            raise
        raise _away(error) from error
    except DBAPIError as error:
        if _passes(error):
            raise _away(error) from error
        raise


# Serialization failure, deadlock, shutdown by the administrator, cannot connect now, too many connections, full disk.
_PASSING = ("40001", "40P01", "57P01", "57P02", "57P03", "53300", "53100")
# A connection that was cut while it was idle answers so to its next statement.
_CUT = "InternalClientError"


def _passes(error: DBAPIError) -> bool:
    """Whether the fault lies with the database's presence and not with the statement."""
    if (name := getattr(error.orig, "sqlite_errorname", None)) is not None:
        # The plain SQLITE_ERROR is a wrong statement; the others are a lock, a disk, a file.
        return isinstance(error, OperationalError) and name not in {"SQLITE_ERROR", "SQLITE_READONLY"}
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return True
    return getattr(error.orig, "sqlstate", "") in _PASSING or type(error.orig).__name__ == _CUT


def _cut_off(context: ExceptionContext) -> None:
    """Raises Unavailable where a statement met a broken connection; SQLAlchemy lets such errors through as they are."""
    if isinstance(context.original_exception, OSError):
        raise _away(context.original_exception) from context.original_exception


def _away(error: BaseException) -> Unavailable:
    return Unavailable(f"the store is away: {type(error).__name__}")
