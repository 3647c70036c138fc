"""What tests of the record store keep there."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from muster.domain.ids import PrincipalId, TenantId
from muster.domain.records.char_types import CATALOG_ITEM, DEAL, RecordRef
from muster.domain.records.date_rule import DateRule, Source, Spot
from muster.domain.records.record import EXPLICIT, Gone, Link, Record, Stamp
from muster.domain.records.trace import Deed, Trace
from muster.domain.tenant import Role
from muster.ports.store.records import Writing
from muster.ports.store.unit import Store

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
STAMP = Stamp(NOON, 1)


def a_ref(number: int, char_type: int = CATALOG_ITEM) -> RecordRef:
    return RecordRef(char_type, number)


def a_record(number: int, values: Mapping[str, object] | None = None, **fields: object) -> Record:
    """A catalog item; `fields` overrides any field."""
    given: dict[str, object] = {
        "ref": a_ref(number),
        "template": 1,
        "status": 1,
        "title": f"Feature {number}",
        "values": {} if values is None else values,
        "created": STAMP,
        "updated": STAMP,
        "moved": STAMP,
        **fields,
    }
    return Record(**given)  # type: ignore[arg-type]  # the builder's whole point is any field by name


def a_link(number: int, parent: RecordRef, child: RecordRef, *, kind: int = EXPLICIT, sequence: int = 0) -> Link:
    return Link(number=number, kind=kind, parent=parent, child=child, sequence=sequence, created=STAMP, updated=STAMP)


def a_rule(number: int, target: RecordRef, *sources: RecordRef, label: str = "end") -> DateRule:
    """A rule about `label` of a record; each source looks at `start` of another."""
    return DateRule(
        number=number,
        target=Spot(target, label),
        sources=tuple(
            Source(number=number * 100 + at, spot=Spot(ref, "start"), order=at) for at, ref in enumerate(sources)
        ),
    )


def a_trace(number: int, ref: RecordRef) -> Trace:
    return Trace(number=number, ref=ref, operation=number, deed=Deed.ADDED, title="Feature", template=1, stamp=STAMP)


def buried(what: Record | Link) -> Gone:
    return Gone(what=what, at=STAMP)


async def write(store: Store, tenant: TenantId, writing: Writing) -> None:
    async with store.begin() as tx:
        await tx.records.write(tenant, writing)


async def the_record(store: Store, tenant: TenantId, ref: RecordRef) -> Record | None:
    async with store.read() as tx:
        return (await tx.records.load(tenant, [ref])).records.get(ref)


async def a_principal(store: Store, tenant: TenantId, name: str = "robot") -> PrincipalId:
    principal = PrincipalId(uuid4())
    async with store.begin() as tx:
        await tx.accounts.add_principal(tenant, principal, name, role=Role.ADMIN, at=NOON)
    return principal


ITEM, DEAL_ONE = a_ref(1), a_ref(1, DEAL)
