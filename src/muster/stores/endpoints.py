"""Webhook endpoints and what is still to be delivered to them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, exists, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.event import Event, EventType
from muster.domain.ids import TenantId
from muster.ports.store.endpoints import Delivery, Endpoint, EndpointState, Failure, SigningSecret
from muster.stores.bulk import as_json, given, listed
from muster.stores.moments import micros
from muster.stores.outbox import event_of
from muster.stores.tables import deliveries, endpoints, outbox
from muster.stores.vault import Vault


class _State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


_FAILURE = {"id": "int", "attempts": "int", "due_at": "int", "detail": "text"}


class EndpointTable:
    """Endpoints of a tenant; see ports.store.endpoints. Their secrets are sealed as one text."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, tenant: TenantId, endpoint: Endpoint) -> None:
        """Keep a new endpoint."""
        await self._connection.execute(insert(endpoints).values(id=endpoint.id, tenant=tenant, **self._row(endpoint)))

    async def all(self, tenant: TenantId) -> Sequence[Endpoint]:
        """Every endpoint, oldest first."""
        statement = (
            select(endpoints).where(endpoints.c.tenant == tenant).order_by(endpoints.c.created_at, endpoints.c.id)
        )
        return [self._endpoint(row) for row in await self._connection.execute(statement)]

    async def get(self, tenant: TenantId, endpoint: UUID, *, lock: bool = False) -> Endpoint:
        """The endpoint; raises NotFound."""
        statement = select(endpoints).where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint)
        if lock:
            statement = statement.with_for_update(key_share=True)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("no such webhook endpoint")
        return self._endpoint(row)

    async def replace(self, tenant: TenantId, endpoint: Endpoint) -> None:
        """Keep the endpoint as it now is; raises NotFound."""
        replaced = await self._connection.execute(
            update(endpoints)
            .where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint.id)
            .values(**self._row(endpoint))
        )
        if not replaced.rowcount:
            raise NotFound("no such webhook endpoint")

    async def remove(self, tenant: TenantId, endpoint: UUID) -> None:
        """Forget the endpoint and what waits for it; raises NotFound."""
        removed = await self._connection.execute(
            delete(endpoints).where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint)
        )
        if not removed.rowcount:
            raise NotFound("no such webhook endpoint")

    async def disable(self, tenant: TenantId, endpoint: UUID, reason: str, *, at: datetime) -> bool:
        """Switch an active endpoint off and give up what waits for it; False when it was not active."""
        switched = await self._connection.execute(
            update(endpoints)
            .where(endpoints.c.tenant == tenant, endpoints.c.id == endpoint, endpoints.c.state == EndpointState.ACTIVE)
            .values(state=EndpointState.DISABLED.value, disabled_reason=reason)
        )
        if not switched.rowcount:
            return False
        await self._connection.execute(
            update(deliveries)
            .where(deliveries.c.endpoint == endpoint, deliveries.c.state == _State.WAITING)
            .values(state=_State.GIVEN_UP.value, detail="the endpoint was switched off", updated_at=at)
        )
        return True

    async def replay(
        self, tenant: TenantId, endpoint: UUID, *, since: datetime, until: datetime, limit: int, at: datetime
    ) -> int:
        """Queue again the events made in [since, until) that the endpoint wants; how many."""
        types = (await self.get(tenant, endpoint)).types
        made, wait = outbox.c, deliveries.c
        waits = exists().where(wait.endpoint == endpoint, wait.event == made.sequence, wait.state == _State.WAITING)
        wanted = (
            select(
                made.tenant,
                literal(endpoint, deliveries.c.endpoint.type),
                made.sequence,
                literal(_State.WAITING.value, deliveries.c.state.type),
                literal(0, deliveries.c.attempts.type),
                literal(at, deliveries.c.due_at.type),
                literal("", deliveries.c.detail.type),
                literal(at, deliveries.c.updated_at.type),
            )
            .where(made.tenant == tenant, made.created_at >= since, made.created_at < until, ~waits)
            .order_by(made.sequence)
            .limit(limit)
        )
        if types:
            wanted = wanted.where(made.type.in_([kind.value for kind in types]))
        columns = ["tenant", "endpoint", "event", "state", "attempts", "due_at", "detail", "updated_at"]
        return (await self._connection.execute(insert(deliveries).from_select(columns, wanted))).rowcount

    async def across_tenants_listening(self, tenants: Sequence[TenantId]) -> Sequence[Endpoint]:
        """The active endpoints of `tenants`, oldest first."""
        statement = (
            select(endpoints)
            .where(endpoints.c.tenant.in_(tenants), endpoints.c.state == EndpointState.ACTIVE)
            .order_by(endpoints.c.created_at, endpoints.c.id)
            # Held against removal only: a claim of the same endpoints goes on meanwhile.
            .with_for_update(read=True, key_share=True)
        )
        return [self._endpoint(row) for row in await self._connection.execute(statement)]

    async def across_tenants_deliver(self, pairs: Sequence[tuple[Endpoint, Event]], *, due_at: datetime) -> None:
        """Queue each event for its endpoint, in order."""
        if not pairs:
            return
        rows = [
            {
                "tenant": endpoint.tenant,
                "endpoint": endpoint.id,
                "event": event.sequence,
                "state": _State.WAITING.value,
                "attempts": 0,
                "due_at": due_at,
                "detail": "",
                "updated_at": due_at,
            }
            for endpoint, event in pairs
        ]
        await self._connection.execute(insert(deliveries), rows)

    async def across_tenants_any_due(self, *, now: datetime) -> bool:
        """Whether a delivery is due that nobody has claimed."""
        wait = deliveries.c
        unclaimed = (wait.claimed_until.is_(None)) | (wait.claimed_until <= now)
        is_due = exists().where(wait.state == _State.WAITING, wait.due_at <= now, unclaimed)
        return bool((await self._connection.execute(select(is_due))).scalar_one())

    async def across_tenants_claim(
        self, *, now: datetime, until: datetime, limit: int, each: int
    ) -> Sequence[Delivery]:
        """Take up to `each` due deliveries, oldest event first, of up to `limit` active endpoints."""
        due = (deliveries.c.state == _State.WAITING, deliveries.c.due_at <= now)
        held = deliveries.alias("held")
        is_held = exists().where(
            held.c.endpoint == endpoints.c.id, held.c.state == _State.WAITING, held.c.claimed_until > now
        )
        free = (
            select(endpoints.c.id)
            .where(endpoints.c.state == EndpointState.ACTIVE, ~is_held)
            .where(exists().where(deliveries.c.endpoint == endpoints.c.id, *due))
            # By lot, so that busy endpoints cannot keep the others waiting when there are more than `limit`.
            .order_by(func.random())
            .limit(limit)
            .with_for_update(skip_locked=True, key_share=True)
        )
        ids = list((await self._connection.execute(free)).scalars())
        if not ids:
            return []
        turn = func.row_number().over(
            partition_by=deliveries.c.endpoint, order_by=(deliveries.c.event, deliveries.c.id)
        )
        ranked = select(deliveries.c.id, turn.label("turn")).where(deliveries.c.endpoint.in_(ids), *due).subquery()
        statement = (
            select(outbox, deliveries.c.id.label("delivery"), deliveries.c.attempts, deliveries.c.endpoint)
            .join(ranked, ranked.c.id == deliveries.c.id)
            .join(outbox, outbox.c.sequence == deliveries.c.event)
            .join(endpoints, endpoints.c.id == deliveries.c.endpoint)
            # Asked again under the lock: another relay may have claimed between our first look and the lock.
            .where(ranked.c.turn <= each, ~is_held)
            .order_by(deliveries.c.event, deliveries.c.id)
        )
        rows = (await self._connection.execute(statement)).all()
        await self._mark_claimed([row.delivery for row in rows], until)
        by_id = await self._by_id({row.endpoint for row in rows})
        return [
            Delivery(id=row.delivery, endpoint=by_id[row.endpoint], event=event_of(row), attempts=row.attempts)
            for row in rows
        ]

    async def _mark_claimed(self, claimed: Sequence[int], until: datetime) -> None:
        statement = text(f"UPDATE deliveries SET claimed_until = :until WHERE id IN {self._listed()}")
        await self._connection.execute(statement, {"until": micros(until), "ids": as_json(claimed)})

    async def _by_id(self, ids: set[UUID]) -> dict[UUID, Endpoint]:
        rows = await self._connection.execute(select(endpoints).where(endpoints.c.id.in_(ids)))
        return {row.id: self._endpoint(row) for row in rows}

    async def across_tenants_settle(
        self, *, taken: Sequence[int], failed: Sequence[Failure], left: Sequence[int], at: datetime
    ) -> None:
        """Keep what came of claimed deliveries, and with them whether their endpoints are failing."""
        failures = [failure.delivery for failure in failed]
        await self._lock_endpoints([*taken, *failures])
        await self._keep_taken(taken, at=at)
        await self._keep_failed(failed, at=at)
        await self._set_failing(taken, None)
        await self._set_failing(failures, at)
        release = f"UPDATE deliveries SET claimed_until = NULL WHERE id IN {self._listed()}"
        await self._connection.execute(text(release), {"ids": as_json(left)})

    async def _lock_endpoints(self, of_deliveries: Sequence[int]) -> None:
        """Endpoints before their deliveries and in one order, as everyone does it: nobody locks another out."""
        mine = select(deliveries.c.endpoint).where(deliveries.c.id.in_(of_deliveries))
        which = select(endpoints.c.id).where(endpoints.c.id.in_(mine)).order_by(endpoints.c.id)
        await self._connection.execute(which.with_for_update(key_share=True))

    async def _keep_taken(self, taken: Sequence[int], *, at: datetime) -> None:
        statement = (
            "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, claimed_until = NULL,"
            f" detail = '', updated_at = :at WHERE state = 'waiting' AND id IN {self._listed()}"
        )
        await self._connection.execute(text(statement), {"at": micros(at), "ids": as_json(taken)})

    async def _keep_failed(self, failed: Sequence[Failure], *, at: datetime) -> None:
        statement = (
            "UPDATE deliveries SET attempts = v.attempts, due_at = v.due_at, detail = v.detail,"
            " claimed_until = NULL, updated_at = :at,"
            " state = CASE WHEN v.due_at IS NULL THEN 'given_up' ELSE 'waiting' END"
            f" FROM {given(self._connection, _FAILURE)} AS v"
            " WHERE deliveries.id = v.id AND deliveries.state = 'waiting'"
        )
        rows = [(f.delivery, f.attempts, None if f.due_at is None else micros(f.due_at), f.detail) for f in failed]
        await self._connection.execute(text(statement), {"at": micros(at), "rows": as_json(rows)})

    async def _set_failing(self, of_deliveries: Sequence[int], at: datetime | None) -> None:
        """Failing since `at` (or earlier), or not any more when None."""
        mine = select(deliveries.c.endpoint).where(deliveries.c.id.in_(of_deliveries))
        since = endpoints.c.failing_since
        changes = since.is_not(None) if at is None else since.is_(None)
        await self._connection.execute(
            update(endpoints).where(endpoints.c.id.in_(mine), changes).values(failing_since=at)
        )

    async def across_tenants_hold_back(self, endpoint: UUID, *, until: datetime) -> None:
        """Whatever waits for the endpoint and is due before `until` is due then."""
        wait = deliveries.c
        await self._connection.execute(
            update(deliveries)
            .where(wait.endpoint == endpoint, wait.state == _State.WAITING, wait.due_at < until)
            .values(due_at=until)
        )

    def _listed(self) -> str:
        return listed(self._connection, "int", parameter="ids")

    def _row(self, endpoint: Endpoint) -> dict[str, object]:
        return {
            "url": endpoint.url,
            "description": endpoint.description,
            "types": " ".join(kind.value for kind in endpoint.types),
            "sealed_secrets": self._vault.seal(msgspec.json.encode(endpoint.secrets).decode()),
            "state": endpoint.state.value,
            "created_at": endpoint.created_at,
            "failing_since": endpoint.failing_since,
            "disabled_reason": endpoint.disabled_reason,
            "style": endpoint.style,
        }

    def _endpoint(self, row: Row[*tuple[Any, ...]]) -> Endpoint:
        secrets = msgspec.json.decode(self._vault.unseal(row.sealed_secrets), type=tuple[SigningSecret, ...])
        return Endpoint(
            id=row.id,
            tenant=TenantId(row.tenant),
            url=row.url,
            description=row.description,
            types=tuple(EventType(kind) for kind in row.types.split()),
            secrets=secrets,
            state=EndpointState(row.state),
            created_at=row.created_at,
            failing_since=row.failing_since,
            disabled_reason=row.disabled_reason,
            style=row.style,
        )
