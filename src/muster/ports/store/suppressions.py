"""Keeping who must not be reached."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from muster.domain.ids import TenantId
from muster.ports.store.batches import Page


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One address a tenant must not reach, and why. `address` is in the form entries are compared by."""

    address: str
    source: str
    origin: str = ""
    """The message that it came from, as `<batch id>/<position>`; empty where it came from none."""
    created_at: datetime


class Suppressions(Protocol):
    """A tenant's list of whom not to reach."""

    async def add(self, tenant: TenantId, suppressions: Sequence[Suppression]) -> int:
        """Keep them; how many are new."""
        ...

    async def remove(self, tenant: TenantId, addresses: Sequence[str]) -> int:
        """Let them be reached again; how many were on the list."""
        ...

    async def among(self, tenant: TenantId, addresses: Sequence[str]) -> Mapping[str, str]:
        """Which of `addresses` are on the list, each with its source."""
        ...

    async def after(self, tenant: TenantId, address: str, *, limit: int) -> Sequence[Suppression]:
        """The next `limit` behind `address` in the order of addresses; from the first one where it is empty.

        However long the list is, each call costs the same.
        """
        ...

    async def get(self, tenant: TenantId, address: str) -> Suppression:
        """The one with this address; raises NotFound."""
        ...

    async def find(self, tenant: TenantId, *, text: str, page: Page) -> tuple[int, Sequence[Suppression]]:
        """How many hold `text` in their address (all when empty), and one page of them, newest first."""
        ...
