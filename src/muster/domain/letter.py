"""What the e-mails of one mailing have in common."""

import msgspec


class Enclosure(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with a letter."""

    file_name: str
    content_type: str
    size: int
    """Octets."""
    key: str
    """Where its content stands in the file store (ports.files)."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail before it has a recipient: composed once, and spliced for each."""

    key: str
    """Names it for good: two letters with the same key are the same."""
    subject: str
    html: str
    """A fragment that goes into a document's body: sanitised, without scripts or forms."""
    text: str
    """The same for readers without HTML."""
    enclosures: tuple[Enclosure, ...] = ()
    sender_name: str = ""
    """In whose name it is sent; empty: as the channel says."""
    footer: str = ""
    """A sentence on why its reader got it, above the way to opt out."""
