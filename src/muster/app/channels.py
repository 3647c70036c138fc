"""The channels of this process: opened when first needed, kept, opened anew when their options change."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import msgspec
import structlog

from muster.domain.errors import BadInput, ChannelDown
from muster.domain.fault import Fault
from muster.domain.ids import ChannelId, TenantId
from muster.domain.parcel import Medium
from muster.domain.retry import RetryPolicy, UnknownPolicy
from muster.ports.channel import Channel, ReceiptSink
from muster.ports.replies import ReplySink
from muster.ports.store.channels import ChannelAccount
from muster.ports.store.unit import Store

log = structlog.stdlib.get_logger(__name__)

_SETTLE_IN_S = 5.0
_GLANCE_S = 0.02
_FRESH_S = 1.0
"""How long an account's options are not read again for the next chunk."""

OURS = ("unknown",)
"""Options that are not the channel's business: what to do when an outcome is lost."""


class ChannelKind(msgspec.Struct, frozen=True, kw_only=True):
    """How one sort of channel is checked and opened."""

    check: Callable[[Mapping[str, str]], Sequence[Fault]]
    """Every fault of its options, `rate` (parcels a second, which it keeps to itself) among them."""
    open: Callable[[ChannelAccount, ReceiptSink, ReplySink], Awaitable[Channel]]
    """Open it; raises ChannelDown when the provider cannot be reached now. The account's options are checked."""
    receives: bool
    """Whether receipts come in over the channel itself, so that it must be open even when nothing is sent."""
    media: frozenset[Medium]
    """In which forms it carries messages."""
    retry: RetryPolicy | None = None
    """When to try again what was deferred, where that is not as everywhere else."""


class Handle(msgspec.Struct, frozen=True, kw_only=True):
    """Fulfils ports.channel.ChannelHandle."""

    id: ChannelId
    channel: Channel
    retry: RetryPolicy
    unknown: UnknownPolicy
    rate: float | None


class _Opened:
    """One open channel, the options it was opened with, and how many use it now."""

    def __init__(self, account: ChannelAccount, handle: Handle) -> None:
        self.account = account
        self.handle = handle
        self.users = 0
        self.replaced = False
        self.read_at = monotonic()
        self._until = monotonic() + _SETTLE_IN_S

    async def settle_in(self) -> None:
        """Wait for a channel that was opened a moment ago: one that binds in the background is not healthy at once."""
        # The port tells no event for it, and this lasts a moment, once.
        while not self.handle.channel.healthy and monotonic() < self._until:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE_S)


class OpenChannels:
    """Fulfils ports.channel.Channels."""

    def __init__(
        self,
        store: Store,
        kinds: Mapping[str, ChannelKind],
        *,
        sink_for: Callable[[TenantId, ChannelId], ReceiptSink],
        replies_for: Callable[[TenantId, ChannelId], ReplySink],
        retry: RetryPolicy,
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._sink_for = sink_for
        self._replies_for = replies_for
        self._retry = retry
        self._open: dict[ChannelId, _Opened] = {}
        self._locks: dict[ChannelId, asyncio.Lock] = {}

    @asynccontextmanager
    async def borrow(self, tenant: TenantId, channel: ChannelId) -> AsyncGenerator[Handle]:
        """The channel, open and kept open while borrowed. Raises NotFound, ChannelDown."""
        opened = self._lately_read(tenant, channel)
        if opened is None:
            async with self._store.read() as tx:
                account = await tx.channels.get(tenant, channel)
            try:
                opened = await self._opened(account)
            except BadInput as exc:
                raise ChannelDown(f"its options cannot be used: {exc.message}") from exc
        opened.users += 1
        try:
            await opened.settle_in()
            yield opened.handle
        finally:
            opened.users -= 1
            if opened.replaced and not opened.users:
                await opened.handle.channel.close()

    def _lately_read(self, tenant: TenantId, channel: ChannelId) -> _Opened | None:
        """The open channel, if its account was read so lately that its options count as the present ones."""
        present = self._open.get(channel)
        if present is None or present.account.tenant != tenant or monotonic() - present.read_at > _FRESH_S:
            return None
        return present

    async def tend(self) -> None:
        """Open what must be open to receive, close what is out of use and idle. One round of a chore."""
        async with self._store.read() as tx:
            accounts = await tx.channels.across_tenants_all()
        for account in accounts:
            kind = self._kinds.get(account.kind)
            if kind is not None and kind.receives:
                try:
                    await self._opened(account)
                except (ChannelDown, BadInput) as exc:
                    # One account that cannot be opened, perhaps made by another version, must not stop the others.
                    log.warning("channel_down", channel=account.id, kind=account.kind, reason=exc.message)
        in_use = {account.id for account in accounts}
        for number in [number for number, each in self._open.items() if number not in in_use and not each.users]:
            await self._open.pop(number).handle.channel.close()

    def health(self) -> Mapping[str, tuple[int, int]]:
        """How many channels of each kind are open, and how many of those could hand something over now."""
        found: dict[str, tuple[int, int]] = {}
        for each in self._open.values():
            opened, fit = found.get(each.account.kind, (0, 0))
            found[each.account.kind] = opened + 1, fit + each.handle.channel.healthy
        return found

    async def close(self) -> None:
        """Close every channel."""
        opened, self._open = list(self._open.values()), {}
        await asyncio.gather(*(each.handle.channel.close() for each in opened))

    async def _opened(self, account: ChannelAccount) -> _Opened:
        async with self._locks.setdefault(account.id, asyncio.Lock()):
            present = self._open.get(account.id)
            if present is not None and present.account.options == account.options:
                present.read_at = monotonic()
                return present
            opened = _Opened(account, await self._make(account))
            self._open[account.id] = opened
            log.info("channel_opened", channel=account.id, kind=account.kind, tenant=account.tenant)
            if present is not None:
                present.replaced = True
                if not present.users:
                    await present.handle.channel.close()
            return opened

    async def _make(self, account: ChannelAccount) -> Handle:
        kind = self._kinds.get(account.kind)
        if kind is None:
            raise ChannelDown(f"this version opens no channels of kind {account.kind!r}")
        own = {name: value for name, value in account.options.items() if name not in OURS}
        unknown = unknown_policy(account.options)
        channel = await kind.open(
            msgspec.structs.replace(account, options=own),
            self._sink_for(account.tenant, account.id),
            self._replies_for(account.tenant, account.id),
        )
        return Handle(id=account.id, channel=channel, retry=kind.retry or self._retry, unknown=unknown, rate=_rate(own))


def unknown_policy(options: Mapping[str, str]) -> UnknownPolicy:
    """What to do when an outcome is lost, from the option `unknown`. Raises BadInput."""
    match options.get("unknown", "prefer_once"):
        case "prefer_once":
            return UnknownPolicy()
        case "prefer_arrival":
            return UnknownPolicy(prefer_arrival=True)
        case _:
            message = "must be prefer_once or prefer_arrival"
            raise BadInput("The options cannot be used.", [Fault("options.unknown", "invalid_option", message)])


def _rate(options: Mapping[str, str]) -> float | None:
    """The option `rate`, which the channel's own check has read already."""
    try:
        return float(options["rate"])
    except (KeyError, ValueError):
        return None


def checked(kind: ChannelKind) -> Callable[[Mapping[str, str]], Sequence[Fault]]:
    """The check of all options of `kind`, ours included."""

    def check(options: Mapping[str, str]) -> Sequence[Fault]:
        faults: list[Fault] = []
        try:
            unknown_policy(options)
        except BadInput as exc:
            faults.extend(exc.faults)
        return [*faults, *kind.check({name: value for name, value in options.items() if name not in OURS})]

    return check


def retry_policy(waits: Sequence[float]) -> RetryPolicy:
    """The waits, in seconds, as a policy."""
    return RetryPolicy(steps=tuple(timedelta(seconds=wait) for wait in waits))
