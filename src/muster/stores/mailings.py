"""Mailings and their attachments."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.batch import BatchState
from muster.domain.errors import NotFound
from muster.domain.ids import (
    AttachmentNumber,
    BatchId,
    BatchNumber,
    CategoryNumber,
    ContactNumber,
    MailingNumber,
    MessageNumber,
    PartyNumber,
    TenantId,
    TokenNumber,
)
from muster.domain.letter import Enclosure
from muster.domain.mailing import Attachment, Mailing
from muster.domain.query import Query
from muster.ports.store.mailings import NewMailing
from muster.stores.bulk import insert_many
from muster.stores.directory_tables import categories, parties
from muster.stores.mailing_tables import attachments, mailings
from muster.stores.moments import micros, moment
from muster.stores.shelf_fields import CATEGORY_FIELDS, PARTY_FIELDS, under
from muster.stores.shelves import Collection, Column, Join, Listing, all_numbers, find_numbers, in_order, numbered
from muster.stores.tables import batches

_M = mailings.c
_ATTACHMENT_COLUMNS = ("number", "mailing", "name", "file_name", "content_type", "size", "key")

ATTACHMENTS = Collection(
    attachments,
    and_(attachments.c.tenant == _M.tenant, attachments.c.mailing == _M.number),
    {name: Column(attachments.c[name]) for name in ("number", "name", "file_name", "size", "content_type")},
)
"""The attachments of a mailing, and of each message of it."""
CATEGORY = Join(categories, and_(categories.c.tenant == _M.tenant, categories.c.number == _M.category))
PARTY = Join(parties, and_(parties.c.tenant == _M.tenant, parties.c.number == _M.party))
MAILING_FIELDS: Mapping[str, Column] = {
    **{name: Column(_M[name]) for name in ("subject", "body", "category", "party", "made_for")},
    "created": Column(_M.created_at, is_time=True),
    # Neither a mailing nor a message is ever edited.
    "revision": Column(literal(1, BigInteger())),
    **under("category", CATEGORY_FIELDS),
    **under("party", PARTY_FIELDS),
}
"""What a query may name of a mailing, and just so of each message of it."""
_BATCH = Join(batches, batches.c.number == _M.batch)
_LISTING = Listing(
    source=mailings,
    tenant=_M.tenant,
    number=_M.number,
    first=_M.created_at,
    fields={
        "number": Column(_M.number),
        "made_by": Column(_M.made_by),
        "state": Column(batches.c.state),
        "updated": Column(batches.c.updated_at, is_time=True),
        **MAILING_FIELDS,
    },
    joins=(_BATCH, CATEGORY, PARTY),
    collections={"attachments": ATTACHMENTS},
)
_SHOWN = (
    select(
        *_M,
        batches.c.id.label("batch_id"),
        batches.c.state,
        batches.c.updated_at.label("updated_at"),
        categories.c.name.label("category_name"),
        categories.c.opt_out_allowed,
        parties.c.name.label("party_name"),
    )
    .select_from(mailings.join(batches, _BATCH.on))
    .outerjoin(categories, and_(categories.c.tenant == _M.tenant, categories.c.number == _M.category))
    .outerjoin(parties, and_(parties.c.tenant == _M.tenant, parties.c.number == _M.party))
)


class MailingTable:
    """The mailings of a tenant; see ports.store.mailings."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        tenant: TenantId,
        mailing: NewMailing,
        *,
        messages: Sequence[tuple[MessageNumber, ContactNumber]],
        attachments: Sequence[Attachment],
    ) -> None:
        """Keep it, its messages, and what goes with them."""
        await self._connection.execute(
            insert(mailings).values(
                tenant=tenant,
                number=mailing.number,
                batch=mailing.batch,
                category=mailing.category,
                party=mailing.party,
                subject=mailing.subject,
                body=mailing.body,
                made_by=mailing.made_by,
                made_for=mailing.made_for,
                created_at=micros(mailing.created_at),
            )
        )
        await insert_many(
            self._connection,
            "messages",
            columns=("number", "contact", "position"),
            rows=[(number, contact, position) for position, (number, contact) in enumerate(messages)],
            same={"tenant": tenant, "batch": mailing.batch},
        )
        await insert_many(
            self._connection,
            "attachments",
            columns=_ATTACHMENT_COLUMNS,
            rows=[_attachment_row(one) for one in attachments],
            same={"tenant": tenant},
        )

    async def of_batch(self, tenant: TenantId, batch: BatchNumber) -> Mailing | None:
        """The mailing that the batch carries."""
        found = await self._load(tenant, _M.batch == batch)
        return found[0] if found else None

    async def attachment(self, tenant: TenantId, mailing: MailingNumber, attachment: AttachmentNumber) -> Attachment:
        """One of the mailing's; raises NotFound."""
        table = attachments.c
        which = and_(table.tenant == tenant, table.mailing == mailing, table.number == attachment)
        row = (await self._connection.execute(select(attachments).where(which))).one_or_none()
        if row is None:
            raise NotFound("no such attachment")
        return _attachment(row)

    async def find(self, tenant: TenantId, query: Query) -> tuple[int, Sequence[Mailing]]:
        """How many match, and the part asked for, in order."""
        total, numbers = await find_numbers(self._connection, _LISTING, tenant, query)
        return total, in_order({m.number: m for m in await self.several(tenant, numbers)}, numbers)

    async def numbers(self, tenant: TenantId, query: Query, *, most: int) -> Sequence[int]:
        """The numbers of all that match, in order."""
        return await all_numbers(self._connection, _LISTING, tenant, query, most=most)

    async def several(self, tenant: TenantId, numbers: Sequence[int]) -> Sequence[Mailing]:
        """Those of `numbers` that there are."""
        if not numbers:
            return []
        return await self._load(tenant, numbered(self._connection, _M.number, numbers))

    async def get(self, tenant: TenantId, number: int) -> Mailing:
        """The one with this number; raises NotFound."""
        found = await self.several(tenant, [number])
        if not found:
            raise NotFound("no such mailing")
        return found[0]

    async def _load(self, tenant: TenantId, which: ColumnElement[bool]) -> Sequence[Mailing]:
        rows = (await self._connection.execute(_SHOWN.where(_M.tenant == tenant, which))).all()
        files = await self._attachments(tenant, [row.number for row in rows])
        return [_mailing(row, files.get(row.number, ())) for row in rows]

    async def _attachments(self, tenant: TenantId, of: Sequence[int]) -> Mapping[int, tuple[Attachment, ...]]:
        """The attachments of each of these mailings that has any."""
        table = attachments.c
        statement = (
            select(attachments)
            .where(table.tenant == tenant, numbered(self._connection, table.mailing, of))
            .order_by(table.number)
        )
        found: dict[int, tuple[Attachment, ...]] = {}
        for row in await self._connection.execute(statement):
            found[row.mailing] = (*found.get(row.mailing, ()), _attachment(row))
        return found


def _attachment_row(attachment: Attachment) -> tuple[object, ...]:
    file = attachment.enclosure
    return (
        attachment.number,
        attachment.mailing,
        attachment.name,
        file.file_name,
        file.content_type,
        file.size,
        file.key,
    )


def _attachment(row: Any) -> Attachment:
    return Attachment(
        number=AttachmentNumber(row.number),
        mailing=MailingNumber(row.mailing),
        name=row.name,
        enclosure=Enclosure(file_name=row.file_name, content_type=row.content_type, size=row.size, key=row.key),
    )


def _mailing(row: Any, files: tuple[Attachment, ...]) -> Mailing:
    return Mailing(
        number=MailingNumber(row.number),
        batch=BatchNumber(row.batch),
        batch_id=BatchId(row.batch_id),
        state=BatchState(row.state),
        category=CategoryNumber(row.category),
        party=PartyNumber(row.party),
        category_name=row.category_name or "",
        opt_out_allowed=bool(row.opt_out_allowed),
        party_name=row.party_name or "",
        subject=row.subject,
        body=row.body,
        made_by=None if row.made_by is None else TokenNumber(row.made_by),
        made_for=None if row.made_for is None else PartyNumber(row.made_for),
        created_at=moment(row.created_at),
        updated_at=row.updated_at,
        attachments=files,
    )
