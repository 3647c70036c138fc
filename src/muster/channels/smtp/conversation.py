"""One connection of a mail server that brings something back: aiosmtpd, with bounds of our own."""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final, Protocol, cast

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from muster.channels.smtp.incoming_parts import READ_BYTES

log = structlog.stdlib.get_logger(__name__)

_MOST_RECIPIENTS: Final = 100
_MOST_LINES: Final = 400_000
"""In one message. Many tiny lines take longer than the same octets in few."""
_BREATH: Final = 1_000
"""Lines after which others get their turn."""
_BUG: Final = "421 4.3.0 something is wrong here; send it again later"
_TOO_LARGE: Final = "552 5.3.4 the message is too large"
_TOO_MANY: Final = "452 4.5.3 too many recipients; send the rest later"


class Mailroom(Protocol):
    """What a conversation needs of the server that it belongs to."""

    def joined(self, conversation: "Conversation") -> None:
        """Somebody connected."""
        ...

    def left(self, conversation: "Conversation") -> None:
        """Somebody is gone."""
        ...

    def refusal(self, address: str) -> str | None:
        """Why no mail is taken for `address`; None when it is."""
        ...

    async def take(self, content: bytes, recipients: Sequence[str]) -> Sequence[str]:
        """Keep what a message says; the answer for each recipient, in order. `content` may be its beginning."""
        ...


class Full(asyncio.Protocol):
    """Turns somebody away because too many are there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so and close."""
        writing = cast("asyncio.WriteTransport", transport)
        writing.write(b"421 4.3.2 too many connections\r\n")
        writing.close()


class _Hooks:
    """What aiosmtpd asks while somebody speaks."""

    def __init__(self, room: Mailroom) -> None:
        self._room = room

    async def handle_RCPT(  # noqa: N802 - the library's own name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]
    ) -> str:
        """Take the recipient, or say why not."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return _TOO_MANY
        refusal = self._room.refusal(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 taken"


class Conversation(SMTP):
    """One connection that speaks SMTP.

    Of a message only the beginning is kept, as much as is read of it: its size then costs no memory.
    """

    # Real servers keep to 998; a report must not be lost over one that does not.
    line_length_limit = 64 << 10

    def __init__(
        self,
        room: Mailroom,
        *,
        hostname: str,
        size: int,
        patience: float,
        longest: float,
        tls: ssl.SSLContext | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(
            _Hooks(room),
            hostname=hostname,
            ident="ready",
            data_size_limit=size,
            enable_SMTPUTF8=True,
            timeout=patience,
            tls_context=tls,
            loop=loop,
        )
        self._room = room
        self._size = size
        self._end = loop.call_later(longest, self.cut)
        self._busy = False
        self._leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen, or go on under TLS."""
        self._room.joined(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Nobody waits for an answer any more."""
        self._end.cancel()
        self._room.left(self)
        super().connection_lost(error)

    def leave(self) -> None:
        """End: now, or once the message under way is answered."""
        self._leaving = True
        if not self._busy:
            self.close()

    def cut(self) -> None:
        """End at once."""
        if self.transport is not None:
            # Not asked for its class: those of uvloop are transports, and no subclass of asyncio's.
            cast("asyncio.Transport", self.transport).abort()

    def close(self) -> None:
        """Hang up, what was written first."""
        if self.transport is not None:
            self.transport.close()

    async def handle_exception(self, error: Exception) -> str:
        """Answer for a bug of ours: whatever was sent must be sent again."""
        log.error("mail_conversation_failed", error=type(error).__name__, exc_info=error)
        self.loop.call_soon(self.close)
        return _BUG

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - the library's own name
        """Take one message, and answer when what it says is durable."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 send RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        self._busy = True
        try:
            await self.push("354 end with <CRLF>.<CRLF>")
            await self._take(tuple(envelope.rcpt_tos))
        finally:
            self._busy = False
        self.envelope = self._create_envelope()
        if self._leaving:
            self.close()

    async def _take(self, recipients: Sequence[str]) -> None:
        content = await self._message()
        if content is None:
            answers: Sequence[str] = [_TOO_LARGE] * len(recipients)
        else:
            answers = await self._room.take(content, recipients)
        await self.push(self._together(answers))

    def _together(self, answers: Sequence[str]) -> str:
        """One answer for all: what some did not keep must come again."""
        return next((answer for answer in answers if not answer.startswith("2")), answers[0])

    async def _message(self) -> bytes | None:
        """The beginning of what is sent up to a lone dot; None when all of it is too large."""
        head = bytearray()
        size = lines = 0
        at_start = True
        while True:
            line, whole = await self._line()
            if at_start and whole and line == b".\r\n":
                return bytes(head) if size <= self._size and lines <= _MOST_LINES else None
            size += len(line)
            lines += 1
            if len(head) < READ_BYTES:
                head += line[1:] if at_start and line.startswith(b".") else line
            at_start = whole
            if size > 2 * self._size:
                # Nobody listens to whoever goes on after that.
                self._leaving = True
                return None
            if lines % _BREATH == 0:
                await asyncio.sleep(0)

    async def _line(self) -> tuple[bytes, bool]:
        """The next line, or a piece of one that is too long: False."""
        try:
            return await self._reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed), False


class LmtpConversation(LMTP, Conversation):
    """One connection that speaks LMTP: an answer for each recipient (RFC 2033)."""

    def _together(self, answers: Sequence[str]) -> str:
        return "\r\n".join(answers)
