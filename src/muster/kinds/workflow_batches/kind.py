"""The kind: an entry becomes a text message that opens with a memo and ends with a link."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from muster.domain.entry import QueuedEntry
from muster.domain.ids import EntryIds
from muster.domain.outcome import Refused
from muster.domain.parcel import Parcel
from muster.kinds.kind import BatchFacts
from muster.kinds.workflow_batches import definition, entries
from muster.kinds.workflow_batches.rules import digits, matches_phone

NAME = "workflow_batches"
DEFAULT_INTRODUCTION = "Please continue here:"
"""What precedes the link where neither template nor entry brings an introductory message."""
TOKEN_BYTES = 16
"""128 bits: nobody guesses a link."""


class WorkflowBatches:
    """Template-driven requests with a link."""

    @property
    def name(self) -> str:
        """How the store calls it."""
        return NAME

    def comparable(self, address: str) -> str:
        """The phone number in E.164 form; what is no phone number comes back as it is."""
        if matches_phone(address):
            return address if address[0] == "+" else f"+{address}"
        number = digits(address)
        if not matches_phone(number):
            return address
        return number if number[0] == "+" else f"+{number}"

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One message an entry, in order; Refused where what is stored of it cannot be read."""
        if batch.template is None:
            return [Refused("template_missing", "The batch names no template")] * len(entries)
        made_from = definition.read(batch.template.definition)
        introduction = str(made_from.presets().get("introductoryMessage") or DEFAULT_INTRODUCTION)
        names = _Names(EntryIds(batch.id), f"{batch.link_base}/", _Tokens(batch.link_key))
        return [self._parcel(entry, (made_from.memo, introduction), names) for entry in entries]

    def _parcel(self, entry: QueuedEntry, words: tuple[str, str], names: "_Names") -> Parcel | Refused:
        try:
            stored = entries.read(entry.payload)
        except msgspec.MsgspecError:
            return Refused("unreadable_entry", "What is stored of the entry cannot be read")
        memo = words[0] if stored.memo is None else stored.memo
        introduction = stored.parameters.get("introductoryMessage") or words[1]
        link = names.base + names.tokens.of(names.ids.octets(entry.position))
        text = " ".join(filter(None, (memo, str(introduction), link)))
        return Parcel(names.ids.spelled(entry.position), self.comparable(entry.address), text, repeat=entry.repeats > 0)


def link_token(link_key: bytes, entry: UUID) -> str:
    """The 22 characters that end an entry's link: derived, so that nothing has to be stored for it."""
    return _Tokens(link_key).of(entry.bytes)


class _Tokens:
    """Link tokens under one key, which is made ready once for all of them."""

    def __init__(self, link_key: bytes) -> None:
        self._keyed = hmac.new(link_key, digestmod="sha256")

    def of(self, entry: bytes) -> str:
        """The token of the entry with these 16 octets for an id."""
        mac = self._keyed.copy()
        mac.update(entry)
        return urlsafe_b64encode(mac.digest()[:TOKEN_BYTES]).rstrip(b"=").decode()


class _Names(NamedTuple):
    """What the ids and links of one batch's entries are made of."""

    ids: EntryIds
    base: str
    tokens: _Tokens
