"""The kind: an entry becomes a text message that opens with a memo and ends with a link."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from uuid import UUID

import msgspec

from muster.domain.entry import QueuedEntry
from muster.domain.ids import entry_id
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
        number = address if matches_phone(address) else digits(address)
        if not matches_phone(number):
            return address
        return number if number.startswith("+") else f"+{number}"

    def pack(self, batch: BatchFacts, entries: Sequence[QueuedEntry]) -> Sequence[Parcel | Refused]:
        """One message an entry, in order; Refused where what is stored of it cannot be read."""
        if batch.template is None:
            return [Refused("template_missing", "The batch names no template")] * len(entries)
        made_from = definition.read(batch.template.definition)
        introduction = str(made_from.presets().get("introductoryMessage") or DEFAULT_INTRODUCTION)
        return [self._parcel(batch, entry, (made_from.memo, introduction)) for entry in entries]

    def _parcel(self, batch: BatchFacts, entry: QueuedEntry, words: tuple[str, str]) -> Parcel | Refused:
        try:
            stored = entries.read(entry.payload)
        except msgspec.MsgspecError:
            return Refused("unreadable_entry", "What is stored of the entry cannot be read")
        memo = words[0] if stored.memo is None else stored.memo
        introduction = stored.parameters.get("introductoryMessage") or words[1]
        key = entry_id(batch.id, entry.position)
        link = f"{batch.link_base}/{link_token(batch.link_key, key)}"
        text = " ".join(str(part) for part in (memo, introduction, link) if part)
        return Parcel(str(key), self.comparable(entry.address), text, repeat=entry.repeats > 0)


def link_token(link_key: bytes, entry: UUID) -> str:
    """The 22 characters that end an entry's link: derived, so that nothing has to be stored for it."""
    return urlsafe_b64encode(hmac.digest(link_key, entry.bytes, "sha256")[:TOKEN_BYTES]).rstrip(b"=").decode()
