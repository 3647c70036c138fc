"""What a mail server answers, read from the stream. Pure."""

import re

import msgspec

_MOST = 64 * 1024
"""Octets of one answer, all its lines together."""
_REMEMBERED = 16
_CODES = {str(code).encode(): code for code in range(200, 600)}
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")


class MalformedReply(Exception):
    """The server says what is no SMTP."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """One answer: its basic code, and the text of its last line."""

    code: int
    octets: bytes = b""

    @property
    def text(self) -> str:
        """For people."""
        return self.octets.decode("utf-8", "replace")

    @property
    def positive(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.code < 300  # noqa: PLR2004 - the class of codes

    @property
    def enhanced(self) -> tuple[int, int] | None:
        """Subject and detail of the enhanced status code (RFC 3463), without its class; None where it has none."""
        found = _ENHANCED.match(self.text)
        return (int(found[2]), int(found[3])) if found is not None else None


class Reader:
    """Cuts the stream into answers."""

    def __init__(self) -> None:
        self._rest = b""
        self._size = 0
        self._known: dict[bytes, Reply] = {}

    def feed(self, octets: bytes) -> list[Reply]:
        """The answers that are complete now. Raises MalformedReply."""
        if self._rest:
            octets = self._rest + octets
        lines = octets.split(b"\n")
        self._rest = lines.pop()
        found: list[Reply] = []
        for line in lines:
            known = self._known.get(line)
            if known is not None:
                found.append(known)
                self._size = 0
                continue
            code, mark = _CODES.get(line[:3]), line[3:4]
            if code is None or mark not in b" -\r":
                raise MalformedReply
            if mark == b"-":
                self._size += len(line)
            else:
                reply = Reply(code, line[4:].rstrip(b"\r"))
                found.append(reply)
                self._size = 0
                if len(self._known) < _REMEMBERED:
                    # Felt: of the four answers to a letter three are the same every time.
                    self._known[line] = reply
        if self._size + len(self._rest) > _MOST:
            raise MalformedReply
        return found
