"""Whether an installation is sound: one check after the other, each with what it found."""

import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum

import msgspec

from muster.app.channels import OpenChannels
from muster.app.wiring import Core
from muster.domain.batch import BatchState
from muster.domain.errors import BadInput, ChannelDown, NotFound, Unavailable
from muster.domain.ids import TenantId
from muster.domain.parcel import Medium
from muster.domain.records.char_types import CHAR_TYPES
from muster.domain.records.search import Compare, How, Search
from muster.engine.route import route
from muster.ports.store.batches import BatchFilter, Page
from muster.ports.store.channels import ChannelAccount
from muster.ports.store.endpoints import EndpointState
from muster.ports.store.unit import Transaction
from muster.settle.receipts import ReceiptDesk

_MOST = 1000
_SHOWN = 5
_LEAST_FREE = 1 << 30
_MOST_SKEW = timedelta(seconds=2)
_UNDER_WAY = BatchFilter(states=frozenset({BatchState.QUEUED, BatchState.RUNNING}), awaiting=True)


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing has to be done."""
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """What one check found."""

    check: str
    level: Level
    detail: str


Check = Callable[[Core], Awaitable[Sequence[Finding]]]


async def check_up(core: Core, *, channels: bool) -> list[Finding]:
    """Everything that was found. When the store cannot be used, nothing after it is looked at.

    `channels` also opens every channel for a moment, which needs one more connection to each provider.
    """
    found = [*await _store(core), _disk(core)]
    if any(finding.level is Level.PROBLEM and finding.check == "store" for finding in found):
        return found
    checks: list[Check] = [_clock, _conservation, _queue, _routes, _receipts, _secrets, _returns, _endpoints, _records]
    for check in [*checks, _channels] if channels else checks:
        found.extend(await check(core))
    return found


async def _store(core: Core) -> Sequence[Finding]:
    try:
        await core.store.check()
    except Unavailable as exc:
        return [Finding("store", Level.PROBLEM, exc.message)]
    kind = "SQLite" if core.settings.embedded else "PostgreSQL"
    return [Finding("store", Level.OK, f"{kind} answers and has the schema of this version")]


def _disk(core: Core) -> Finding:
    try:
        usage = shutil.disk_usage(core.settings.data)
    except OSError as exc:
        return Finding("disk", Level.PROBLEM, f"the data directory cannot be looked at: {exc.strerror}")
    free = f"{usage.free / (1 << 30):,.1f} GiB free"
    return Finding("disk", Level.OK if usage.free >= _LEAST_FREE else Level.PROBLEM, free)


async def _clock(core: Core) -> Sequence[Finding]:
    before = core.clock.now()
    there = await core.store.now()
    after = core.clock.now()
    skew = max(before - there, there - after, timedelta())
    level = Level.OK if skew <= _MOST_SKEW else Level.PROBLEM
    return [Finding("clock", level, f"{skew.total_seconds():.3f} s apart from the database's clock")]


async def _conservation(core: Core) -> Sequence[Finding]:
    async with core.store.read() as tx:
        broken = await tx.batches.across_tenants_broken(limit=_MOST)
    if not broken:
        return [Finding("conservation", Level.OK, "every entry of every batch is in exactly one state")]
    return [
        Finding("conservation", Level.PROBLEM, f"tenant {tenant}, batch {batch}: {total} entries, {found} found")
        for tenant, batch, total, found in broken[:_SHOWN]
    ]


async def _queue(core: Core) -> Sequence[Finding]:
    async with core.store.read() as tx:
        queued = await tx.chunks.across_tenants_queued(limit=_MOST)
    if core.settings.embedded:
        # The jobs are in the memory of the process that serves; only it can tell.
        return [Finding("queue", Level.OK, f"{len(queued)} chunks wait; the server that runs has jobs for them")]
    missing = await core.queue.missing(queued)
    level = Level.NOTE if missing else Level.OK
    detail = f"{len(queued)} chunks wait, {len(missing)} of them without a job (upkeep mends it)"
    return [Finding("queue", level, detail)]


async def _routes(core: Core) -> Sequence[Finding]:
    """Batches that wait because their account has no channel that carries what they send."""
    media = {name: kind.media for name, kind in core.channel_kinds.items()}
    found: list[Finding] = []
    for tenant in await core.accounts.all():
        async with core.store.read() as tx:
            in_use = await tx.channels.kinds_in_use(tenant.number)
            _, open_ones = await tx.batches.find(tenant.number, _UNDER_WAY, order=(), page=Page(0, _MOST))
        lacking = [one for one in open_ones if route(one, in_use, core.kinds[one.kind].medium, media=media) is None]
        for medium in Medium:
            waiting = [str(one.id) for one in lacking if core.kinds[one.kind].medium is medium]
            if waiting:
                some = ", ".join(waiting[:_SHOWN])
                detail = (
                    f"account {tenant.name}: no channel carries a {medium.value}; {len(waiting)} batches wait: {some}"
                )
                found.append(Finding("routes", Level.PROBLEM, detail))
    return found or [Finding("routes", Level.OK, "every batch under way has a channel")]


async def _receipts(core: Core) -> Sequence[Finding]:
    async with core.store.read() as tx:
        unmatched = await tx.receipts.across_tenants_unmatched()
    if not unmatched:
        return [Finding("receipts", Level.OK, "every receipt found its entry")]
    some = ", ".join(f"{channel} (tenant {tenant})" for tenant, channel in unmatched[:_SHOWN])
    return [Finding("receipts", Level.NOTE, f"receipts wait for their entry on channels {some}")]


async def _secrets(core: Core) -> Sequence[Finding]:
    try:
        async with core.store.read() as tx:
            accounts = await tx.channels.across_tenants_all()
    except Unavailable as exc:
        return [Finding("secrets", Level.PROBLEM, exc.message)]
    return [Finding("secrets", Level.OK, f"the options of all {len(accounts)} channels can be read")]


async def _returns(core: Core) -> Sequence[Finding]:
    """Whether what comes back by mail comes in."""
    try:
        async with core.store.read() as tx:
            accounts = await tx.channels.across_tenants_all()
    except Unavailable:
        return []
    sending = [account for account in accounts if account.kind == "smtp"]
    if not sending:
        return []
    if not core.settings.mail_listen:
        return [Finding("bounces", Level.NOTE, "e-mail goes out, and mail_listen is empty: bounces do not come in")]
    plain = [str(account.id) for account in sending if not account.options.get("return_domain")]
    if plain:
        detail = f"channels {', '.join(plain[:_SHOWN])} have no return_domain: their bounces name no message"
        return [Finding("bounces", Level.NOTE, detail)]
    return [Finding("bounces", Level.OK, f"come in at {core.settings.mail_listen}")]


async def _endpoints(core: Core) -> Sequence[Finding]:
    found: list[Finding] = []
    for tenant in await core.accounts.all():
        async with core.store.read() as tx:
            endpoints = await tx.endpoints.all(tenant.number)
        found.extend(
            Finding("webhooks", Level.NOTE, f"account {tenant.name}: endpoint {e.id} is off: {e.disabled_reason}")
            for e in endpoints
            if e.state is EndpointState.DISABLED
        )
    return found or [Finding("webhooks", Level.OK, "no endpoint is switched off")]


async def _records(core: Core) -> Sequence[Finding]:
    """Whether every record store has a configuration that can be read, with the templates of all its records."""
    found: list[Finding] = []
    configured = 0
    for tenant in await core.accounts.all():
        async with core.store.read() as tx:
            if await tx.record_settings.blueprint_version(tenant.number):
                configured += 1
                found += [
                    Finding("records", level, f"account {tenant.name}: {said}")
                    async for level, said in _record_store(tx, tenant.number)
                ]
    if not configured:
        return [Finding("records", Level.OK, "no account has a record store")]
    stores = "1 record store" if configured == 1 else f"{configured} record stores"
    return found or [Finding("records", Level.OK, f"{stores}: every record has a template of its configuration")]


async def _record_store(tx: Transaction, tenant: TenantId) -> AsyncGenerator[tuple[Level, str]]:
    """What is wrong with the record store of one account."""
    try:
        blueprint = await tx.record_settings.blueprint(tenant)
    except msgspec.MsgspecError as exc:
        yield Level.PROBLEM, f"the configuration of its record store cannot be read: {exc}"
        return
    for char_type in CHAR_TYPES.values():
        known = tuple(one.id for one in blueprint.templates if one.char_type == char_type.id)
        lost = Search(char_type=char_type.id, node=Compare("templateid", How.NONE, known), rows=1)
        if count := (await tx.records.search(tenant, lost)).total:
            yield Level.NOTE, f"{count:,} {char_type.path} records have a template that its configuration lacks"


async def _channels(core: Core) -> Sequence[Finding]:
    try:
        async with core.store.read() as tx:
            accounts = await tx.channels.across_tenants_all()
    except Unavailable:
        return []
    async with _opener(core) as opener:
        return [await _opens(opener, account) for account in accounts]


@asynccontextmanager
async def _opener(core: Core) -> AsyncGenerator[OpenChannels]:
    """Channels that are closed again. What they receive meanwhile is kept as ever."""
    desk = ReceiptDesk(core.store, core.clock, core.meter, comparable=core.comparable)
    opener = core.opener(desk)
    try:
        yield opener
    finally:
        await opener.close()


async def _opens(opener: OpenChannels, account: ChannelAccount) -> Finding:
    which = f"channel {account.id} ({account.kind}, tenant {account.tenant})"
    try:
        async with opener.borrow(account.tenant, account.id) as handle:
            fit = handle.channel.healthy
    except (ChannelDown, BadInput, NotFound) as exc:
        return Finding("channels", Level.PROBLEM, f"{which}: {exc.message}")
    return Finding("channels", Level.OK if fit else Level.PROBLEM, f"{which} {'can' if fit else 'cannot'} be used")
