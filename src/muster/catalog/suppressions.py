"""Whom a tenant must not reach."""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from muster.domain.ids import PrincipalId, TenantId
from muster.kinds.addresses import is_email, matches_phone
from muster.ports.clock import Clock
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store

AT_ONCE: Final = 5_000
"""How many addresses one transaction takes, so that a long list keeps nobody waiting."""
LONGEST_ADDRESS: Final = 320
LONGEST_SOURCE: Final = 64
_SOURCE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,64}")


class Listed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An address as somebody wants it on the list."""

    address: str
    source: str
    created_at: datetime | None = None
    """Since when; None: now."""
    origin: str = ""
    """As in `ports.store.suppressions`."""


class SuppressionList:
    """A tenant's list. `comparable` brings an address into the form in which recipients are compared."""

    def __init__(self, store: Store, clock: Clock, comparable: Callable[[str], str]) -> None:
        self._store = store
        self._clock = clock
        self._comparable = comparable

    def fault_of(self, address: str) -> str | None:
        """Why nothing could ever be sent to `address`, so that it is of no use on the list; None where it is fit."""
        if len(address) > LONGEST_ADDRESS:
            return f"must have at most {LONGEST_ADDRESS} characters"
        stripped = address.strip()
        if is_email(stripped) if "@" in stripped else matches_phone(self.compared(stripped)):
            return None
        return "must be an e-mail address, or a phone number with its country code"

    def compared(self, address: str) -> str:
        """The form of `address` that stands on the list."""
        return self._comparable(address)

    async def add(
        self, tenant: TenantId, addresses: Sequence[str], *, source: str, by: PrincipalId | None = None
    ) -> int:
        """Put `addresses` on the list, `source` saying why; how many are new.

        An address that is on the list keeps its first source. A long list is taken in pieces: what is taken stays.
        """
        return await self.put(tenant, [Listed(address=address, source=source) for address in addresses], by=by)

    async def put(self, tenant: TenantId, listed: Sequence[Listed], *, by: PrincipalId | None = None) -> int:
        """As `add`, each address with its own source and time. The first of several alike counts."""
        now = self._clock.now()
        wanted: dict[str, Listed] = {}
        for one in listed:
            wanted.setdefault(self._comparable(one.address), one)
        addresses, added = list(wanted), 0
        for start in range(0, len(addresses), AT_ONCE):
            part = [_kept(one, wanted[one], now) for one in addresses[start : start + AT_ONCE]]
            sources = list(dict.fromkeys(one.source for one in part))
            async with self._store.begin() as tx:
                new = await tx.suppressions.add(tenant, part)
                detail = f"{new} new of {len(part)}"
                subject = sources[0] if len(sources) == 1 else f"{len(sources)} sources"
                await tx.outbox.audit(tenant, by, "suppression:add", subject=subject, detail=detail, at=now)
            added += new
        return added

    async def count_new(self, tenant: TenantId, addresses: Sequence[str]) -> int:
        """How many of `addresses` are not on the list, each counted once."""
        wanted = list(dict.fromkeys(self._comparable(address) for address in addresses))
        async with self._store.read() as tx:
            return len(wanted) - len(await tx.suppressions.among(tenant, wanted))

    async def remove(self, tenant: TenantId, addresses: Sequence[str], *, by: PrincipalId | None = None) -> int:
        """Let `addresses` be reached again; how many were on the list.

        Contacts that the server itself blocked, because mail to them bounced or met a complaint, are active again.
        """
        now = self._clock.now()
        wanted = list(dict.fromkeys(self._comparable(address) for address in addresses))
        async with self._store.begin() as tx:
            # The contacts first, as where one of them is unblocked: neither then waits for the other for ever.
            released = await tx.contacts.release(tenant, wanted, at=now)
            removed = await tx.suppressions.remove(tenant, wanted)
            detail = f"{removed} of {len(wanted)}" + (f"; {released} contacts active again" if released else "")
            await tx.outbox.audit(tenant, by, "suppression:remove", subject="", detail=detail, at=now)
        return removed

    async def get(self, tenant: TenantId, address: str) -> Suppression:
        """What stands on the list of `address`. Raises NotFound."""
        async with self._store.read() as tx:
            return await tx.suppressions.get(tenant, self._comparable(address))

    async def find(self, tenant: TenantId, *, text: str = "", page: Page) -> tuple[int, Sequence[Suppression]]:
        """How many hold `text` in their address, and one page of them, newest first."""
        async with self._store.read() as tx:
            return await tx.suppressions.find(tenant, text=text, page=page)

    async def every(self, tenant: TenantId) -> AsyncGenerator[Sequence[Suppression]]:
        """The whole list in the order of addresses, in pieces. What changes meanwhile may or may not be in it."""
        last = ""
        while True:
            async with self._store.read() as tx:
                piece = await tx.suppressions.after(tenant, last, limit=AT_ONCE)
            if not piece:
                return
            yield piece
            last = piece[-1].address


def is_source(text: str) -> bool:
    """Whether `text` may say why an address is on the list: 1 to 64 characters of one line."""
    return _SOURCE.fullmatch(text) is not None and bool(text.strip())


def _kept(address: str, listed: Listed, now: datetime) -> Suppression:
    created_at = now if listed.created_at is None else listed.created_at
    return Suppression(address=address, source=listed.source, origin=listed.origin, created_at=created_at)
