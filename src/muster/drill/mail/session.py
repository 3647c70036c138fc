"""One client's connection to the simulated mail server."""

import asyncio
import base64
import binascii
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from muster.drill.mail.behaviours import PLAIN, Behaviour
from muster.drill.mail.options import MailOptions

_LONGEST_LINE = 4096
_END = b"\r\n.\r\n"


class Centre(Protocol):
    """What a session needs of the server."""

    options: MailOptions

    def behaviour(self, recipient: str) -> Behaviour:
        """What becomes of messages to `recipient`; one that fails first has failed once more now."""
        ...

    def note(self, session: "Session", answer: bytes, *, taken: bool, content: bytes = b"") -> None:
        """A message, or a refused recipient."""
        ...

    def flush(self) -> None:
        """Make durable what was taken, before it is answered."""
        ...

    def came(self, session: "Session") -> bytes:
        """A connection stands: how it is greeted."""
        ...

    def left(self, session: "Session") -> None:
        """The connection is gone."""
        ...

    @property
    def tls(self) -> ssl.SSLContext | None:
        """For STARTTLS."""
        ...


class Session(asyncio.Protocol):
    """Reads and answers, in order: an answer that takes its time keeps the next command waiting."""

    def __init__(self, centre: Centre, *, number: int) -> None:
        self._centre = centre
        self._options = centre.options
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._out: list[bytes] = []
        self._held = False
        self._content = False
        self._ending = False
        self._upgrade: asyncio.Task[None] | None = None
        self._asking: Callable[[bytes], bytes] | None = None
        self._messages = 0
        self._secure = centre.options.tls
        self._known = centre.options.username is None
        self._user = ""
        self.number = number
        self.sender: str | None = None
        self.recipient = ""
        self.behaviour = PLAIN

    # From asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        # uvloop's transports are no subclass of asyncio.Transport, so this cannot be checked.
        self._transport = cast("asyncio.Transport", transport)
        self._say(self._centre.came(self))
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget."""
        del exc
        self._ending = True
        self._centre.left(self)

    def data_received(self, data: bytes) -> None:
        """Act on all that is whole, make it durable, answer with one write."""
        self._rest = self._rest + data if self._rest else data
        self._go_on()

    def cut(self) -> None:
        """Close the connection without a word."""
        self._ending = True
        if self._transport is not None:
            self._transport.abort()

    # Inside.

    def _go_on(self) -> None:
        while not self._held and not self._ending:
            if not (self._message() if self._content else self._line()):
                break
        self._write()

    def _line(self) -> bool:
        """Act on one command; False when there is no whole one."""
        line, end, rest = self._rest.partition(b"\r\n")
        if len(line) > _LONGEST_LINE:
            self._say(b"500 5.5.2 Line too long")
            self.leave()
            return False
        if not end:
            return False
        self._rest = rest
        if self._asking is not None:
            asking, self._asking = self._asking, None
            self._say(asking(line))
            return True
        verb = line[:4].upper()
        if verb == b"MAIL":
            self._mail(line)
        elif verb == b"RCPT":
            self._rcpt(line)
        elif verb == b"DATA":
            self._data()
        else:
            self._other(verb, line)
        return True

    def _message(self) -> bool:
        """Act on a whole message; False when its end has not come."""
        behaviour = self.behaviour
        if behaviour.cuts_in_content and self._rest:
            self.cut()
            return False
        if self._rest.startswith(b".\r\n"):
            content, self._rest = b"", self._rest[3:]
        else:
            at = self._rest.find(_END)
            if at < 0:
                return False
            content, self._rest = self._rest[: at + 2], self._rest[at + len(_END) :]
        self._content = False
        self._messages += 1
        self._finish(behaviour, content)
        self.sender, self.recipient = None, ""
        return True

    def _finish(self, behaviour: Behaviour, content: bytes) -> None:
        """Take the message or not, and answer or not."""
        answer = behaviour.at_dot or b"250 2.0.0 Taken"
        if not self.recipient:
            answer = b"554 5.5.1 No valid recipients"
        elif 0 < self._options.size < len(content):
            answer = b"552 5.3.4 Too large"
        taken = answer[:1] == b"2" and behaviour.stores
        silent = behaviour.cuts_at_dot or not behaviour.answers
        if self.recipient:
            self._centre.note(self, b"" if silent else answer, taken=taken, content=content)
        if behaviour.cuts_at_dot:
            self._centre.flush()
            self.cut()
        elif not behaviour.answers:
            self._held = True
        else:
            after = self._options.slow_after if behaviour.slow else self._options.answer_after
            self._say(answer, after=after, dribbles=behaviour.dribbles)
            if behaviour.closes:
                self.leave()

    def _mail(self, line: bytes) -> None:
        limit = self._options.messages_per_connection
        if limit is not None and self._messages >= limit:
            self._say(b"421 4.7.0 Too many messages in this session")
            self.leave()
        elif self._options.starttls and not self._secure:
            self._say(b"530 5.7.0 Must issue a STARTTLS command first")
        elif not self._known:
            self._say(b"530 5.7.0 Authentication required")
        elif self.sender is not None:
            self._say(b"503 5.5.1 Nested MAIL command")
        else:
            self.sender, parameters = _path(line)
            size = next((int(one[5:]) for one in parameters if one.startswith("SIZE=") and one[5:].isdigit()), 0)
            if 0 < self._options.size < size:
                self.sender = None
                self._say(b"552 5.3.4 Too large")
            elif "SMTPUTF8" in parameters and not self._options.smtputf8:
                self.sender = None
                self._say(b"555 5.5.4 Unsupported option: SMTPUTF8")
            else:
                self._say(b"250 2.1.0 OK")

    def _rcpt(self, line: bytes) -> None:
        if self.sender is None:
            self._say(b"503 5.5.1 MAIL first")
            return
        recipient, _ = _path(line)
        behaviour = self._centre.behaviour(recipient)
        if behaviour.cuts_at_rcpt:
            self.cut()
        elif behaviour.at_rcpt:
            self.recipient = recipient
            self._centre.note(self, behaviour.at_rcpt, taken=False)
            self.recipient = ""
            self._say(behaviour.at_rcpt)
            if behaviour.closes:
                self.leave()
        else:
            self.recipient, self.behaviour = recipient, behaviour
            self._say(b"250 2.1.5 OK")

    def _data(self) -> None:
        if self.sender is None:
            self._say(b"503 5.5.1 MAIL first")
        elif not self.recipient:
            self._say(b"554 5.5.1 No valid recipients")
        else:
            self._content = True
            self._say(b"354 End with a dot")

    def _other(self, verb: bytes, line: bytes) -> None:
        match verb:
            case b"EHLO":
                self._say(b"\r\n".join(self._offers()))
            case b"HELO" | b"NOOP":
                self._say(b"250 OK")
            case b"RSET":
                self.sender, self.recipient = None, ""
                self._say(b"250 2.0.0 OK")
            case b"QUIT":
                self._say(b"221 2.0.0 Bye")
                self.leave()
            case b"AUTH":
                self._auth(line)
            case b"STAR" if self._options.starttls and not self._secure:
                self._start_tls()
            case _:
                self._say(b"502 5.5.2 Unknown command")

    def _offers(self) -> list[bytes]:
        options = self._options
        offers = [b"drill", b"8BITMIME", b"ENHANCEDSTATUSCODES"]
        offers += [b"PIPELINING"] if options.pipelining else []
        offers += [b"SMTPUTF8"] if options.smtputf8 else []
        offers += [b"SIZE %d" % options.size] if options.size else []
        offers += [b"STARTTLS"] if options.starttls and not self._secure else []
        offers += [b"AUTH PLAIN LOGIN"] if options.username is not None else []
        return [b"250-" + offer for offer in offers[:-1]] + [b"250 " + offers[-1]]

    def _auth(self, line: bytes) -> None:
        words = line.split(b" ")
        if words[1].upper() == b"PLAIN":
            if len(words) > 2:  # noqa: PLR2004 - the initial response
                self._say(self._plain(words[2]))
            else:
                self._asking = self._plain
                self._say(b"334 ")
        elif words[1].upper() == b"LOGIN":
            if len(words) > 2:  # noqa: PLR2004 - the initial response
                self._say(self._login_user(words[2]))
            else:
                self._asking = self._login_user
                self._say(b"334 VXNlcm5hbWU6")
        else:
            self._say(b"504 5.5.4 Unknown mechanism")

    def _plain(self, told: bytes) -> bytes:
        _, _, rest = _decoded(told).partition("\0")
        user, _, password = rest.partition("\0")
        return self._login(user, password)

    def _login_user(self, told: bytes) -> bytes:
        self._user = _decoded(told)
        self._asking = lambda told: self._login(self._user, _decoded(told))
        return b"334 UGFzc3dvcmQ6"

    def _login(self, user: str, password: str) -> bytes:
        self._known = (user, password) == (self._options.username, self._options.password)
        return b"235 2.7.0 Welcome" if self._known else b"535 5.7.8 Not so"

    def _start_tls(self) -> None:
        transport, context = self._transport, self._centre.tls
        if transport is None or context is None:
            return
        transport.pause_reading()
        self._held = True
        transport.write(b"220 2.0.0 Go ahead\r\n")
        self._upgrade = asyncio.create_task(self._upgraded(transport, context))

    async def _upgraded(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(transport, self, context, server_side=True)
        except OSError:
            self.cut()
            return
        self._transport, self._secure, self._held = secured, True, False
        self.sender, self.recipient = None, ""
        self._go_on()

    # Out.

    def _say(self, answer: bytes, *, after: float = 0.0, dribbles: bool = False) -> None:
        every = self._options.byte_by_byte if self._options.byte_by_byte is not None else (0.02 if dribbles else None)
        if after <= 0 and every is None:
            self._out.append(answer + b"\r\n")
            return
        self._write()
        self._held = True
        loop = asyncio.get_running_loop()
        pieces = [answer + b"\r\n"] if every is None else [bytes((one,)) for one in answer + b"\r\n"]
        loop.call_later(after, self._dribble, pieces, every or 0.0)

    def _dribble(self, pieces: list[bytes], every: float) -> None:
        """Write the next piece; after the last one go on."""
        self._out.append(pieces.pop(0))
        if pieces:
            self._write()
            asyncio.get_running_loop().call_later(every, self._dribble, pieces, every)
            return
        self._held = False
        self._go_on()

    def leave(self) -> None:
        """Close when everything is written."""
        self._ending = True

    def _write(self) -> None:
        self._centre.flush()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._out:
            transport.write(b"".join(self._out))
            self._out.clear()
        if self._ending and not self._held:
            transport.close()


def _path(line: bytes) -> tuple[str, list[str]]:
    """The address in angle brackets, and the parameters behind it."""
    _, _, rest = line.partition(b"<")
    path, _, parameters = rest.partition(b">")
    return path.decode("utf-8", "replace"), parameters.decode("ascii", "replace").upper().split()


def _decoded(told: bytes) -> str:
    try:
        return base64.b64decode(told, validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return ""
