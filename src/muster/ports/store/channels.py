"""Keeping accounts at providers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.ids import ChannelId, TenantId


class ChannelAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account at one provider. `options` hold secrets and are encrypted at rest."""

    id: ChannelId
    tenant: TenantId
    kind: str
    """`sandbox smpp smtp whatsapp webhook apprise`."""
    options: dict[str, str]
    created_at: datetime


class ChannelAccounts(Protocol):
    """Channels of a tenant."""

    async def add(self, tenant: TenantId, kind: str, options: dict[str, str], *, at: datetime) -> ChannelId:
        """Keep a new channel."""
        ...

    async def all(self, tenant: TenantId) -> Sequence[ChannelAccount]:
        """Every channel in use, oldest first."""
        ...

    async def get(self, tenant: TenantId, channel: ChannelId) -> ChannelAccount:
        """The channel, in use or not; raises NotFound."""
        ...

    async def remove(self, tenant: TenantId, channel: ChannelId, *, at: datetime) -> None:
        """Take the channel out of use: `all` no longer lists it, batches that name it keep it. Raises NotFound."""
        ...

    async def kinds_in_use(self, tenant: TenantId) -> Mapping[ChannelId, str]:
        """The kind of each channel in use: what `all` tells, without unsealing any options."""
        ...

    async def across_tenants_all(self) -> Sequence[ChannelAccount]:
        """Every channel in use, of everyone: those that receive must be open before anything is sent."""
        ...
