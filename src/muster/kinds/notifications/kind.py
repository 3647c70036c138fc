"""The kind: an entry is one contact's copy of a mailing, an e-mail that may be opted out of."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from muster.domain.batch import BatchState
from muster.domain.contact import Audience
from muster.domain.entry import QueuedEntry
from muster.domain.ids import ContactNumber, EntryIds
from muster.domain.letter import Letter
from muster.domain.mailing import Mailing
from muster.domain.outcome import Refused
from muster.domain.parcel import Medium, Parcel
from muster.domain.workflow import NewWorkflow, WorkflowRef
from muster.kinds import addresses
from muster.kinds.kind import BatchFacts
from muster.kinds.notifications import entries as payloads
from muster.kinds.notifications.letters import letter_of
from muster.kinds.notifications.opt_out import Tokens, Wish

__all__ = ["NAME", "Notifications"]

NAME = "notifications"
NOBODY = ContactNumber(0)
"""Stands in an audience for a contact that cannot be read: there is none with this number."""
_LETTERS = 8
"""Mailings whose letter is kept at hand: as many as are likely under way at once."""


class Notifications:
    """E-mails to contacts. One instance serves all batches: it keeps the letters of the last few."""

    def __init__(self) -> None:
        # Asked for with each window; sanitising a long body takes as long as sending a window of short ones.
        self._letter = lru_cache(_LETTERS)(letter_of)

    @property
    def name(self) -> str:
        """How the store calls it."""
        return NAME

    @property
    def medium(self) -> Medium:
        """E-mails."""
        return Medium.LETTER

    @property
    def opens_workflows(self) -> bool:
        """None does."""
        return False

    @property
    def stands_alone(self) -> bool:
        """There are no workflows."""
        return False

    def comparable(self, address: str) -> str:
        """The e-mail address without letter case."""
        return addresses.comparable(address)

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One letter an entry, the same one for all; Refused where what is stored of it cannot be read."""
        if batch.mailing is None:
            return [Refused("mailing_missing", "The batch carries no mailing")] * len(entries)
        letter = self._letter(_timeless(batch.mailing))
        if letter is None:
            return [Refused("body_tangled", "Too many elements of the body are open in each other")] * len(entries)
        packing = _Packing(batch, batch.mailing, letter)
        return [packing.parcel(entry) for entry in entries]

    def audience(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Audience | None:
        """The contacts, with the category and the party of the mailing. None for a batch without one."""
        if batch.mailing is None:
            return None
        contacts = tuple(_contact(entry) for entry in entries)
        return Audience(category=batch.mailing.category, party=batch.mailing.party, contacts=contacts)

    def openings(self, batch: BatchFacts, entries: Sequence[QueuedEntry], *, at: datetime) -> Sequence[NewWorkflow]:
        """None."""
        _ = batch, entries, at
        return ()

    def speaks_of(self, batch: BatchFacts, entry: QueuedEntry) -> WorkflowRef | None:
        """Of none."""
        _ = batch, entry
        return None


class _Packing:
    """What the parcels of one batch share."""

    def __init__(self, batch: BatchFacts, mailing: Mailing, letter: Letter) -> None:
        self._letter = letter
        self._ids = EntryIds(batch.id)
        self._tenant = batch.tenant
        self._category = mailing.category
        self._base = f"{batch.opt_out_base}/" if batch.opt_out_base and mailing.opt_out_allowed else ""
        self._tokens = Tokens(batch.link_key)

    def parcel(self, entry: QueuedEntry) -> Parcel | Refused:
        try:
            stored = payloads.read(entry.payload)
        except msgspec.MsgspecError:
            return Refused("unreadable_entry", "What is stored of the entry cannot be read")
        opt_out = ""
        if self._base:
            opt_out = self._base + self._tokens.of(Wish(self._tenant, stored.contact, self._category))
        return Parcel(
            self._ids.spelled(entry.position),
            entry.address,
            "",
            repeat=entry.repeats > 0,
            attempt=entry.attempts + 1,
            name=stored.name,
            letter=self._letter,
            opt_out=opt_out,
        )


def _contact(entry: QueuedEntry) -> ContactNumber:
    try:
        return payloads.read(entry.payload).contact
    except msgspec.MsgspecError:
        return NOBODY


def _timeless(mailing: Mailing) -> Mailing:
    """`mailing` without what changes as its batch goes on, so that its letter is found again."""
    return msgspec.structs.replace(mailing, state=BatchState.RUNNING, updated_at=mailing.created_at)
