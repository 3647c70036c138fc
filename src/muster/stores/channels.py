"""Accounts at providers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NotFound
from muster.domain.ids import ChannelId, TenantId
from muster.ports.store.channels import ChannelAccount
from muster.stores.bulk import Statement
from muster.stores.moments import Moment
from muster.stores.tables import channels
from muster.stores.vault import Vault

_KINDS = Statement("SELECT id, kind FROM channels WHERE tenant = :tenant AND removed_at IS NULL")


class ChannelTable:
    """Channels of a tenant; see ports.store.channels. The options are sealed as one text."""

    def __init__(self, connection: AsyncConnection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    async def add(self, tenant: TenantId, kind: str, options: dict[str, str], *, at: datetime) -> ChannelId:
        """Keep a new channel."""
        sealed = self._vault.seal(msgspec.json.encode(options).decode())
        statement = (
            insert(channels)
            .values(tenant=tenant, kind=kind, sealed_options=sealed, created_at=at)
            .returning(channels.c.id)
        )
        return ChannelId((await self._connection.execute(statement)).scalar_one())

    async def all(self, tenant: TenantId) -> Sequence[ChannelAccount]:
        """Every channel in use, oldest first."""
        return await self._in_use(channels.c.tenant == tenant)

    async def kinds_in_use(self, tenant: TenantId) -> Mapping[ChannelId, str]:
        """The kind of each channel in use."""
        rows = await _KINDS.rows(self._connection, {"tenant": tenant})
        return {ChannelId(row[0]): row[1] for row in rows}

    async def across_tenants_all(self) -> Sequence[ChannelAccount]:
        """Every channel in use, of everyone."""
        return await self._in_use()

    async def _in_use(self, *which: ColumnElement[bool]) -> Sequence[ChannelAccount]:
        statement = select(channels).where(channels.c.removed_at.is_(None), *which).order_by(channels.c.id)
        return [self._account(row) for row in await self._connection.execute(statement)]

    async def get(self, tenant: TenantId, channel: ChannelId) -> ChannelAccount:
        """The channel, in use or not; raises NotFound."""
        statement = select(channels).where(channels.c.tenant == tenant, channels.c.id == channel)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise NotFound("no such channel")
        return self._account(row)

    async def remove(self, tenant: TenantId, channel: ChannelId, *, at: datetime) -> None:
        """Take the channel out of use; the time of the first removal stays. Raises NotFound."""
        removed = await self._connection.execute(
            update(channels)
            .where(channels.c.tenant == tenant, channels.c.id == channel)
            .values(removed_at=func.coalesce(channels.c.removed_at, literal(at, Moment())))
        )
        if not removed.rowcount:
            raise NotFound("no such channel")

    def _account(self, row: Row[*tuple[Any, ...]]) -> ChannelAccount:
        return ChannelAccount(
            id=ChannelId(row.id),
            tenant=TenantId(row.tenant),
            kind=row.kind,
            options=msgspec.json.decode(self._vault.unseal(row.sealed_options), type=dict[str, str]),
            created_at=row.created_at,
        )
