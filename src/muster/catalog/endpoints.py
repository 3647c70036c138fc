"""Where a tenant wants to be told."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from muster.domain.errors import BadInput, Conflict, NotAllowed
from muster.domain.event import EventType
from muster.domain.fault import Fault
from muster.domain.tenant import Principal
from muster.events.outbox import endpoint_tested
from muster.events.signing import SECRET_BYTES, holding, secret_of
from muster.events.standard import STANDARD, askable, with_standard
from muster.ports.clock import Clock
from muster.ports.push import Push, Style
from muster.ports.store.endpoints import Endpoint, EndpointState, SigningSecret
from muster.ports.store.unit import Store, Transaction

MOST_ENDPOINTS = 10
"""How many endpoints a tenant may have."""
MOST_REPLAYED = 50_000
"""How many events one replay may queue."""
OVERLAP = timedelta(hours=24)
"""How long the secret before the newest one keeps signing."""
MOST_DESCRIPTION = 255
"""The most characters of a description."""


class EndpointWish(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as its owner wants it."""

    url: str
    description: str = ""
    types: tuple[str, ...] = ()
    """Names of events, ours (`batch.completed`, or with a colon) or the style's; none: what the style tells then."""
    style: str = STANDARD


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; None leaves it as it is."""

    url: str | None = None
    description: str | None = None
    types: tuple[str, ...] | None = None
    style: str | None = None


class EndpointCatalog:
    """What a tenant does with its webhook endpoints. Every change is in the audit log.

    All raise NotAllowed where the caller may only read, and NotFound for another tenant's endpoint. Whoever shows an
    endpoint to a viewer leaves its secrets out.
    """

    def __init__(  # noqa: PLR0913 - its ports, two sources of chance, the styles, and the bound
        self,
        store: Store,
        push: Push,
        clock: Clock,
        *,
        new_uuid: Callable[[], UUID],
        random_bytes: Callable[[int], bytes],
        styles: Mapping[str, Style] | None = None,
        most: int = MOST_ENDPOINTS,
    ) -> None:
        """`push` says which URLs are refused; `random_bytes` must be unguessable (`secrets.token_bytes`).

        `styles`: by name, those besides the standard one.
        """
        self._store = store
        self._push = push
        self._clock = clock
        self._new_uuid = new_uuid
        self._random_bytes = random_bytes
        self._styles = with_standard(styles or {})
        self._most = most

    async def all(self, who: Principal) -> Sequence[Endpoint]:
        """Every endpoint, oldest first."""
        async with self._store.read() as tx:
            return await tx.endpoints.all(who.tenant)

    async def get(self, who: Principal, endpoint: UUID) -> Endpoint:
        """The endpoint."""
        async with self._store.read() as tx:
            return await tx.endpoints.get(who.tenant, endpoint)

    async def add(self, who: Principal, wish: EndpointWish, *, faults: Sequence[Fault] = ()) -> Endpoint:
        """A new, active endpoint with its first secret. Raises BadInput, and Conflict when there are too many.

        `faults` were found in the request already: they are told together with what is found here.
        """
        _check_may_write(who)
        types, wrong = self._types(wish)
        _refuse(faults, [*await self._url_faults(wish.url), *_text_faults(wish), *wrong])
        endpoint = Endpoint(
            id=self._new_uuid(),
            tenant=who.tenant,
            url=wish.url,
            description=wish.description,
            types=types,
            style=wish.style,
            secrets=(self._new_secret(),),
            state=EndpointState.ACTIVE,
            created_at=self._clock.now(),
        )
        async with self._store.begin() as tx:
            if len(await tx.endpoints.all(who.tenant)) >= self._most:
                raise Conflict(f"There are {self._most} webhook endpoints already; remove one first")
            await tx.endpoints.add(who.tenant, endpoint)
            await self._note(tx, who, "endpoint:add", endpoint=endpoint.id)
        return endpoint

    async def update(
        self, who: Principal, endpoint: UUID, change: EndpointChange, *, faults: Sequence[Fault] = ()
    ) -> Endpoint:
        """The endpoint with the change; what already waits goes to the new URL, in the new style.

        Raises BadInput; `faults` are as in `add`.
        """
        _check_may_write(who)
        # A name is looked up before the transaction, which must not wait for that.
        refused = () if change.url is None else await self._url_faults(change.url)
        async with self._store.begin() as tx:
            old = await tx.endpoints.get(who.tenant, endpoint, lock=True)
            wish = _changed(old, change)
            types, wrong = self._types(wish)
            _refuse(faults, [*refused, *_text_faults(wish), *wrong])
            new = msgspec.structs.replace(
                old, url=wish.url, description=wish.description, types=types, style=wish.style
            )
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

    async def secret(self, who: Principal, endpoint: UUID) -> str:
        """The newest secret, which whoever may only read is not shown; that it was shown is in the audit log."""
        if not who.may_write:
            raise NotAllowed("your role may not see the secrets of webhook endpoints")
        async with self._store.begin() as tx:
            found = await tx.endpoints.get(who.tenant, endpoint)
            await self._note(tx, who, "endpoint:show_secret", endpoint=endpoint)
        return found.secrets[0].value

    async def test(self, who: Principal, endpoint: UUID) -> None:
        """Tell the endpoint, and nobody else, that it is being tried out. Raises Conflict when it is off."""
        _check_may_write(who)
        async with self._store.begin() as tx:
            await self._active(tx, who, endpoint)
            await tx.outbox.add(who.tenant, [endpoint_tested(endpoint)], at=self._clock.now())
            await self._note(tx, who, "endpoint:test", endpoint=endpoint)

    async def replay(self, who: Principal, endpoint: UUID, *, since: datetime, until: datetime | None = None) -> int:
        """Tell again the events made in [since, until), under their old ids; how many are queued.

        Without `until`: those made so far. Raises BadInput for an empty range or more than MOST_REPLAYED events,
        Conflict for an endpoint that is off.
        """
        _check_may_write(who)
        until = self._clock.now() if until is None else until
        if since >= until:
            raise BadInput("the range is empty: `since` must lie before `until`")
        async with self._store.begin() as tx:
            await self._active(tx, who, endpoint)
            queued = await tx.endpoints.replay(
                who.tenant, endpoint, since=since, until=until, limit=MOST_REPLAYED + 1, at=self._clock.now()
            )
            if queued > MOST_REPLAYED:
                raise BadInput(f"the range holds more than {MOST_REPLAYED} events; ask for a shorter one")
            span = f"{since.isoformat()} to {until.isoformat()}: {queued}"
            await self._note(tx, who, "endpoint:replay", endpoint=endpoint, detail=span)
        return queued

    async def _url_faults(self, url: str) -> Sequence[Fault]:
        refusal = await self._push.refusal(url)
        return [] if refusal is None else [Fault("url", "url_refused", refusal)]

    def _types(self, wish: EndpointWish) -> tuple[tuple[EventType, ...], Sequence[Fault]]:
        """The events that a wish asks for, in the order of its names, and every name that its style does not know."""
        style = self._styles.get(wish.style)
        if style is None:
            return (), [Fault("style", "unknown_style", f"must be one of {', '.join(self._styles)}")]
        known = askable(style)
        named = [(at, name.replace(":", ".")) for at, name in enumerate(wish.types)]
        message = f"is not an event of this style; it has {', '.join(known)}"
        wrong = [Fault(f"types[{at}]", "unknown_type", message) for at, name in named if name not in known]
        wanted = dict.fromkeys(one for _, name in named for one in known.get(name, ()))
        return tuple(wanted or style.default), wrong

    async def _active(self, tx: Transaction, who: Principal, endpoint: UUID) -> None:
        """Keep the endpoint from being changed. Raises NotFound, and Conflict when it is off."""
        target = await tx.endpoints.get(who.tenant, endpoint, lock=True)
        if target.state is not EndpointState.ACTIVE:
            raise Conflict("The webhook endpoint is switched off; enable it first")

    def _new_secret(self) -> SigningSecret:
        return SigningSecret(secret_of(self._random_bytes(SECRET_BYTES)))

    async def _note(self, tx: Transaction, who: Principal, action: str, *, endpoint: UUID, detail: str = "") -> None:
        await tx.outbox.audit(who.tenant, who.id, action, subject=str(endpoint), detail=detail, at=self._clock.now())


def _check_may_write(who: Principal) -> None:
    if not who.may_write:
        raise NotAllowed("your role may read webhook endpoints, not change them")


def _changed(old: Endpoint, change: EndpointChange) -> EndpointWish:
    """The endpoint as it would be, in the words of a wish."""
    return EndpointWish(
        url=old.url if change.url is None else change.url,
        description=old.description if change.description is None else change.description,
        types=old.types if change.types is None else change.types,
        style=old.style if change.style is None else change.style,
    )


def _text_faults(wish: EndpointWish) -> Sequence[Fault]:
    if len(wish.description) <= MOST_DESCRIPTION:
        return []
    return [Fault("description", "too_long", f"must have at most {MOST_DESCRIPTION} characters")]


def _refuse(known: Sequence[Fault], found: Sequence[Fault]) -> None:
    """Raise BadInput when there is a fault. A field that was unreadable already is not judged a second time."""
    unreadable = {_field(fault) for fault in known}
    faults = [*known, *(fault for fault in found if _field(fault) not in unreadable)]
    if faults:
        raise BadInput("The webhook endpoint cannot be kept as it is", faults)


def _field(fault: Fault) -> str:
    return fault.path.partition("[")[0]
