"""A record store with a small blueprint, and somebody at its desk."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from muster.domain.ids import TenantId
from muster.domain.records.blueprint import Ban, Blueprint, Party
from muster.domain.records.char_types import CATALOG_ITEM, CONTACT, DEAL, RIGHT, TABLE, RecordRef
from muster.domain.records.operation import Create, Draft, Operation, Relate, Result
from muster.domain.records.process import Action, Process, Status
from muster.domain.records.record import Record
from muster.domain.records.template import DataType, Field, Option, Pairing, PickList, Template
from muster.domain.records.trace import Trace
from muster.domain.tenant import Role
from muster.ports.store.records import TraceFilter
from muster.ports.store.unit import Store
from muster.records.desk import RecordDesk
from muster.records.work.performing import Performed
from muster.records.work.scene import Acting
from tests.fakes.clock import FakeClock

OPEN, LOCKED, KEPT = 1, 2, 3
"""Statuses: one to work in, one that is locked, one that cannot be deleted."""
PROCESS = Process(
    id=4,
    name="Titles",
    statuses=(
        Status(id=OPEN, name="Open", actions=(2, 3)),
        Status(id=LOCKED, name="Locked", locked=True, actions=(1,)),
        Status(id=KEPT, name="Kept", deletable=False, actions=(1,)),
    ),
    actions=(
        Action(id=1, name="Open", initial=True, status=OPEN),
        Action(id=2, name="Lock", status=LOCKED),
        Action(id=3, name="Keep", status=KEPT),
    ),
)
FILM = Template(
    char_type=CATALOG_ITEM,
    id=1,
    name="Feature",
    process=4,
    fields=(
        Field(label="release_year", name="Release year", data_type=DataType.YEAR),
        Field(label="notes", name="Notes", multiple=True),
        Field(label="genre", name="Genre", pick_list=1, multiple=True),
        Field(label="code", name="Code", max_length=8),
        Field(label="premiere", name="Premiere", data_type=DataType.DATE),
        Field(label="budget", name="Budget", data_type=DataType.MONEY),
        Field(label="pin", name="PIN", data_type=DataType.PASSWORD),
        Field(label="source", name="Source", editable=False),
    ),
)
PERSON = Template(
    char_type=CONTACT,
    id=1,
    name="Person",
    process=4,
    fields=(Field(label="last_name", name="Last name", required=True), Field(label="first_name", name="First name")),
)
LICENSE = Template(
    char_type=DEAL,
    id=12,
    name="License",
    process=4,
    children=(Pairing(char_type=RIGHT, template=1), Pairing(char_type=TABLE, template=30)),
)
RIGHTS = Template(char_type=RIGHT, id=1, name="Rights In", process=4, fields=(Field(label="territory", name="Place"),))
ROW = Template(char_type=TABLE, id=30, name="Allocation", process=4)
BLUEPRINT = Blueprint(
    version=1,
    templates=(FILM, PERSON, LICENSE, RIGHTS, ROW),
    processes=(PROCESS,),
    lists=(PickList(id=1, guid="g", name="Genre", options=(Option(id=1, label="Drama"), Option(id=2, label="War"))),),
    parties=(Party(id=2, name="Contracting Party"),),
    bans=(Ban(char_type=CATALOG_ITEM, roles=(Role.CLERK,)),),
)
TEMPLATES = {CATALOG_ITEM: 1, CONTACT: 1, DEAL: 12, RIGHT: 1, TABLE: 30}


class House:
    """One tenant's record store."""

    def __init__(self, store: Store, clock: FakeClock, tenant: TenantId) -> None:
        self.store = store
        self.clock = clock
        self.tenant = tenant
        self.desk = RecordDesk(store, clock)
        self.acting = Acting(tenant=tenant, user=7, role=Role.OWNER)

    def as_(self, role: Role) -> Acting:
        """Somebody with another role."""
        return msgspec.structs.replace(self.acting, role=role)

    async def do(self, *operations: Operation, whole: bool = False, acting: Acting | None = None) -> Sequence[Result]:
        """What comes of a batch of operations."""
        return (await self.perform(operations, whole=whole, acting=acting)).results

    async def perform(
        self, operations: Sequence[Operation], *, whole: bool = False, acting: Acting | None = None
    ) -> Performed:
        """Perform a batch of operations."""
        async with self.store.begin() as tx:
            return await self.desk.apply(tx, acting or self.acting, operations, whole=whole, at=self.clock.now())

    async def have(self, char_type: int, title: str = "T", **values: object) -> RecordRef:
        """A record of the template that the char type has here."""
        if char_type == CONTACT:
            values.setdefault("last_name", "Doe")
        (result,) = await self.do(create(char_type, title, **values))
        assert result.denial is None, result
        return RecordRef(char_type, result.number)

    async def link(self, parent: RecordRef, child: RecordRef, kind: int = 0) -> int:
        """A relationship."""
        (result,) = await self.do(Relate(group=0, parent=parent, child=child, kind=kind))
        assert result.denial is None, result
        return result.number

    async def get(self, ref: RecordRef) -> Record | None:
        """The record as it is stored."""
        async with self.store.read() as tx:
            return (await tx.records.load(self.tenant, [ref])).records.get(ref)

    async def traces(self, ref: RecordRef) -> Sequence[Trace]:
        """The audit history of a record, oldest first."""
        async with self.store.read() as tx:
            where = TraceFilter(with_workflow=True)
            _, rows = await tx.records.traces(self.tenant, ref, where, offset=0, limit=1000)
        return sorted(rows, key=lambda row: row.number)

    async def told(self, since: datetime | None = None) -> Sequence[tuple[str, dict[str, object]]]:
        """Every event: its type and its body."""
        async with self.store.read() as tx:
            events = await tx.outbox.between(
                self.tenant, since=since or datetime(2000, 1, 1, tzinfo=self.clock.now().tzinfo),
                until=datetime(2100, 1, 1, tzinfo=self.clock.now().tzinfo), limit=1000,
            )  # fmt: skip
        return [(event.type.value, json.loads(event.body)) for event in events]


def create(char_type: int, title: str | None = "T", **values: object) -> Create:
    """Make a record."""
    return Create(group=char_type, draft=Draft(title=title, template=TEMPLATES[char_type], values=values))


async def open_house(store: Store, clock: FakeClock) -> House:
    """A house with the blueprint in force."""
    async with store.begin() as tx:
        tenant = await tx.accounts.across_tenants_add(account_id=uuid4(), name=uuid4().hex, at=clock.now())
        assert await tx.record_settings.put_blueprint(tenant, BLUEPRINT, replaces=0)
    return House(store, clock, tenant)
