"""Whom a tenant must not reach."""

from collections.abc import Callable, Sequence

from muster.domain.ids import PrincipalId, TenantId
from muster.ports.clock import Clock
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store

_AT_ONCE = 5_000
"""How many addresses one transaction takes, so that a long list keeps nobody waiting."""


class SuppressionList:
    """A tenant's list. `comparable` brings an address into the form in which recipients are compared."""

    def __init__(self, store: Store, clock: Clock, comparable: Callable[[str], str]) -> None:
        self._store = store
        self._clock = clock
        self._comparable = comparable

    async def add(
        self, tenant: TenantId, addresses: Sequence[str], *, source: str, by: PrincipalId | None = None
    ) -> int:
        """Put `addresses` on the list, `source` saying why; how many are new.

        An address that is on the list keeps its first source. A long list is taken in pieces: what is taken stays.
        """
        now = self._clock.now()
        wanted = list(dict.fromkeys(self._comparable(address) for address in addresses))
        added = 0
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            part = [Suppression(address=address, source=source, created_at=now) for address in some]
            async with self._store.begin() as tx:
                new = await tx.suppressions.add(tenant, part)
                detail = f"{new} new of {len(part)}"
                await tx.outbox.audit(tenant, by, "suppression:add", subject=source, detail=detail, at=now)
            added += new
        return added

    async def remove(self, tenant: TenantId, addresses: Sequence[str], *, by: PrincipalId | None = None) -> int:
        """Let `addresses` be reached again; how many were on the list.

        Contacts that the server itself blocked, because mail to them bounced or met a complaint, are active again.
        """
        now = self._clock.now()
        wanted = list(dict.fromkeys(self._comparable(address) for address in addresses))
        async with self._store.begin() as tx:
            removed = await tx.suppressions.remove(tenant, wanted)
            released = await tx.contacts.release(tenant, wanted, at=now)
            detail = f"{removed} of {len(wanted)}" + (f"; {released} contacts active again" if released else "")
            await tx.outbox.audit(tenant, by, "suppression:remove", subject="", detail=detail, at=now)
        return removed

    async def find(self, tenant: TenantId, *, text: str = "", page: Page) -> tuple[int, Sequence[Suppression]]:
        """How many hold `text` in their address, and one page of them, newest first."""
        async with self._store.read() as tx:
            return await tx.suppressions.find(tenant, text=text, page=page)
