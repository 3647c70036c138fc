"""Keeping webhook endpoints and what is still to be delivered to them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from muster.domain.event import Event, EventType
from muster.domain.ids import TenantId


class EndpointState(StrEnum):
    """Whether an endpoint is told."""

    ACTIVE = "active"
    DISABLED = "disabled"


class SigningSecret(msgspec.Struct, frozen=True):
    """One secret (`whsec_` and base64). It signs until `until`; for good when None."""

    value: str
    until: datetime | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One URL of a tenant that wants events. `types` empty means all. `secrets`: newest first; all of them sign."""

    id: UUID
    tenant: TenantId
    url: str
    description: str
    types: tuple[EventType, ...]
    secrets: tuple[SigningSecret, ...]
    state: EndpointState
    created_at: datetime
    failing_since: datetime | None = None
    disabled_reason: str = ""
    style: str = "standard"
    """Whose words its messages use: `standard` for ours, else the name of a door."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one endpoint. `attempts` counts the tries made."""

    id: int
    endpoint: Endpoint
    event: Event
    attempts: int


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One try that failed. `due_at` is when the next one follows; None gives the delivery up."""

    delivery: int
    attempts: int
    """The tries made, this one included."""
    due_at: datetime | None
    detail: str


class Endpoints(Protocol):
    """Webhook endpoints of a tenant."""

    async def add(self, tenant: TenantId, endpoint: Endpoint) -> None:
        """Keep a new endpoint."""
        ...

    async def all(self, tenant: TenantId) -> Sequence[Endpoint]:
        """Every endpoint, oldest first."""
        ...

    async def get(self, tenant: TenantId, endpoint: UUID, *, lock: bool = False) -> Endpoint:
        """The endpoint; raises NotFound. `lock` keeps other transactions from changing it until this one ends."""
        ...

    async def replace(self, tenant: TenantId, endpoint: Endpoint) -> None:
        """Keep the endpoint as it now is; raises NotFound."""
        ...

    async def remove(self, tenant: TenantId, endpoint: UUID) -> None:
        """Forget the endpoint and what waits for it; raises NotFound."""
        ...

    async def disable(self, tenant: TenantId, endpoint: UUID, reason: str, *, at: datetime) -> bool:
        """Switch an active endpoint off and give up what waits for it; False when it was not active."""
        ...

    async def replay(
        self, tenant: TenantId, endpoint: UUID, *, since: datetime, until: datetime, limit: int, at: datetime
    ) -> int:
        """Queue again, due `at`, the events made in [since, until) that the endpoint wants; how many.

        At most `limit`, oldest first. What already waits for the endpoint is not queued a second time.
        """
        ...

    async def across_tenants_listening(self, tenants: Sequence[TenantId]) -> Sequence[Endpoint]:
        """The active endpoints of `tenants`, oldest first, kept from being removed until the transaction ends."""
        ...

    async def across_tenants_deliver(self, pairs: Sequence[tuple[Endpoint, Event]], *, due_at: datetime) -> None:
        """Queue each event for its endpoint, in order."""
        ...

    async def across_tenants_any_due(self, *, now: datetime) -> bool:
        """Whether a delivery is due that nobody has claimed."""
        ...

    async def across_tenants_claim(
        self, *, now: datetime, until: datetime, limit: int, each: int
    ) -> Sequence[Delivery]:
        """Take up to `each` due deliveries, oldest event first, of up to `limit` active endpoints.

        An endpoint of which somebody holds a delivery is left out, so its events keep their order. Nobody else is
        given these deliveries before `until`.
        """
        ...

    async def across_tenants_settle(
        self, *, taken: Sequence[int], failed: Sequence[Failure], left: Sequence[int], at: datetime
    ) -> None:
        """Keep what came of claimed deliveries.

        `taken`: their receivers have them, and their endpoints are no longer failing. `failed`: tried again or given
        up, and their endpoints are failing since `at` or earlier. `left`: not tried, anyone may claim them.
        """
        ...

    async def across_tenants_hold_back(self, endpoint: UUID, *, until: datetime) -> None:
        """Whatever waits for the endpoint and is due before `until` is due then."""
        ...
