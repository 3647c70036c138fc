"""The only door for mailings: everything that is wrong is said at once, and all of one is kept or nothing."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from muster.domain.batch import BatchState
from muster.domain.category import CategoryState
from muster.domain.contact import Audience, Barred, Contact
from muster.domain.directory import Acting
from muster.domain.entry import EntryState, NewEntry
from muster.domain.errors import BadInput, MusterError, NotFound, Unavailable
from muster.domain.fault import Fault
from muster.domain.ids import (
    AttachmentNumber,
    BatchId,
    ContactNumber,
    MailingNumber,
    TenantId,
    message_number,
)
from muster.domain.letter import Enclosure
from muster.domain.mailing import Attachment
from muster.domain.mark import Mark
from muster.intake.audience import Found, Recipient, find
from muster.intake.keys import Claim, recall, take
from muster.intake.mailing_orders import Limits, Order, Upload, faults_of
from muster.intake.submit import Submit
from muster.kinds.notifications.entries import Stored, write
from muster.kinds.notifications.kind import NAME
from muster.ports.clock import Clock
from muster.ports.files import Files
from muster.ports.store.batches import NewBatch
from muster.ports.store.directory import Counter
from muster.ports.store.mailings import NewMailing
from muster.ports.store.unit import Store, Transaction

_LONGEST_TITLE: Final = 255
_DEFAULT: Final = Limits()
_REFUSED: Final = "One or more fields are not valid"
_UNKNOWN_CONTACT: Final = ContactNumber(0)


class Taken(msgspec.Struct, frozen=True):
    """The answer: durable, whatever happens next."""

    mailing: MailingNumber
    replayed: bool


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a mailing if it were dispatched now."""

    total: int
    """How many messages it would have."""
    barred: Mapping[Barred, int]
    """How many of them would not be sent, and why."""
    suppressed: int
    """How many others would not be sent, because their address must not be reached at all."""


class _Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A mailing whose order was found to be good."""

    acting: Acting
    order: Order
    found: Found
    id: BatchId
    at: datetime
    enclosures: Sequence[Enclosure] = ()

    @property
    def tenant(self) -> TenantId:
        return self.acting.who.tenant

    @property
    def mark(self) -> Mark:
        return Mark(self.at, self.acting.token.number, self.acting.party.number)

    @property
    def claim(self) -> Claim | None:
        return _claim(self.acting, self.order)


class MailingDesk:
    """Takes mailings in."""

    def __init__(
        self,
        store: Store,
        submit: Submit,
        files: Files,
        *,
        clock: Clock,
        new_uuid: Callable[[], UUID],
        limits: Limits = _DEFAULT,
    ) -> None:
        self._store = store
        self._submit = submit
        self._files = files
        self._clock = clock
        self._new_uuid = new_uuid
        self._limits = limits

    async def submit(self, acting: Acting, order: Order) -> Taken:
        """Keep the mailing, its batch, messages, attachments and the contacts nobody knew yet, all together.

        The same request again under the same idempotency key gets the same answer and makes nothing. Raises
        IdempotencyConflict, BadInput with every fault, Unavailable (the files); nothing is kept then.
        """
        at = self._clock.now()
        async with self._store.read() as tx:
            earlier = await _recall(tx, acting, order, now=at)
            if earlier is not None:
                return earlier
            found = await self._judge(tx, acting, order)
        draft = _Draft(acting=acting, order=order, found=found, id=BatchId(self._new_uuid()), at=at)
        batch = self._batch(draft)
        async with self._filed(draft) as filed:
            async with self._store.begin() as tx:
                taken = await self._keep(tx, filed, batch)
            if taken.replayed:
                await self._remove(filed.enclosures)
        if not taken.replayed:
            self._submit.count(batch)
        return taken

    async def rehearse(self, acting: Acting, order: Order) -> Forecast:
        """What would become of the mailing. Nothing is kept; attachments are judged, not filed. Raises BadInput."""
        tenant = acting.who.tenant
        async with self._store.read() as tx:
            found = await self._judge(tx, acting, order)
            # A contact that nobody knows yet may still be barred, by what holds for the whole party.
            numbers = [_UNKNOWN_CONTACT if one.contact is None else one.contact for one in found.recipients]
            audience = Audience(category=found.category, party=found.party, contacts=tuple(dict.fromkeys(numbers)))
            bars = await tx.contacts.barred(tenant, audience)
            listed = await tx.suppressions.among(tenant, [one.key for one in found.recipients])
        barred = dict.fromkeys(Barred, 0)
        suppressed = 0
        for number, one in zip(numbers, found.recipients, strict=True):
            bar = bars.barred.get(number)
            if bar is not None and not (bar is Barred.GONE and one.contact is None):
                barred[bar] += 1
            elif one.key in listed:
                suppressed += 1
        barred = {bar: count for bar, count in barred.items() if count}
        return Forecast(total=len(numbers), barred=barred, suppressed=suppressed)

    async def _judge(self, tx: Transaction, acting: Acting, order: Order) -> Found:
        """Whom the order is for. Raises BadInput with every fault there is."""
        faults = faults_of(order, self._limits)
        found = await find(tx, acting, order, faults=faults)
        if faults or found is None:
            raise BadInput(_REFUSED, faults)
        return found

    def _batch(self, draft: _Draft) -> NewBatch:
        total = len(draft.found.recipients)
        return NewBatch(
            id=draft.id,
            kind=NAME,
            # A list that nobody is on yet is nothing to wait for.
            state=BatchState.QUEUED if total else BatchState.COMPLETED,
            title=(draft.order.subject or "")[:_LONGEST_TITLE],
            total=total,
            counts={EntryState.ACCEPTED: total},
            channel=None,
            template=None,
            template_version=None,
            template_number=None,
            template_title="",
            idempotency_key=draft.order.idempotency_key or str(self._new_uuid()),
            created_by=draft.acting.who.id,
            created_at=draft.at,
        )

    @asynccontextmanager
    async def _filed(self, draft: _Draft) -> AsyncGenerator[_Draft]:
        """The draft with its files in the file store, from where they go again when it is not kept.

        Where it cannot be told whether it was kept, they stay: a file too many harms nobody, one that is missing does.
        """
        enclosures = [_enclosure(draft, number, upload) for number, upload in enumerate(draft.order.uploads, 1)]
        try:
            for enclosure, upload in zip(enclosures, draft.order.uploads, strict=True):
                await self._files.put(enclosure.key, upload.content)
            yield msgspec.structs.replace(draft, enclosures=enclosures)
        except Unavailable:
            raise
        except MusterError:
            await self._remove(enclosures)
            raise

    async def _remove(self, enclosures: Sequence[Enclosure]) -> None:
        if enclosures:
            with suppress(Unavailable):
                await self._files.remove([enclosure.key for enclosure in enclosures])

    async def _keep(self, tx: Transaction, draft: _Draft, batch: NewBatch) -> Taken:
        """All of the mailing, unless somebody was faster with its idempotency key."""
        tenant, at = draft.tenant, draft.at
        number = MailingNumber(await tx.directory.next(tenant, Counter.MAILING))
        if draft.claim is not None:
            answer = await take(tx, draft.claim, answer=str(number), now=at)
            if answer is not None:
                return Taken(MailingNumber(int(answer)), replayed=True)
        await _use(tx, draft)
        contacts = await _introduce(tx, draft)
        entries = [_entry(position, contact) for position, contact in enumerate(contacts)]
        if len(entries) != batch.total:
            batch = msgspec.structs.replace(batch, total=len(entries), counts={EntryState.ACCEPTED: len(entries)})
        kept = await self._submit.keep(tx, tenant, batch=batch, entries=entries, by=draft.acting.who.id)
        await tx.mailings.add(
            tenant,
            NewMailing(
                number=number,
                batch=kept,
                category=draft.found.category,
                party=draft.found.party,
                subject=draft.order.subject or "",
                body=draft.order.body or "",
                made_by=draft.acting.token.number,
                made_for=draft.acting.party.number,
                created_at=at,
            ),
            messages=[(message_number(number, position), one.number) for position, one in enumerate(contacts)],
            attachments=await _attachments(tx, draft, number),
        )
        await _note(tx, draft, "mailing:submit", subject=str(number))
        return Taken(number, replayed=False)


async def _use(tx: Transaction, draft: _Draft) -> None:
    """Note that the category is used. Raises BadInput when it was deleted or unpublished since it was looked at."""
    try:
        category = await tx.categories.use(draft.tenant, draft.found.category, at=draft.at)
    except NotFound:
        raise BadInput(_REFUSED, [Fault("category.id", "NOT_FOUND", "There is no such category")]) from None
    if category.state is not CategoryState.PUBLISHED:
        raise BadInput(_REFUSED, [Fault("category.id", "NOT_PUBLISHED", "is not published")])


async def _introduce(tx: Transaction, draft: _Draft) -> Sequence[Contact]:
    """The recipients in order, each once; those that nobody knew become contacts."""
    strangers = [one for one in draft.found.recipients if one.contact is None]
    made = await _make_contacts(tx, draft, strangers)
    known = draft.found.contacts
    every = (made[one.key] if one.contact is None else known[one.contact] for one in draft.found.recipients)
    return list({contact.number: contact for contact in every}.values())


async def _make_contacts(tx: Transaction, draft: _Draft, strangers: Sequence[Recipient]) -> Mapping[str, Contact]:
    """A contact for each, by key. Somebody else may have made some of them since they were looked for."""
    if not strangers:
        return {}
    first = await tx.directory.next(draft.tenant, Counter.CONTACT, len(strangers))
    marks = {"created": draft.mark, "updated": draft.mark}
    made = {
        one.key: Contact(number=ContactNumber(number), email=one.email, marks=marks)
        for number, one in enumerate(strangers, first)
    }
    taken = await tx.contacts.add(draft.tenant, list(made.items()))
    if taken:
        made.update(await tx.contacts.keyed(draft.tenant, taken))
    await _note(tx, draft, "contact:introduce", subject=str(len(strangers) - len(taken)))
    return made


async def _attachments(tx: Transaction, draft: _Draft, mailing: MailingNumber) -> Sequence[Attachment]:
    if not draft.enclosures:
        return ()
    first = await tx.directory.next(draft.tenant, Counter.ATTACHMENT, len(draft.enclosures))
    return [
        Attachment(number=AttachmentNumber(number), mailing=mailing, name=upload.name, enclosure=enclosure)
        for number, (upload, enclosure) in enumerate(zip(draft.order.uploads, draft.enclosures, strict=True), first)
    ]


async def _note(tx: Transaction, draft: _Draft, action: str, *, subject: str) -> None:
    await tx.outbox.audit(draft.tenant, draft.acting.who.id, action, subject=subject, detail=str(draft.id), at=draft.at)


async def _recall(tx: Transaction, acting: Acting, order: Order, *, now: datetime) -> Taken | None:
    claim = _claim(acting, order)
    answer = None if claim is None else await recall(tx, claim, now=now)
    return None if answer is None else Taken(MailingNumber(int(answer)), replayed=True)


def _claim(acting: Acting, order: Order) -> Claim | None:
    """What the order claims with its idempotency key. Each party has keys of its own."""
    if order.idempotency_key is None:
        return None
    scope = f"{NAME}/{acting.party.number}"
    return Claim(tenant=acting.who.tenant, scope=scope, key=order.idempotency_key, fingerprint=order.fingerprint)


def _entry(position: int, contact: Contact) -> NewEntry:
    return NewEntry(position, EntryState.ACCEPTED, contact.email, write(Stored(contact.number, contact.name or "")))


def _enclosure(draft: _Draft, number: int, upload: Upload) -> Enclosure:
    return Enclosure(
        file_name=upload.file_name,
        content_type=upload.content_type,
        size=len(upload.content),
        key=f"attachments/{draft.tenant}/{draft.id}/{number}",
    )
