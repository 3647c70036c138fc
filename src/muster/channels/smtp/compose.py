"""From a letter to the octets on the wire: the MIME is composed once for each letter, what differs is spliced in. Pure.

A body is five pieces: up to the end of the text, its way to opt out, up to the end of the HTML, its way to opt out, and
the rest with the files. Every piece that may follow another begins with CRLF, so lines and dots stay where they are.
"""

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

import msgspec

from muster.channels.smtp import header
from muster.channels.smtp.address import Mailbox
from muster.channels.smtp.dkim import Field, Signer
from muster.domain.letter import Enclosure, Letter
from muster.domain.parcel import Parcel

CRLF = b"\r\n"
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_CHARSET = re.compile(r";\s*charset=\"?([A-Za-z0-9_-]{1,40})\"?\s*(?:;|$)", re.IGNORECASE)
# At most 900 characters: List-Unsubscribe is one line, and a line may have 998.
_LINK = re.compile(r"https?://[!#-&(-;=?-\[\]-~]{1,890}")
_KEY = re.compile(r"[A-Za-z0-9-]{1,64}")
_HEAD = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n'
_TAIL = "</body></html>"
_DASHES = b"\r\n--=20"
_TEXT_WAY = b"\r\nUnsubscribe: =\r\n"
_PAGE_WAY = b'\r\n<p style=3D"font-size:smaller"><a href=3D"=\r\n'
_PAGE_WAY_ENDS = b'=\r\n">Unsubscribe</a></p>'


class Stationery(msgspec.Struct, frozen=True):
    """What all letters of a channel have in common."""

    sender: Mailbox
    sender_name: str
    signer: Signer | None = None


class Wire(msgspec.Struct, frozen=True):
    """One message, ready for DATA: dots doubled, the final dot included."""

    pieces: tuple[bytes, ...]
    size: int
    """Octets, the doubled dots and the final one not counted (RFC 1870)."""


class Composed:
    """A letter, composed."""

    def __init__(self, letter: Letter, contents: Sequence[bytes], stationery: Stationery) -> None:
        """`contents` are those of its enclosures, in order."""
        self._stationery = stationery
        self._domain = stationery.sender.domain.encode("ascii")
        self._footer = bool(letter.footer.strip())
        mark = "=_" + hashlib.sha256(letter.key.encode("utf-8", "replace")).hexdigest()[:24]
        kind, self._pieces = _body(letter, contents, mark)
        text, middle, rest = self._pieces
        # The blank line after the header, and the dot that ends it all, belong to every message.
        self._stuffed = (CRLF + _stuffed(text), _stuffed(middle), _stuffed(rest) + b".\r\n")
        self._size = sum(map(len, self._pieces))
        self._ahead = hashlib.sha256(self._pieces[0])
        self._whole = hashlib.sha256(b"".join(self._pieces)) if stationery.signer is not None else self._ahead
        name = letter.sender_name or stationery.sender_name
        shared: tuple[Field, ...] = (
            (b"from", header.address(name, stationery.sender.spelled, indent=6)),
            (b"subject", header.unstructured(letter.subject, indent=9)),
            (b"mime-version", b"1.0"),
            (b"content-type", kind),
        )
        self._shared = shared
        self._head = _written(shared) + b"Auto-Submitted: auto-generated\r\n"

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return sum(map(len, self._pieces)) + sum(map(len, self._stuffed))

    def addressed(self, parcel: Parcel, to: Mailbox, *, at: datetime) -> Wire | None:
        """The message for one recipient, dated `at`; None where its way to opt out is no link that can be shown."""
        link = parcel.opt_out
        if link and not _LINK.fullmatch(link):
            return None
        ways = _ways_out(link, footer=self._footer) if link else None
        shown = header.address(parcel.name, to.spelled, indent=4) if parcel.name else to.spelled
        seconds = int(at.timestamp())
        key = _token(parcel.key)
        head = _OWN % (shown, _date(seconds), key, parcel.attempt, self._domain)
        if ways is not None:
            head += _ONE_CLICK % link.encode("ascii")
        if self._stationery.signer is not None:
            head = self._signature(self._stationery.signer, head, ways, at=seconds) + head
        return self._wire(head + self._head, ways)

    def _signature(self, signer: Signer, own: bytes, ways: tuple[bytes, bytes] | None, *, at: int) -> bytes:
        """`own` are the headers of this message alone."""
        body = self._whole
        if ways is not None:
            body = self._ahead.copy()
            for piece in (ways[0], self._pieces[1], ways[1], self._pieces[2]):
                body.update(piece)
        return signer.sign((*self._shared, *_fields(own)), body, at=at)

    def _wire(self, head: bytes, ways: tuple[bytes, bytes] | None) -> Wire:
        text, middle, rest = self._stuffed
        size = len(head) + len(CRLF) + self._size
        if ways is None:
            return Wire((head, text, middle, rest), size)
        pieces = (head, text, _stuffed(ways[0]), middle, _stuffed(ways[1]), rest)
        return Wire(pieces, size + len(ways[0]) + len(ways[1]))


_OWN = b"To: %b\r\nDate: %b\r\nMessage-ID: <%b.%d@%b>\r\n"
_ONE_CLICK = b"List-Unsubscribe: <%b>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_FIELD = re.compile(rb"([A-Za-z-]+): ((?:[^\r]|\r\n )*)\r\n")
_NAMES = {
    b"from": b"From", b"subject": b"Subject", b"mime-version": b"MIME-Version", b"content-type": b"Content-Type",
}  # fmt: skip


def _fields(head: bytes) -> list[Field]:
    """The header fields that we wrote, as they are signed."""
    return [(name.lower(), value) for name, value in _FIELD.findall(head)]


def _written(fields: Sequence[Field]) -> bytes:
    return b"".join([_NAMES[name] + b": " + value + CRLF for name, value in fields])


@lru_cache(maxsize=16)
def _date(seconds: int) -> bytes:
    return format_datetime(datetime.fromtimestamp(seconds, UTC)).encode("ascii")


def _token(key: str) -> bytes:
    """The entry's id; anything else that could not stand in a Message-ID is spelled in hexadecimal."""
    return key.encode("ascii") if _KEY.fullmatch(key) else key.encode("utf-8", "replace").hex().encode()[:128]


def _ways_out(link: str, *, footer: bool) -> tuple[bytes, bytes]:
    """The way to opt out in the text and in the page. The link stands between soft line breaks, on lines of its own."""
    octets = link.encode("ascii")
    shown = binascii.b2a_qp(octets + CRLF)[:-2]
    in_page = binascii.b2a_qp(octets.replace(b"&", b"&amp;") + CRLF)[:-2] if b"&" in octets else shown
    return (_TEXT_WAY if footer else _DASHES + _TEXT_WAY) + shown, _PAGE_WAY + in_page + _PAGE_WAY_ENDS


def _body(letter: Letter, contents: Sequence[bytes], mark: str) -> tuple[bytes, tuple[bytes, bytes, bytes]]:
    """The Content-Type of the whole, and the three pieces that stand before, between and after the ways to opt out."""
    inner = mark.encode("ascii") + b"a"
    text, page = letter.text, _HEAD + letter.html
    if letter.footer.strip():
        text += f"\n-- \n{letter.footer}"
        page += f'\n<hr><p style="font-size:smaller">{html.escape(letter.footer)}</p>'
    first = b"--" + inner + CRLF + _part("text/plain") + _quoted(text)
    middle = CRLF + b"--" + inner + CRLF + _part("text/html") + _quoted(page)
    rest = CRLF + _quoted(_TAIL) + CRLF + b"--" + inner + b"--" + CRLF
    alternatives = b'multipart/alternative;\r\n boundary="' + inner + b'"'
    if not letter.enclosures:
        return alternatives, (first, middle, rest)
    outer = mark.encode("ascii") + b"m"
    first = b"--" + outer + CRLF + b"Content-Type: " + alternatives + CRLF + CRLF + first
    files = [
        CRLF + b"--" + outer + CRLF + _enclosed(enclosure) + _base64(content)
        for enclosure, content in zip(letter.enclosures, contents, strict=True)
    ]
    rest += b"".join(files) + CRLF + b"--" + outer + b"--" + CRLF
    return b'multipart/mixed;\r\n boundary="' + outer + b'"', (first, middle, rest)


def _part(kind: str) -> bytes:
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")


def _enclosed(enclosure: Enclosure) -> bytes:
    """The headers of a file. What cannot be sent as base64 (a message, several parts) is sent as mere octets."""
    found = _TYPE.match(enclosure.content_type.strip().lower())
    kind = found[0] if found is not None else "application/octet-stream"
    charset = _CHARSET.search(enclosure.content_type) if kind.startswith("text/") else None
    if charset is not None:
        kind += f"; charset={charset[1]}"
    disposition = b"attachment" + header.parameter("filename", enclosure.file_name)
    return (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: ".encode("ascii")
        + disposition + CRLF + CRLF
    )  # fmt: skip


def _quoted(text: str) -> bytes:
    """`text` quoted-printable, in lines of 76, without a line end of its own."""
    octets = _LINE_ENDS.sub("\r\n", text).encode("utf-8", "replace") + CRLF
    return binascii.b2a_qp(octets)[:-2]


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", CRLF)[:-2]


def _stuffed(piece: bytes) -> bytes:
    """With dots doubled that begin a line (RFC 5321, 4.5.2); the same object where there are none."""
    return piece.replace(b"\r\n.", b"\r\n..") if b"\r\n." in piece else piece
