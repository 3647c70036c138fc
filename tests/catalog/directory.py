"""A tenant with three parties, for the tests of what is prepared."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

import msgspec

from muster.catalog.accounts import Accounts, NewAccount
from muster.catalog.keys import Keys
from muster.catalog.parties import PartyDesk
from muster.domain.directory import Acting, PartyKind
from muster.domain.errors import BadInput
from muster.domain.ids import TenantId
from muster.domain.query import Query
from muster.domain.subscriber import Subscriber
from muster.domain.tenant import Principal, Role
from muster.ports.store.directory import Counter
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock


class Town(NamedTuple):
    """One tenant, and who acts in it."""

    store: SqlStore
    tenant: TenantId
    operator: Acting
    vendor: Acting
    client: Acting

    async def subscribers(self) -> Sequence[Subscriber]:
        """All of them."""
        async with self.store.read() as tx:
            return (await tx.subscribers.find(self.tenant, Query(limit=1000)))[1]

    async def noted(self) -> Sequence[str]:
        """What stands in the audit log, oldest first."""
        async with self.store.writer.connect() as connection:
            rows = await connection.exec_driver_sql("SELECT action FROM audit ORDER BY id")
            return rows.scalars().all()

    async def take(self, counter: Counter) -> int:
        """The next number."""
        async with self.store.begin() as tx:
            return await tx.directory.next(self.tenant, counter)


def a_desk(store: SqlStore, clock: FakeClock) -> PartyDesk:
    return PartyDesk(store, clock, uuid4)


async def an_account(store: SqlStore, clock: FakeClock, name: str = "Acme") -> NewAccount:
    return await Accounts(store, clock, uuid4, seal=lambda secret: secret).add(name)


def who(account: NewAccount, role: Role = Role.OWNER) -> Principal:
    return Principal(id=account.principal, tenant=account.tenant, role=role)


async def believed(store: SqlStore, clock: FakeClock, token: str) -> Principal:
    """Who holds the token, asked anew."""
    return await Keys(store, clock, lambda: "").authenticate(token)


async def a_town(store: SqlStore, clock: FakeClock) -> Town:
    """A tenant with an operating party, a vendor and a client."""
    account, desk = await an_account(store, clock), a_desk(store, clock)
    operator = await desk.acting(who(account))
    others: list[Acting] = []
    for kind in (PartyKind.VENDOR, PartyKind.CLIENT):
        party = await desk.add_party(account.tenant, kind, f"The {kind}")
        token = await desk.add_token(account.tenant, party.number, f"{kind} token")
        others.append(await desk.acting(await believed(store, clock, token)))
    return Town(store, account.tenant, operator, *others)


def reading_only(acting: Acting) -> Acting:
    """The same caller with a role that may only read."""
    return msgspec.structs.replace(acting, who=msgspec.structs.replace(acting.who, role=Role.VIEWER))


def faults_of(refusal: BadInput) -> dict[str, str]:
    """The codes by their paths."""
    return {fault.path: fault.code for fault in refusal.faults}
