"""What a tenant sends through: its accounts at providers."""

from collections.abc import Callable, Collection, Mapping, Sequence

from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.ids import ChannelId, PrincipalId, TenantId
from muster.ports.clock import Clock
from muster.ports.store.channels import ChannelAccount
from muster.ports.store.unit import Store

CheckOptions = Callable[[Mapping[str, str]], Sequence[Fault]]
"""Tells every fault of a channel's options; empty when they can be used."""
SANDBOX = "sandbox"


class ChannelCatalog:
    """A tenant's channels. `kinds` are those this server can open, each with the check of its options."""

    def __init__(self, store: Store, clock: Clock, kinds: Mapping[str, CheckOptions]) -> None:
        self._store = store
        self._clock = clock
        self._kinds = kinds

    @property
    def kinds(self) -> Collection[str]:
        """The kinds this server can open."""
        return self._kinds.keys()

    async def add(
        self, tenant: TenantId, kind: str, options: Mapping[str, str], *, by: PrincipalId | None = None
    ) -> ChannelAccount:
        """Keep a new channel; it is used from the next batch on.

        Raises BadInput with every fault of kind and options.
        """
        if kind not in self._kinds:
            message = f"is not one of {', '.join(sorted(self._kinds))}"
            raise BadInput(f"There is no channel kind {kind!r}.", [Fault(path="kind", code="unknown", message=message)])
        faults = self._kinds[kind](options)
        if faults:
            raise BadInput(f"The options of the {kind} channel cannot be used.", faults)
        now = self._clock.now()
        async with self._store.begin() as tx:
            number = await tx.channels.add(tenant, kind, dict(options), at=now)
            await tx.outbox.audit(tenant, by, "channel:add", subject=str(number), detail=kind, at=now)
            return await tx.channels.get(tenant, number)

    async def all(self, tenant: TenantId) -> Sequence[ChannelAccount]:
        """Every channel in use, oldest first."""
        async with self._store.read() as tx:
            return await tx.channels.all(tenant)

    async def remove(self, tenant: TenantId, channel: ChannelId, *, by: PrincipalId | None = None) -> None:
        """Take a channel out of use; batches that already go through it still do. Raises NotFound."""
        now = self._clock.now()
        async with self._store.begin() as tx:
            await tx.channels.remove(tenant, channel, at=now)
            await tx.outbox.audit(tenant, by, "channel:remove", subject=str(channel), detail="", at=now)
