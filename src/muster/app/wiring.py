"""Everything built from the settings: one store, one queue, and the use cases on top of them."""

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import ClassVar
from uuid import uuid4

from muster.app.channel_kinds import Post, channel_kinds
from muster.app.channels import OpenChannels, checked, retry_policy
from muster.app.clock import SystemClock
from muster.app.keyring import open_keyring
from muster.app.mail_rooms import mail_rooms
from muster.app.record_rooms import record_rooms
from muster.app.settings import Settings, is_network
from muster.catalog.accounts import Accounts, new_secret
from muster.catalog.channels import ChannelCatalog
from muster.catalog.endpoints import EndpointCatalog
from muster.catalog.keys import Keys
from muster.catalog.suppressions import SuppressionList
from muster.catalog.templates import TemplateCatalog
from muster.channels.webhook.guard import Guard
from muster.channels.webhook.push import HttpPush
from muster.domain.errors import Unavailable
from muster.files.opening import open_files
from muster.intake.allowance import Allowance
from muster.intake.control import Control
from muster.intake.submit import Submit
from muster.intake.workflows import Means, WorkflowControl
from muster.journey.guide import Guide
from muster.kinds.addresses import comparable
from muster.kinds.kind import Kind, Terms
from muster.kinds.notifications.kind import Notifications
from muster.kinds.record_batches.kind import RecordBatches
from muster.kinds.workflow_batches import WorkflowBatches
from muster.kinds.workflow_batches.kind import SINGLE
from muster.kinds.workflow_batches.notices import WorkflowNotices
from muster.lookup.batches import BatchLookup
from muster.lookup.entries import EntryLookup
from muster.lookup.workflows import WorkflowLookup
from muster.payments.sandbox import SandboxPayments
from muster.ports.clock import Clock
from muster.ports.payments import Payments
from muster.ports.push import Style
from muster.queues.memory import MemoryQueue
from muster.queues.postgres import PostgresQueue, install
from muster.settle.receipts import ReceiptDesk
from muster.settle.replies import ReplyDesk
from muster.stores.database import SqlStore, open_store
from muster.stores.migrations import migrate
from muster.stores.vault import Vault
from muster.surfaces.record_batches import push as record_messages
from muster.surfaces.workflow_batches import push as workflow_messages
from muster.telemetry.metrics import PrometheusMeter

_KINDS: tuple[Kind, ...] = (
    WorkflowBatches(),
    WorkflowBatches(SINGLE),
    WorkflowNotices(),
    Notifications(),
    RecordBatches(),
)
_CONNECTIONS_BESIDE_WORKERS = 12
"""Connections to PostgreSQL for requests, receipts and upkeep; every second chunk worked on takes one more at times."""


class Core:
    """What the server and the command line share. To be made inside a running event loop.

    Nothing is connected until it is used; `close` lets go of it.
    """

    kinds: ClassVar[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _KINDS})
    styles: ClassVar[Mapping[str, Style]] = MappingProxyType(
        {
            workflow_messages.NAME: workflow_messages.WorkflowBatchesStyle(),
            record_messages.NAME: record_messages.RecordBatchesStyle(),
        }
    )
    comparable = staticmethod(comparable)

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        keyring = open_keyring(settings)
        self.settings = settings
        self.link_key = keyring.link_key
        self.return_key = keyring.return_key
        self.clock: Clock = clock or SystemClock()
        self.meter = PrometheusMeter()
        self.terms = _terms(settings)
        self.files = open_files(settings.files_at)
        self.channel_kinds = channel_kinds(self.clock, self.meter, self._post())
        vault = Vault(keyring.keys)
        self.store: SqlStore = open_store(
            settings.store_url, vault=vault, pool_size=settings.workers // 2 + _CONNECTIONS_BESIDE_WORKERS
        )
        self.queue = MemoryQueue() if settings.embedded else PostgresQueue(settings.store_url)
        self.accounts = Accounts(self.store, self.clock, uuid4, seal=vault.seal)
        self.allowance = Allowance(settings.rate_per_second, settings.rate_burst, monotonic)
        self.batches = BatchLookup(self.store)
        self.channels = ChannelCatalog(
            self.store, self.clock, {name: checked(kind) for name, kind in self.channel_kinds.items()}
        )
        self.control = Control(self.store, self.queue, self.clock)
        self.entries = EntryLookup(self.store)
        self.keys = Keys(self.store, self.clock, new_secret)
        self.submit = Submit(self.store, self.queue, self.clock, meter=self.meter, new_uuid=uuid4)
        self.payments: Payments = SandboxPayments(self.clock)
        self.guide = Guide(self.store, self.payments, self.clock)
        self.workflows = WorkflowLookup(self.store)
        self.workflow_control = WorkflowControl(self.store, self.clock, self._means())
        self.mail = mail_rooms(
            settings, self.store, self.clock, submit=self.submit, files=self.files, link_key=self.link_key
        )
        self.records = record_rooms(
            settings, self.store, self.clock, submit=self.submit, control=self.control, vault=vault
        )
        self.suppressions = SuppressionList(self.store, self.clock, self.comparable)
        self.templates = TemplateCatalog(self.store, self.clock, uuid4)
        self.push = HttpPush(_guard(settings), self.clock, deadline=timedelta(seconds=settings.webhook_timeout_seconds))
        self.endpoints = EndpointCatalog(
            self.store,
            self.push,
            self.clock,
            new_uuid=uuid4,
            random_bytes=secrets.token_bytes,
            styles=self.styles,
        )

    def _post(self) -> Post:
        retry = retry_policy(self.settings.mail_retry_seconds)
        return Post(files=self.files, key=self.return_key, retry=retry)

    def _means(self) -> Means:
        return Means(
            submit=self.submit,
            control=self.control,
            kind=self.kinds[SINGLE],
            link_key=self.link_key,
            terms=self.terms,
        )

    def opener(self, desk: ReceiptDesk) -> OpenChannels:
        """The channels of one process; `desk` takes their receipts, and people's replies are taken here."""
        replies = ReplyDesk(self.store, self.clock, self.meter, comparable=self.comparable)
        return OpenChannels(
            self.store,
            self.channel_kinds,
            sink_for=desk.sink,
            replies_for=replies.sink,
            retry=retry_policy(self.settings.retry_seconds),
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self.push.close()
        if isinstance(self.queue, PostgresQueue):
            await self.queue.close()
        await self.store.close()


async def bring_up_to_date(settings: Settings) -> None:
    """Make the database's schema, and the queue's, what this version needs. Raises Unavailable."""
    try:
        if settings.embedded:
            database_file(settings).parent.mkdir(parents=True, exist_ok=True)
        await migrate(settings.store_url)
        if not settings.embedded:
            await install(settings.store_url)
    except OSError as exc:
        raise Unavailable(f"the database cannot be reached: {exc}") from exc


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Core]:
    """A core on a store that is ready; an embedded store that is not there yet is made.

    Raises Unavailable (the store), BadInput (the keys).
    """
    if settings.embedded and not database_file(settings).exists():
        await bring_up_to_date(settings)
    core = Core(settings)
    try:
        await core.store.check()
        yield core
    finally:
        await core.close()


def _terms(settings: Settings) -> Terms:
    return Terms(
        expiry=timedelta(hours=settings.expiry_hours),
        remind=timedelta(hours=settings.reminder_hours),
        quiet=timedelta(hours=settings.reminder_quiet_hours),
    )


def _guard(settings: Settings) -> Guard:
    """What the operator lets webhooks reach beside the public internet: networks, and names of hosts."""
    networks = [one for one in settings.webhook_allow if is_network(one)]
    return Guard(networks=networks, hosts=[one for one in settings.webhook_allow if one not in networks])


def database_file(settings: Settings) -> Path:
    """The file of an embedded database."""
    return Path(settings.store_url.partition(":///")[2].partition("?")[0])
