"""Bodies of several parts: forms with files (multipart/form-data, RFC 7578), read as they arrive."""

import re
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from litestar.exceptions import HTTPException
from multipart import (  # type: ignore[import-untyped]  # it says nothing of types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from muster.domain.errors import MalformedBody
from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits, pieces

MEDIA_TYPE = "multipart/form-data"
LONGEST_HEADER = 2_048
"""Bytes of one line of a part's head."""
_SOUND_TYPE = re.compile(
    rf'{MEDIA_TYPE}\s*;(?:.*[;\s])?boundary=(?:"([^"]{{1,200}})"|([^\s;"]{{1,200}})).*', re.IGNORECASE
)
_UNNAMED_TYPE = "application/octet-stream"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a form."""

    name: str
    file_name: str | None
    """None where it is no file."""
    content_type: str
    """Type and subtype in small letters; empty where nothing was said of it and it is no file."""
    content: bytes


async def read_parts(call: Call, limits: Limits, *, most: int) -> Sequence[Part]:
    """The parts of a form, in order. Raises HTTPException 408 and 415, TooLarge, MalformedBody."""
    parser = _parser(call.headers.get("content-type", ""), most)
    if call.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(status_code=415, detail="The body must not be compressed")
    reading = _Reading(parser)
    async for piece in pieces(call, limits):
        # What comes after a fault is read all the same: else the client meets a broken pipe and not the answer.
        reading.take(piece)
    return reading.parts()


def fingerprint(parts: Sequence[Part]) -> bytes:
    """Equal for the same parts in the same order, whatever stood between them."""
    heads = (
        f"{part.name}\n{part.file_name}\n{part.content_type}\n".encode() + sha256(part.content).digest()
        for part in parts
    )
    return sha256(b"".join(sha256(head).digest() for head in heads)).digest()


def _parser(content_type: str, most: int) -> PushMultipartParser:
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise HTTPException(status_code=415, detail=f"The Content-Type must be {MEDIA_TYPE}")
    sound = _SOUND_TYPE.fullmatch(content_type.strip())
    if sound is None or not sound[0].isascii():
        raise MalformedBody("The Content-Type names no boundary that could stand between parts")
    return PushMultipartParser(sound[1] or sound[2], max_header_size=LONGEST_HEADER, max_segment_count=most)


class _Reading:
    """The parts as far as they have come."""

    def __init__(self, parser: PushMultipartParser) -> None:
        self._parser = parser
        self._parts: list[Part] = []
        self._head: MultipartSegment | None = None
        self._content: list[bytes] = []
        self._fault: str | None = None

    def take(self, piece: bytes) -> None:
        """Read on."""
        if self._fault is not None or not piece:
            return
        try:
            for event in self._parser.parse(piece):
                self._note(event)
        except MultipartError as error:
            self._fault = str(error.args[0])

    def parts(self) -> Sequence[Part]:
        """All of them. Raises MalformedBody."""
        if self._fault is None:
            try:
                self._parser.close()
            except MultipartError as error:
                self._fault = str(error.args[0])
        if self._fault is not None:
            raise MalformedBody(f"The body is not sound {MEDIA_TYPE}. {self._fault}.")
        return self._parts

    def _note(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, bytes):
            self._content.append(event)
        elif event is not None:
            self._head, self._content = event, []
        elif self._head is not None:
            head, is_file = self._head, self._head.filename is not None
            self._parts.append(
                Part(
                    name=head.name or "",
                    file_name=head.filename,
                    content_type=(head.content_type or "").lower() or (_UNNAMED_TYPE if is_file else ""),
                    content=b"".join(self._content),
                )
            )
            self._content = []
