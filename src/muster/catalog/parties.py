"""Whom a tenant serves: its parties, their people, and the tokens they call with."""

from collections.abc import Callable, Sequence
from uuid import UUID

from muster.catalog.accounts import new_secret
from muster.catalog.keys import digest
from muster.domain.directory import Acting, Buyer, Group, Party, PartyKind, Person, Token, TokenState
from muster.domain.errors import NotAllowed, NotAuthenticated, NotFound
from muster.domain.ids import CategoryNumber, PartyNumber, PrincipalId, SubscriberNumber, TenantId, TokenNumber
from muster.domain.mark import Mark
from muster.domain.query import Query
from muster.domain.tenant import Principal, Role
from muster.ports.clock import Clock
from muster.ports.store.accounts import Credential, CredentialKind
from muster.ports.store.directory import Counter
from muster.ports.store.unit import Store, Transaction

MOST_CATEGORIES = 100_000
"""How many categories a new party is subscribed to."""


class PartyDesk:
    """Tells who calls and for whom, and keeps the parties. What is kept here is in the audit log."""

    def __init__(self, store: Store, clock: Clock, new_uuid: Callable[[], UUID]) -> None:
        self._store = store
        self._clock = clock
        self._new_uuid = new_uuid

    async def acting(self, who: Principal) -> Acting:
        """Which token and party a caller acts by. Raises NotAuthenticated for a token that is not active.

        A service account of the tenant's own acts for the party that operates; both are made when first needed.
        """
        async with self._store.glance() as tx:
            found = await _acting(tx, who)
        if found is None:
            found = await self._settle_in(who)
        if found.token.state is not TokenState.ACTIVE:
            raise NotAuthenticated("The access token is not active")
        return found

    async def add_party(self, tenant: TenantId, kind: PartyKind, name: str) -> Party:
        """A new party, which takes part in every category."""
        async with self._store.begin() as tx:
            number = PartyNumber(await tx.directory.next(tenant, Counter.PARTY))
            party = Party(number=number, kind=kind, name=name, marks=self._made())
            await self._keep(tx, tenant, party)
        return party

    async def put_party(self, tenant: TenantId, party: Party) -> None:
        """Keep the party under its own number, new or changed; it takes part in every category it did not yet know."""
        async with self._store.begin() as tx:
            await tx.directory.reserve(tenant, Counter.PARTY, party.number)
            await self._keep(tx, tenant, party)

    async def put_buyers(self, tenant: TenantId, buyers: Sequence[Buyer]) -> None:
        """Keep them under their own numbers, new or changed."""
        async with self._store.begin() as tx:
            await tx.directory.reserve(tenant, Counter.BUYER, _highest(buyers))
            await tx.directory.put_buyers(tenant, buyers)
            await self._note(tx, tenant, "buyer:put", subject=str(len(buyers)))

    async def put_people(self, tenant: TenantId, people: Sequence[Person]) -> None:
        """Keep them under their own numbers, new or changed."""
        async with self._store.begin() as tx:
            await tx.directory.reserve(tenant, Counter.PERSON, _highest(people))
            await tx.directory.put_people(tenant, people)
            await self._note(tx, tenant, "person:put", subject=str(len(people)))

    async def put_groups(self, tenant: TenantId, groups: Sequence[Group]) -> None:
        """Keep them under their own numbers, new or changed, with exactly their people and buyers."""
        async with self._store.begin() as tx:
            await tx.directory.reserve(tenant, Counter.GROUP, _highest(groups))
            await tx.directory.put_groups(tenant, groups)
            await self._note(tx, tenant, "group:put", subject=str(len(groups)))

    async def add_token(
        self,
        tenant: TenantId,
        party: PartyNumber,
        name: str,
        *,
        text: str | None = None,
        number: TokenNumber | None = None,
    ) -> str:
        """A new token of the party's: what its holder presents, to be shown once.

        `text` is that, where it is settled already; else 256 random bits. Raises NotFound when there is no such party,
        NameTaken when there is such a token or `text` already.
        """
        text = new_secret() if text is None else text
        now, principal = self._clock.now(), PrincipalId(self._new_uuid())
        async with self._store.begin() as tx:
            owner = await _party(tx, tenant, party)
            role = Role.MANAGER if owner.kind is PartyKind.OPERATIONS else Role.PARTY
            number = await _number(tx, tenant, number)
            await tx.accounts.add_principal(tenant, principal, name, role=role, at=now)
            credential = Credential(kind=CredentialKind.TOKEN, name=digest(text), principal=principal)
            await tx.accounts.add_credential(tenant, credential, at=now)
            token = Token(number=number, party=party, principal=principal, name=name, created_at=now)
            await tx.directory.add_token(tenant, token)
            await self._note(tx, tenant, "token:add", subject=str(number))
        return text

    async def move_token(self, tenant: TenantId, token: TokenNumber, state: TokenState) -> None:
        """Enable, disable or delete it. Raises NotFound, also for a deleted one: that is final."""
        async with self._store.begin() as tx:
            found = await tx.directory.tokens(tenant, [token])
            if not found or found[0].state is TokenState.DELETED:
                raise NotFound("There is no such token")
            await tx.directory.move_token(tenant, token, state)
            await self._note(tx, tenant, f"token:{state.value}", subject=str(token))

    async def _settle_in(self, who: Principal) -> Acting:
        """Give a service account of the tenant's own its token row, and the tenant its operating party."""
        if who.role is Role.PARTY:
            raise NotAuthenticated("The access token belongs to no party")
        tenant, now = who.tenant, self._clock.now()
        async with self._store.begin() as tx:
            # Taking the number first makes a second caller wait here, and find below what the first one made.
            number = TokenNumber(await tx.directory.next(tenant, Counter.TOKEN))
            if (found := await _acting(tx, who)) is not None:
                return found
            name = await tx.accounts.principal_name(tenant, who.id)
            party = await tx.directory.operating(tenant) or await self._operating(tx, tenant)
            token = Token(number=number, party=party.number, principal=who.id, name=name, created_at=now)
            await tx.directory.add_token(tenant, token)
            await self._note(tx, tenant, "token:add", subject=str(number))
        return Acting(who=who, token=token, party=party)

    async def _operating(self, tx: Transaction, tenant: TenantId) -> Party:
        number = PartyNumber(await tx.directory.next(tenant, Counter.PARTY))
        name = (await tx.accounts.get(tenant)).name
        party = Party(number=number, kind=PartyKind.OPERATIONS, name=name, marks=self._made())
        await self._keep(tx, tenant, party)
        return party

    async def _keep(self, tx: Transaction, tenant: TenantId, party: Party) -> None:
        await tx.directory.put_party(tenant, party)
        await _subscribe(tx, tenant, party.number, mark=Mark(at=self._clock.now()))
        await self._note(tx, tenant, "party:put", subject=str(party.number))

    def _made(self) -> dict[str, Mark]:
        mark = Mark(at=self._clock.now())
        return {"created": mark, "updated": mark}

    async def _note(self, tx: Transaction, tenant: TenantId, action: str, *, subject: str) -> None:
        await tx.outbox.audit(tenant, None, action, subject=subject, detail="", at=self._clock.now())


async def take_subscribers(tx: Transaction, tenant: TenantId) -> SubscriberNumber:
    """The first number for new subscribers; `take_more_subscribers` takes those that follow it.

    Whoever opens subscribers begins with this: until the transaction ends no other party or category is added, so that
    none of them misses the other.
    """
    return SubscriberNumber(await tx.directory.next(tenant, Counter.SUBSCRIBER))


async def take_more_subscribers(tx: Transaction, tenant: TenantId, count: int) -> None:
    """Take `count` numbers (none where it is not positive) behind those that this transaction took."""
    if count > 0:
        await tx.directory.next(tenant, Counter.SUBSCRIBER, count)


def marking(acting: Acting, clock: Clock) -> Mark:
    """The mark of what a caller does now."""
    return Mark(at=clock.now(), by=acting.token.number, of=acting.party.number)


def check_operates(acting: Acting) -> None:
    """Raises NotAllowed unless the caller acts for the party that operates, and may change things."""
    if acting.party.kind is not PartyKind.OPERATIONS:
        raise NotAllowed("Only the party that operates may do this")
    check_may_write(acting)


def check_may_write(acting: Acting) -> None:
    """Raises NotAllowed for a caller that may only read."""
    if not acting.who.may_write:
        raise NotAllowed("Your role may read, not change")


async def _acting(tx: Transaction, who: Principal) -> Acting | None:
    """Who calls for whom; None where a service account of the tenant's own has no token row yet."""
    token = await tx.directory.token_of(who.tenant, who.id)
    if token is None:
        return None
    return Acting(who=who, token=token, party=await _party(tx, who.tenant, token.party))


async def _party(tx: Transaction, tenant: TenantId, number: PartyNumber) -> Party:
    found = await tx.directory.parties(tenant, [number])
    if not found:
        raise NotFound("There is no such party")
    return found[0]


async def _number(tx: Transaction, tenant: TenantId, wanted: TokenNumber | None) -> TokenNumber:
    if wanted is None:
        return TokenNumber(await tx.directory.next(tenant, Counter.TOKEN))
    await tx.directory.reserve(tenant, Counter.TOKEN, wanted)
    return wanted


async def _subscribe(tx: Transaction, tenant: TenantId, party: PartyNumber, *, mark: Mark) -> None:
    """Let the party take part in every category."""
    first = await take_subscribers(tx, tenant)
    categories = await tx.categories.numbers(tenant, Query(), most=MOST_CATEGORIES)
    if not categories:
        return
    await take_more_subscribers(tx, tenant, len(categories) - 1)
    await tx.subscribers.open(
        tenant, first, parties=[party], categories=[CategoryNumber(one) for one in categories], mark=mark
    )


def _highest(rows: Sequence[Buyer] | Sequence[Person] | Sequence[Group]) -> int:
    return max((row.number for row in rows), default=0)
