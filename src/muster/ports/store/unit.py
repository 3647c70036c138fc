"""The store and its transactions."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from muster.ports.store.accounts import Accounts
from muster.ports.store.batches import Batches
from muster.ports.store.categories import Categories, Subscribers
from muster.ports.store.channels import ChannelAccounts
from muster.ports.store.chunks import Chunks
from muster.ports.store.contacts import Contacts
from muster.ports.store.customers import Customers
from muster.ports.store.directory import Directory
from muster.ports.store.endpoints import Endpoints
from muster.ports.store.entries import Entries
from muster.ports.store.mailings import Mailings, Messages
from muster.ports.store.outbox import Outbox
from muster.ports.store.receipts import Receipts
from muster.ports.store.record_batches import RecordBatches
from muster.ports.store.record_settings import RecordSettings
from muster.ports.store.records import Records
from muster.ports.store.suppressions import Suppressions
from muster.ports.store.templates import Templates
from muster.ports.store.workflows import Workflows


class Transaction(Protocol):
    """One unit of work. All of it becomes durable together when its block ends, or none of it when the block raises."""

    @property
    def accounts(self) -> Accounts:
        """Tenants, service accounts, credentials."""
        ...

    @property
    def batches(self) -> Batches:
        """Batches and idempotency keys."""
        ...

    @property
    def entries(self) -> Entries:
        """Entries."""
        ...

    @property
    def chunks(self) -> Chunks:
        """Chunks and leases."""
        ...

    @property
    def receipts(self) -> Receipts:
        """Receipts and hand-overs."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Events and the audit log."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Webhook endpoints and deliveries."""
        ...

    @property
    def templates(self) -> Templates:
        """Templates and their versions."""
        ...

    @property
    def channels(self) -> ChannelAccounts:
        """Accounts at providers."""
        ...

    @property
    def suppressions(self) -> Suppressions:
        """Whom not to reach."""
        ...

    @property
    def workflows(self) -> Workflows:
        """Workflows, and the texts sent about them."""
        ...

    @property
    def customers(self) -> Customers:
        """The tenants' customers and their accounts."""
        ...

    @property
    def directory(self) -> Directory:
        """Parties, people and tokens, and the counters numbers come from."""
        ...

    @property
    def categories(self) -> Categories:
        """What messages are about."""
        ...

    @property
    def subscribers(self) -> Subscribers:
        """Which party takes part in which category."""
        ...

    @property
    def contacts(self) -> Contacts:
        """People with e-mail addresses, and what they opted out of."""
        ...

    @property
    def mailings(self) -> Mailings:
        """Mailings and their attachments."""
        ...

    @property
    def messages(self) -> Messages:
        """The messages of mailings."""
        ...

    @property
    def records(self) -> Records:
        """Records, relationships, date rules, audit history."""
        ...

    @property
    def record_settings(self) -> RecordSettings:
        """What the record store is configured with."""
        ...

    @property
    def record_batches(self) -> RecordBatches:
        """Batches of record operations."""
        ...

    @property
    def connection(self) -> object:
        """The driver's own connection, for a queue that keeps its jobs in the same database."""
        ...

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` once this transaction is durable; never when it is rolled back."""
        ...


class Store(Protocol):
    """The one durable store."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that writes. When the block ends without raising, it is on disk (survives a power cut)."""
        ...

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A consistent view for reading; never waits for a writer."""
        ...

    def glance(self) -> AbstractAsyncContextManager[Transaction]:
        """As `read`, for a few look-ups by key and nothing else: where that is faster, it is done on the spot."""
        ...

    async def check(self) -> None:
        """Raises Unavailable unless the store answers and has the schema this version needs."""
        ...

    async def now(self) -> datetime:
        """The time by the store's own clock: what a process's clock is compared with."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...
