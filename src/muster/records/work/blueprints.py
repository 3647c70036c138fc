"""Tenants' blueprints, kept decoded: they are large, needed by every call, and seldom changed."""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from muster.domain.errors import Conflict
from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Blueprint
from muster.ports.store.unit import Store, Transaction

MOST_KEPT = 256
"""Of how many tenants a process keeps the blueprint."""
_TRIES = 5
_EMPTY = Blueprint()


class Blueprints:
    """Reads and changes blueprints."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[TenantId, Blueprint] = OrderedDict()

    async def of(self, tx: Transaction, tenant: TenantId) -> Blueprint:
        """The tenant's blueprint as the transaction sees it; an empty one with version 0 where there is none."""
        version = await tx.record_settings.blueprint_version(tenant)
        kept = self._kept.get(tenant)
        if kept is not None and kept.version == version:
            self._kept.move_to_end(tenant)
            return kept
        if not version:
            return _EMPTY
        return self._keep(tenant, await tx.record_settings.blueprint(tenant))

    async def current(self, tenant: TenantId) -> Blueprint:
        """The tenant's blueprint as it is now."""
        async with self._store.glance() as tx:
            return await self.of(tx, tenant)

    async def change(self, tenant: TenantId, edit: Callable[[Blueprint], Blueprint]) -> Blueprint:
        """Put what `edit` makes of the tenant's blueprint in its place.

        `edit` may be called several times: whoever else changes it at the same time comes first or after, not between.
        Raises Conflict where others came first again and again.
        """
        for _ in range(_TRIES):
            async with self._store.begin() as tx:
                before = await self.of(tx, tenant)
                after = msgspec.structs.replace(edit(before), version=before.version + 1)
                if await tx.record_settings.put_blueprint(tenant, after, replaces=before.version):
                    return after
        raise Conflict("The configuration is being changed by somebody else. Please try again.")

    def _keep(self, tenant: TenantId, blueprint: Blueprint) -> Blueprint:
        self._kept[tenant] = blueprint
        self._kept.move_to_end(tenant)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return blueprint
