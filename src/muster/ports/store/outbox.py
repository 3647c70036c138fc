"""Keeping events until they are told, and the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from muster.domain.event import Event, NewEvent
from muster.domain.ids import PrincipalId, TenantId


class Outbox(Protocol):
    """Events of a tenant, written in the transaction that made them true."""

    async def add(self, tenant: TenantId, events: Sequence[NewEvent], *, at: datetime) -> None:
        """Keep events, in order."""
        ...

    async def audit(
        self, tenant: TenantId, actor: PrincipalId | None, action: str, *, subject: str, detail: str, at: datetime
    ) -> None:
        """Note who changed what. `action` is `subject:verb`, such as `batch:cancel`."""
        ...

    async def between(self, tenant: TenantId, *, since: datetime, until: datetime, limit: int) -> Sequence[Event]:
        """Events made in [since, until), oldest first."""
        ...

    async def across_tenants_any_untold(self) -> bool:
        """Whether there are events that were not yet fanned out."""
        ...

    async def across_tenants_untold(self, *, limit: int) -> Sequence[Event]:
        """Events that were not yet fanned out to endpoints, oldest first; locked until the transaction ends."""
        ...

    async def across_tenants_told(self, sequences: Sequence[int], *, at: datetime) -> None:
        """Mark events as fanned out."""
        ...

    async def across_tenants_forget(self, *, made_before: datetime, limit: int) -> int:
        """Forget up to `limit` events that were told and for which nothing waits, and their deliveries; how many."""
        ...
