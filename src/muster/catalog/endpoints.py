"""Where a tenant wants to be told."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from muster.domain.errors import BadInput, Conflict, NotAllowed
from muster.domain.event import EventType
from muster.domain.fault import Fault
from muster.domain.tenant import Principal
from muster.events.signing import SECRET_BYTES, holding, secret_of
from muster.ports.clock import Clock
from muster.ports.push import Push
from muster.ports.store.endpoints import Endpoint, EndpointState, SigningSecret
from muster.ports.store.unit import Store, Transaction

MOST_ENDPOINTS = 10
"""How many endpoints a tenant may have."""
MOST_REPLAYED = 50_000
"""How many events one replay may queue."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest one keeps signing."""
_MOST_DESCRIPTION = 255


class EndpointWish(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as its owner wants it. `types` empty: every event."""

    url: str
    description: str = ""
    types: tuple[EventType, ...] = ()


class EndpointCatalog:
    """What a tenant does with its webhook endpoints. Every change is in the audit log.

    All raise NotAllowed where the caller may only read, and NotFound for another tenant's endpoint. Whoever shows an
    endpoint to a viewer leaves its secrets out.
    """

    def __init__(
        self,
        store: Store,
        push: Push,
        clock: Clock,
        *,
        new_uuid: Callable[[], UUID],
        random_bytes: Callable[[int], bytes],
        most: int = MOST_ENDPOINTS,
    ) -> None:
        """`push` says which URLs are refused; `random_bytes` must be unguessable (`secrets.token_bytes`)."""
        self._store = store
        self._push = push
        self._clock = clock
        self._new_uuid = new_uuid
        self._random_bytes = random_bytes
        self._most = most

    async def all(self, who: Principal) -> Sequence[Endpoint]:
        """Every endpoint, oldest first."""
        async with self._store.read() as tx:
            return await tx.endpoints.all(who.tenant)

    async def get(self, who: Principal, endpoint: UUID) -> Endpoint:
        """The endpoint."""
        async with self._store.read() as tx:
            return await tx.endpoints.get(who.tenant, endpoint)

    async def add(self, who: Principal, wish: EndpointWish) -> Endpoint:
        """A new, active endpoint with its first secret. Raises BadInput, and Conflict when there are too many."""
        _check_may_write(who)
        await self._check(wish)
        endpoint = Endpoint(
            id=self._new_uuid(),
            tenant=who.tenant,
            url=wish.url,
            description=wish.description,
            types=wish.types,
            secrets=(self._new_secret(),),
            state=EndpointState.ACTIVE,
            created_at=self._clock.now(),
        )
        async with self._store.begin() as tx:
            if len(await tx.endpoints.all(who.tenant)) >= self._most:
                raise Conflict(f"there are {self._most} webhook endpoints already; remove one first")
            await tx.endpoints.add(who.tenant, endpoint)
            await self._note(tx, who, "endpoint:add", endpoint=endpoint.id)
        return endpoint

    async def update(self, who: Principal, endpoint: UUID, wish: EndpointWish) -> Endpoint:
        """The endpoint as it now is wanted; what already waits goes to the new URL. Raises BadInput."""
        _check_may_write(who)
        await self._check(wish)
        async with self._store.begin() as tx:
            old = await tx.endpoints.get(who.tenant, endpoint, lock=True)
            new = msgspec.structs.replace(old, url=wish.url, description=wish.description, types=wish.types)
            await tx.endpoints.replace(who.tenant, new)
            await self._note(tx, who, "endpoint:update", endpoint=endpoint)
        return new

    async def remove(self, who: Principal, endpoint: UUID) -> None:
        """Forget the endpoint and what waits for it."""
        _check_may_write(who)
        async with self._store.begin() as tx:
            await tx.endpoints.remove(who.tenant, endpoint)
            await self._note(tx, who, "endpoint:remove", endpoint=endpoint)

    async def enable(self, who: Principal, endpoint: UUID) -> Endpoint:
        """Switch the endpoint on, as if it had never failed. What it missed is asked for by `replay`."""
        _check_may_write(who)
        async with self._store.begin() as tx:
            old = await tx.endpoints.get(who.tenant, endpoint, lock=True)
            new = msgspec.structs.replace(old, state=EndpointState.ACTIVE, failing_since=None, disabled_reason="")
            await tx.endpoints.replace(who.tenant, new)
            await self._note(tx, who, "endpoint:enable", endpoint=endpoint)
        return new

    async def disable(self, who: Principal, endpoint: UUID) -> Endpoint:
        """Switch the endpoint off and give up what waits for it."""
        _check_may_write(who)
        async with self._store.begin() as tx:
            await tx.endpoints.get(who.tenant, endpoint, lock=True)
            if await tx.endpoints.disable(who.tenant, endpoint, "switched off by its owner", at=self._clock.now()):
                await self._note(tx, who, "endpoint:disable", endpoint=endpoint)
            return await tx.endpoints.get(who.tenant, endpoint)

    async def rotate_secret(self, who: Principal, endpoint: UUID) -> Endpoint:
        """The endpoint with a new first secret; those before it keep signing for OVERLAP at most."""
        _check_may_write(who)
        now = self._clock.now()
        async with self._store.begin() as tx:
            old = await tx.endpoints.get(who.tenant, endpoint, lock=True)
            # Only the last one lives on: a third signature would outlive a receiver's patience, not help it.
            last = holding(old.secrets, at=now)[:1]
            kept = tuple(msgspec.structs.replace(secret, until=now + OVERLAP) for secret in last)
            new = msgspec.structs.replace(old, secrets=(self._new_secret(), *kept))
            await tx.endpoints.replace(who.tenant, new)
            await self._note(tx, who, "endpoint:rotate_secret", endpoint=endpoint)
        return new

    async def replay(self, who: Principal, endpoint: UUID, *, since: datetime, until: datetime) -> int:
        """Tell again the events made in [since, until), under their old ids; how many are queued.

        Raises BadInput for an empty range or more than MOST_REPLAYED events, Conflict for an endpoint that is off.
        """
        _check_may_write(who)
        if since >= until:
            raise BadInput("the range is empty: `since` must lie before `until`")
        async with self._store.begin() as tx:
            target = await tx.endpoints.get(who.tenant, endpoint, lock=True)
            if target.state is not EndpointState.ACTIVE:
                raise Conflict("the webhook endpoint is switched off; enable it first")
            queued = await tx.endpoints.replay(
                who.tenant, endpoint, since=since, until=until, limit=MOST_REPLAYED + 1, at=self._clock.now()
            )
            if queued > MOST_REPLAYED:
                raise BadInput(f"the range holds more than {MOST_REPLAYED} events; ask for a shorter one")
            span = f"{since.isoformat()} to {until.isoformat()}: {queued}"
            await self._note(tx, who, "endpoint:replay", endpoint=endpoint, detail=span)
        return queued

    async def _check(self, wish: EndpointWish) -> None:
        faults: list[Fault] = []
        refusal = await self._push.refusal(wish.url)
        if refusal is not None:
            faults.append(Fault("url", "url_refused", refusal))
        if len(wish.description) > _MOST_DESCRIPTION:
            faults.append(Fault("description", "too_long", f"at most {_MOST_DESCRIPTION} characters"))
        if faults:
            raise BadInput("the webhook endpoint cannot be kept as it is", faults)

    def _new_secret(self) -> SigningSecret:
        return SigningSecret(secret_of(self._random_bytes(SECRET_BYTES)))

    async def _note(self, tx: Transaction, who: Principal, action: str, *, endpoint: UUID, detail: str = "") -> None:
        await tx.outbox.audit(who.tenant, who.id, action, subject=str(endpoint), detail=detail, at=self._clock.now())


def _check_may_write(who: Principal) -> None:
    if not who.may_write:
        raise NotAllowed("your role may read webhook endpoints, not change them")
