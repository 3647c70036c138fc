"""The simulated mail server: sessions, fates, what arrived."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import msgspec

from muster.drill.mail.arrivals import Arrival, Arrivals, message_id_of
from muster.drill.mail.behaviours import BY_NAME, PLAIN, Behaviour, behaviour_of
from muster.drill.mail.certificate import certificate
from muster.drill.mail.options import MailOptions
from muster.drill.mail.session import Session


class _Now:
    """The time by the system's clock: certificates have to fit it."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class MailServer:
    """Use it as an async context manager: `async with MailServer(MailOptions()) as server: … server.port …`."""

    def __init__(self, options: MailOptions | None = None) -> None:
        self.options = options or MailOptions()
        self._arrivals = Arrivals(self.options.log, keep=self.options.keep, folder=self.options.folder)
        self._server: asyncio.Server | None = None
        self._failed: Counter[str] = Counter()
        self._connections = 0
        self._tls: ssl.SSLContext | None = None
        self.certificate = ""
        """Whom to trust, as PEM text; empty without TLS."""
        if self.options.tls or self.options.starttls:
            self._tls, self.certificate = certificate(_Now())
        self.sessions: list[Session] = []
        """The connections that stand, in the order they came."""
        self.connections = 0
        """How many came so far."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        tls = self._tls if self.options.tls else None
        self._server = await loop.create_server(self._session, self.options.host, self.options.port, ssl=tls)

    async def stop(self) -> None:
        """Cut every connection and listen no more."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self.sessions):
            session.cut()
        # A cut connection says so in the next turn or two of the loop.
        while self.sessions:  # noqa: ASYNC110
            await asyncio.sleep(0)
        self._arrivals.flush()

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None or not self._server.sockets:
            return self.options.port
        number: int = self._server.sockets[0].getsockname()[1]
        return number

    @property
    def arrivals(self) -> Sequence[Arrival]:
        """Every message and every refused recipient so far, where `keep` is set."""
        return tuple(self._arrivals)

    @property
    def taken(self) -> Sequence[Arrival]:
        """The messages that the server took."""
        return tuple(one for one in self._arrivals if one.taken)

    def cut(self) -> None:
        """Cut every connection without a word."""
        for session in tuple(self.sessions):
            session.cut()

    # For sessions.

    @property
    def tls(self) -> ssl.SSLContext | None:
        """For STARTTLS."""
        return self._tls

    def behaviour(self, recipient: str) -> Behaviour:
        """What becomes of messages to `recipient`."""
        if not self.options.behaviours and not self.options.greylisting:
            return PLAIN
        found = behaviour_of(recipient.partition("@")[0]) if self.options.behaviours else PLAIN
        if self.options.greylisting and found is PLAIN:
            found = BY_NAME["greylist"]
        if not found.passes_later:
            return found
        self._failed[recipient] += 1
        return PLAIN if self._failed[recipient] > self.options.times else found

    def note(self, session: Session, answer: bytes, *, taken: bool, content: bytes = b"") -> None:
        """A message, or a refused recipient."""
        if not self._arrivals.wanted:
            return
        arrival = Arrival(
            time=time.time(),
            session=session.number,
            sender=session.sender or "",
            recipient=session.recipient,
            answer=answer.decode("ascii"),
            taken=taken,
            size=len(content),
            message_id=message_id_of(content),
            behaviour=session.behaviour.name,
        )
        if self.options.keep or self.options.folder:
            plain = content[1:] if content.startswith(b".") else content
            arrival = msgspec.structs.replace(arrival, content=plain.replace(b"\r\n..", b"\r\n."))
        self._arrivals.note(arrival)

    def flush(self) -> None:
        """Make durable what was taken."""
        self._arrivals.flush()

    def came(self, session: Session) -> bytes:
        """A connection stands."""
        self.sessions.append(session)
        self.connections += 1
        limit = self.options.connections
        if limit is not None and len(self.sessions) > limit:
            session.leave()
            return b"421 4.7.0 Too many connections"
        return b"220 drill ESMTP"

    def left(self, session: Session) -> None:
        """The connection is gone."""
        self.sessions.remove(session)

    def _session(self) -> Session:
        self._connections += 1
        return Session(self, number=self._connections)
