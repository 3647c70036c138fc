"""Taking a message that came apart, whatever is in it, with bounded work. Pure."""

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import groupby, islice
from typing import Final

import msgspec

READ_BYTES: Final = 256 * 1024
"""How much of a message is read. What a report says stands before the message that it returns."""
_HEAD_BYTES: Final = 32 * 1024
_DEPTH: Final = 6
"""Parts within parts."""
_MOST_PARTS: Final = 64
_MOST_BLOCKS: Final = 100
_MOST_LINES: Final = 2_000
_LINE_CHARACTERS: Final = 4_000
_CHARSETS: Final = re.compile(
    r"utf-?(8|16)|us-ascii|iso-8859-\d{1,2}|(windows-|cp)125\d|koi8-[ru]|gb(2312|k|18030)|big5|shift_jis|euc-(jp|kr)"
    r"|iso-2022-jp"
)
"""Those that are decoded. Python knows others whose decoding takes time that grows with the square of the length."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part without parts of its own."""

    content_type: str
    """In lower case, `text/plain` where none is said."""
    headers: Message
    body: bytes
    """Without its transfer encoding; lines end in LF."""

    @property
    def text(self) -> str:
        """The body in characters; what its character set does not have is replaced."""
        charset = _parameter(self.headers, "charset").lower()
        return self.body.decode(charset if _CHARSETS.fullmatch(charset) else "latin-1", errors="replace")


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came: its own headers, and its parts in order, those within parts included."""

    headers: Message
    content_type: str
    parts: Sequence[Part]

    def first(self, *content_types: str) -> Part | None:
        """The first part of one of these types."""
        return next((part for part in self.parts if part.content_type in content_types), None)


def read_message(content: bytes) -> Incoming:
    """The message in `content`, of which the first READ_BYTES are looked at. Never raises."""
    headers, body = _opened(content[:READ_BYTES].replace(b"\r\n", b"\n"))
    return Incoming(
        headers=headers,
        content_type=headers.get_content_type(),
        parts=_leaves(headers, body),
    )


def read_fields(text: str) -> Iterator[Mapping[str, str]]:
    """The blocks of fields in `text`, as delivery-status and feedback reports have them; names in lower case.

    Of a field given twice the first counts; lines that continue a field are put behind it.
    """
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    blocks = (list(block) for said, block in groupby(lines, key=lambda line: bool(line.strip())) if said)
    for block in islice(blocks, _MOST_BLOCKS):
        yield _fields(block)


def _fields(lines: Sequence[str]) -> Mapping[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[0] in " \t":
            if name:
                fields[name] = f"{fields[name]} {line.strip()}"[:_LINE_CHARACTERS]
            continue
        before, colon, after = line[:_LINE_CHARACTERS].partition(":")
        name = before.strip().lower() if colon else ""
        if name in fields:
            name = ""
        elif name:
            fields[name] = after.strip()
    return fields


def header(headers: Message, name: str) -> str:
    """A header's value as plain text; empty where there is none."""
    # Malformed ones come as objects that are no strings.
    return str(headers.get(name, ""))


def _opened(content: bytes) -> tuple[Message, bytes]:
    """Headers and body; a message may have no headers at all, or nothing else."""
    if content.startswith(b"\n"):
        head, body = b"", content[1:]
    else:
        head, _, body = content.partition(b"\n\n")
    return BytesHeaderParser().parsebytes(head[:_HEAD_BYTES] + b"\n\n"), body


def _leaves(headers: Message, body: bytes) -> Sequence[Part]:
    found: list[Part] = []
    waiting = [(headers, body, 0)]
    while waiting and len(found) < _MOST_PARTS:
        headers, body, depth = waiting.pop()
        boundary = _boundary(headers)
        inner = _cut(body, boundary) if boundary and depth < _DEPTH else []
        if not inner:
            found.append(Part(content_type=headers.get_content_type(), headers=headers, body=_decoded(headers, body)))
        waiting += [(*_opened(section), depth + 1) for section in reversed(inner)]
    return found


def _boundary(headers: Message) -> bytes:
    """What its parts are divided by; empty for a message that has none."""
    if headers.get_content_maintype() != "multipart":
        return b""
    given = _parameter(headers, "boundary")
    return given.encode("ascii") if given.isascii() else b""


def _parameter(headers: Message, name: str) -> str:
    """A parameter of the content type; empty where there is none, or none that is plain text."""
    try:
        given = headers.get_param(name)
    except (LookupError, TypeError, ValueError):
        # The email package stumbles over parameters that contradict each other (RFC 2231).
        return ""
    return given if isinstance(given, str) else ""


def _cut(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the lines that are boundaries, up to the closing one."""
    sections: list[bytes] = []
    begin: int | None = None
    for line in re.finditer(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*$\n?", body, re.MULTILINE):
        if begin is not None:
            sections.append(body[begin : line.start()])
        begin = line.end()
        if line[1] or len(sections) == _MOST_PARTS:
            return sections
    # One that was cut off has no closing line.
    return sections if begin is None else [*sections, body[begin:]]


def _decoded(headers: Message, body: bytes) -> bytes:
    encoding = header(headers, "content-transfer-encoding").strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            # Cut off in the middle, or never base64: what is there may be read as it is.
            return body
    return body
