"""One session with a mail server: letter after letter, and for each whether its final dot may have left.

With PIPELINING (RFC 2920) the commands of the next letter leave together with the end of the one before, so a letter
takes one round trip. Its content leaves only after 354, so there is never more than one letter whose fate is open.
A session whose answer to a final dot is overdue waits on for that answer alone, and takes no other letter.
"""

import asyncio
from collections import deque
from enum import Enum, auto
from typing import Protocol

import msgspec

from muster.channels.smtp import codes
from muster.channels.smtp.reply import MalformedReply, Reader, Reply
from muster.channels.smtp.shipment import Mail
from muster.domain.outcome import Carried, Deferred, Unknown

_SLICE = 64 * 1024
"""Octets written at a time: what a peer that does not read makes us keep."""
_CONTENT_LOST = Deferred("connection_lost", "The connection broke before the message was complete.")
_ANSWER_LOST = ("answer_lost", "The server did not answer in time.")
_CONTENT_SLOW = Deferred("too_slow", "The server did not read the message in time.")


class Stage(Enum):
    """What an answer answers."""

    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    VOID = auto()
    """A dot after no content, for no recipient."""
    RSET = auto()
    QUIT = auto()


_MAIL, _RCPT, _DATA, _DOT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT
_GROUP = (_RCPT, _DATA)


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """What the server said it can do."""

    pipelining: bool = False
    smtputf8: bool = False
    sized: bool = False
    """Whether it wants to know a message's size beforehand (RFC 1870)."""
    size: int | None = None
    """The most octets of a message; None for no limit that it names."""


class Post(Protocol):
    """What a session needs of the channel it belongs to."""

    def take(self, session: "Session") -> Mail | None:
        """The next letter, written out for this session; None when there is none that may leave now."""
        ...

    def put_back(self, mail: Mail, *, why: str) -> None:
        """Nothing of it left: give it to another session, or settle it as unsent."""
        ...

    def gone(self, mail: Mail) -> None:
        """Its outcome is settled."""
        ...

    def lost(self, session: "Session") -> None:
        """The session ended; what was under way is settled already."""
        ...

    def late(self, mail: Mail, reply: Reply) -> None:
        """Its final dot was answered after its outcome was told as unknown."""
        ...

    def stalled(self) -> None:
        """A session takes no letters until an answer comes that is overdue."""
        ...

    def count(self, name: str, amount: float = 1) -> None:
        """Count something for whoever watches."""
        ...


class Session(asyncio.Protocol):
    """An open session. `closed` ends when the connection is gone."""

    def __init__(self, post: Post, offers: Offers, *, most: int) -> None:
        """`most` is how many letters it takes before it ends by itself."""
        loop = asyncio.get_running_loop()
        self._post = post
        self._now = loop.time
        self._left = most
        self._transport: asyncio.Transport | None = None
        self._reader = Reader()
        self._expected: deque[Stage] = deque()
        self._since = loop.time()
        self._paused = False
        self._leaving = self._quitting = False
        self._stale = False
        """Whether the server still holds the sender of a letter that was refused."""
        self._refusal: tuple[Stage, Reply] | None = None
        self._content: deque[bytes | memoryview] = deque()
        self.offers = offers
        self.current: Mail | None = None
        """The letter whose commands are out, or whose content is leaving: its final dot has not been written."""
        self.awaited: Mail | None = None
        """The letter whose final dot may have reached the server."""
        self.late = False
        """Whether it only waits for an answer that is overdue."""
        self.closed: asyncio.Future[None] = loop.create_future()

    @property
    def idle(self) -> bool:
        """Whether it could begin a letter at once."""
        return not self._leaving and self.current is None and self.awaited is None and not self._expected

    # From asyncio.

    def take_over(self, transport: asyncio.Transport) -> None:
        """Speak on a connection where everything up to MAIL has been said."""
        self._transport = transport
        # Told to go on only when everything is out: then a dot that was kept back has not left.
        transport.set_write_buffer_limits(high=_SLICE, low=0)
        transport.set_protocol(self)

    def pause_writing(self) -> None:
        """The server reads too slowly."""
        self._paused = True

    def resume_writing(self) -> None:
        """The server caught up."""
        self._paused = False
        if self._content:
            self._push()
        else:
            self.pump()

    def data_received(self, data: bytes) -> None:
        """Act on every whole answer."""
        try:
            replies = self._reader.feed(data)
        except MalformedReply:
            self._post.count("smtp_malformed")
            self.abort()
            return
        if not replies:
            return
        self._since = self._now()
        for reply in replies:
            self._answered(reply)
        self.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """What became of the letter whose dot was written, nobody knows; the other one never left."""
        del exc
        self._leaving = True
        self._end("connection_lost", "The connection broke before the answer.")
        self._post.lost(self)
        if not self.closed.done():
            self.closed.set_result(None)

    # Out.

    def pump(self) -> None:
        """Begin the next letter, if there is one and the server may be told of it."""
        if self.current is not None or self._paused:
            return
        commands = self._commands()
        if commands:
            self._write(commands)

    def quit(self) -> None:
        """Say goodbye, after what is under way; the connection is closed when the server answers."""
        self._leaving = True
        if self.current is None and not self._expected and not self._quitting:
            self._quitting = True
            self._expected.append(Stage.QUIT)
            self._write(b"QUIT\r\n")

    def tick(self, *, give_up_after: float, wait_on_for: float, idle_after: float) -> None:
        """Called now and then: gives up on a server that is silent, leaves one that is not needed. Times are seconds.

        The answer to a final dot is waited for as long as `wait_on_for`.
        """
        silent = self._now() - self._since
        patience = wait_on_for if self.late else give_up_after
        if (self._expected or self._content) and silent >= patience:
            if self.awaited is not None and silent < wait_on_for:
                self._wait_on(self.awaited)
                return
            self._post.count("smtp_dead_peers")
            self._leaving = True
            self._end(*_ANSWER_LOST)
            self.abort()
        elif self.idle and silent >= idle_after:
            self.quit()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._leaving = True
        if self._transport is not None:
            self._transport.abort()

    def _commands(self) -> bytes:
        """The commands that begin the next letter, noted as expected; empty when there is none."""
        if self._leaving or self._left <= 0:
            self.quit()
            return b""
        if self._expected and not self.offers.pipelining:
            return b""
        if self.awaited is not None and self.awaited.settled:
            # Its time is over and its answer open: behind it another letter would be in doubt soon, too.
            return b""
        mail = self._post.take(self)
        if mail is None or mail.wire is None:
            return b""
        self.current, self._left, self._refusal, self._since = mail, self._left - 1, None, self._now()
        out = b"MAIL FROM:<%b>" % mail.returns_to
        if self.offers.sized:
            out += b" SIZE=%d" % mail.wire.size
        out += b" SMTPUTF8\r\n" if mail.mailbox.utf8 else b"\r\n"
        if self._stale:
            out, self._stale = b"RSET\r\n" + out, False
            self._expected.append(Stage.RSET)
        self._expected.append(_MAIL)
        if self.offers.pipelining:
            self._expected += _GROUP
            out += b"RCPT TO:<%b>\r\nDATA\r\n" % mail.mailbox.spelled
        return out

    def _push(self) -> None:
        """Write content as long as the server reads; with the last of it go the commands of the next letter."""
        content = self._content
        while content and not self._paused:
            mail = self.current
            if mail is None or mail.shipment.closed:
                content.clear()
                self._forsake()
                return
            piece = content.popleft()
            self._since = self._now()
            if not content:
                mail.leaves()
                self.awaited, self.current = mail, None
                self._expected.append(_DOT)
                piece = bytes(piece) + self._commands()
            self._write(piece)

    def _write(self, octets: bytes | memoryview) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    # In.

    def _answered(self, reply: Reply) -> None:
        if not self._expected:
            self._unasked(reply)
            return
        stage = self._expected.popleft()
        if stage is _MAIL or stage is _RCPT:
            # Felt: half of all answers are these two, and say nothing new.
            if reply.code != codes.DONE or not self.offers.pipelining:
                self._enveloped(stage, reply)
        elif stage is _DATA:
            self._invited(reply)
        elif stage is _DOT:
            self._taken(reply)
        elif stage is Stage.RSET and not reply.positive:
            self.abort()
        elif stage is Stage.QUIT and self._transport is not None:
            self._transport.close()

    def _enveloped(self, stage: Stage, reply: Reply) -> None:
        """MAIL or RCPT was answered."""
        mail = self.current
        if mail is None:
            return
        if not reply.positive:
            self._refusal = self._refusal or (stage, reply)
            self._stale = self._stale or stage is Stage.RCPT
            if not self.offers.pipelining:
                self._refused(mail)
        elif not self.offers.pipelining:
            last = stage is Stage.RCPT
            self._expected.append(Stage.DATA if last else Stage.RCPT)
            self._write(b"DATA\r\n" if last else b"RCPT TO:<%b>\r\n" % mail.mailbox.spelled)

    def _invited(self, reply: Reply) -> None:
        """DATA was answered: the only way to the content."""
        mail = self.current
        if mail is None:
            return
        if reply.code == codes.GO_AHEAD:
            if self._refusal is None and not mail.shipment.closed and mail.wire is not None:
                self._content = deque(_slices(mail.wire.pieces))
                self._push()
            elif self._refusal is not None and self._refusal[0] is Stage.RCPT:
                # The server wants content for nobody: RFC 2920, 3.1 has us end it at once.
                self._stale = False
                self._expected.append(Stage.VOID)
                self._write(b".\r\n")
                self._refused(mail)
            else:
                self._forsake()
            return
        self._stale = True
        self._refusal = self._refusal or (Stage.DATA, reply)
        self._refused(mail)

    def _forsake(self) -> None:
        """The server waits for content that must not come: only the end of the connection says so."""
        mail = self.current
        if mail is not None and self._refusal is not None:
            self._refused(mail)
        elif mail is not None:
            self.current = None
            self._post.gone(mail)
        self.abort()

    def _refused(self, mail: Mail) -> None:
        """The envelope was not taken; nothing of the content left."""
        self.current = None
        self._leaving = self._leaving or (self._refusal is not None and self._refusal[1].code == codes.CLOSING)
        self._part(mail, why="connection_lost")

    def _taken(self, reply: Reply) -> None:
        """The final dot was answered."""
        mail, self.awaited = self.awaited, None
        late, self.late = self.late, False
        if mail is None:
            return
        self._leaving = self._leaving or reply.code == codes.CLOSING
        if late and self._expected:
            # The commands of a letter that is no longer ours: only the end of the connection takes them back.
            self.abort()
        outcome = Carried((mail.ref,), presumed=True) if reply.positive else codes.failure(reply)
        if not mail.settle(outcome):
            self._post.late(mail, reply)
        self._post.gone(mail)

    def _wait_on(self, mail: Mail) -> None:
        """The answer to its final dot is overdue. When it comes it is told later; nothing else is begun till then."""
        self.late = True
        current, self.current = self.current, None
        mail.settle(Unknown(*_ANSWER_LOST, (mail.ref,)))
        if current is not None:
            self._part(current, why="answer_lost")
        self._post.stalled()

    def _unasked(self, reply: Reply) -> None:
        """A server that goes says 421; anything else nobody asked for makes every later answer doubtful."""
        self._leaving = True
        if reply.code != codes.CLOSING:
            self._post.count("smtp_malformed")
        if self._content and self.current is not None:
            mail, self.current = self.current, None
            self._content.clear()
            mail.settle(codes.failure(reply) if reply.code >= codes.BAD else _CONTENT_LOST)
            self._post.gone(mail)
        self.abort()

    def _end(self, code: str, detail: str) -> None:
        """The session is over for both letters."""
        awaited, current, began = self.awaited, self.current, bool(self._content)
        self.awaited = self.current = None
        self._content.clear()
        self._expected.clear()
        if awaited is not None:
            awaited.settle(Unknown(code, detail, (awaited.ref,)))
            self._post.gone(awaited)
        if current is not None and began:
            current.settle(_CONTENT_SLOW if code == "answer_lost" else _CONTENT_LOST)
            self._post.gone(current)
        elif current is not None:
            self._part(current, why=code)

    def _part(self, mail: Mail, *, why: str) -> None:
        """The session ended on a letter none of whose content left."""
        if self._refusal is None or self._refusal[1].code == codes.CLOSING:
            self._post.put_back(mail, why=why if self._refusal is None else "service_closing")
            return
        mail.settle(codes.failure(self._refusal[1], of_sender=self._refusal[0] is Stage.MAIL))
        self._post.gone(mail)


def _slices(pieces: tuple[bytes, ...]) -> list[bytes | memoryview]:
    """The pieces as they are written: joined where they are short, else cut without being copied.

    The last slice is never empty and holds the final dot.
    """
    if sum(map(len, pieces)) <= _SLICE:
        return [b"".join(pieces)]
    views = [memoryview(piece) for piece in pieces]
    return [view[at : at + _SLICE] for view in views for at in range(0, len(view), _SLICE)]
