"""The simulated SMSC: sessions, fates, receipts."""

import asyncio
import random
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from muster.channels.smpp.pdu import Bind, Command, MalformedPdu, Message, pack, read_message, write_message
from muster.drill.smsc.arrivals import Arrival, Arrivals, arrival_of
from muster.drill.smsc.behaviours import PLAIN, Behaviour, behaviour_of
from muster.drill.smsc.mailbox import Mailbox, receipt
from muster.drill.smsc.options import IdStyle, SmscOptions
from muster.drill.smsc.people import Said, texted
from muster.drill.smsc.session import Session

_TICK_SECONDS = 0.01
_THROTTLED, _BAD_PASSWORD = 0x58, 0x0E


class Smsc:
    """Use it as an async context manager: `async with Smsc(SmscOptions()) as smsc: … smsc.port …`."""

    def __init__(self, options: SmscOptions | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.options = options or SmscOptions()
        self._tls = tls
        self._arrivals = Arrivals(self.options.log, keep=self.options.keep)
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._mailboxes: dict[str, Mailbox] = {}
        self._failed: Counter[tuple[str, str]] = Counter()
        self._next_id = random.Random(self.options.seed).randrange(10**9, 2 * 10**9)  # noqa: S311 - an id is no secret
        self._connections = 0
        self._heard = 0
        self._second = (0, 0)
        self.sessions: list[Session] = []
        """The connections that stand, in the order they came."""
        self.submitted = 0
        """How many submit_sm came, refused ones included."""
        self.bind_status = 0
        """What binds are answered with; a test sets it to refuse them."""

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
        self._server = await loop.create_server(self._session, self.options.host, self.options.port, ssl=self._tls)
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Cut every connection and listen no more; `start` may follow on the same object, with all it knows."""
        if self._server is not None:
            self._server.close()
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        self.cut()
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
        """Every submit_sm so far, where `keep` is set."""
        return tuple(self._arrivals)

    @property
    def taken(self) -> Sequence[Arrival]:
        """Those that the SMSC took."""
        return tuple(one for one in self._arrivals if one.status == 0)

    @property
    def receipts_waiting(self) -> int:
        """Receipts that wait for their time or for a client."""
        return sum(len(mailbox) for mailbox in self._mailboxes.values())

    def cut(self) -> None:
        """Cut every connection without a word."""
        for session in self.sessions:
            session.cut()

    def say(self, system_id: str, message: Message) -> None:
        """Deliver what a person sent, or any other deliver_sm, to a client."""
        self.mailbox(system_id).put(write_message(message), at=0)

    def hear(self, said: Said) -> int:
        """Deliver a person's text, soon, and again until it is taken; how many clients it is for."""
        self._heard += 1
        clients = list(self._mailboxes) if said.system_id is None else [said.system_id]
        messages = texted(said, reference=self._heard)
        for client in clients:
            for message in messages:
                self.say(client, message)
        return len(clients)

    # What sessions ask for (session.Centre).

    def bind(self, session: Session, bind: Bind) -> int:
        """Let a client in, or not."""
        del session
        if self.options.password is not None and bind.password != self.options.password:
            return _BAD_PASSWORD
        return self.bind_status

    def submit(self, session: Session, sequence: int, body: bytes) -> bytes:
        """Take one submit_sm and decide its fate."""
        self.submitted += 1
        try:
            message = read_message(body)
        except MalformedPdu as problem:
            return pack(Command.SUBMIT_SM_RESP, sequence, status=problem.status)
        fate = behaviour_of(message.destination) if self.options.behaviours else PLAIN
        status = _THROTTLED if self._too_fast() else self._status(fate, message)
        number = "" if status else self._id()
        if self._arrivals.wanted:
            self._arrivals.note(
                arrival_of(
                    message, time=time.time(), session=session.number, answer=(status, number), behaviour=fate.name
                )
            )
        if status:
            return pack(Command.SUBMIT_SM_RESP, sequence, status=status)
        early = self._report(session, message, fate) if message.registered_delivery & 1 else b""
        if fate.cuts:
            session.cut(soon=True)
        return early + pack(Command.SUBMIT_SM_RESP, sequence, number.encode() + b"\0") if fate.answers else early

    def flush(self) -> None:
        """Make arrivals durable."""
        self._arrivals.flush()

    def came(self, session: Session) -> None:
        """A connection stands."""
        self.sessions.append(session)

    def left(self, session: Session) -> None:
        """A connection is gone."""
        self.sessions.remove(session)

    def mailbox(self, system_id: str) -> Mailbox:
        """What waits for a client."""
        return self._mailboxes.setdefault(system_id, Mailbox())

    # Inside.

    def _session(self) -> Session:
        self._connections += 1
        return Session(self, window=self.options.window, number=self._connections)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            for mailbox in self._mailboxes.values():
                mailbox.deliver(now=loop.time())

    def _id(self) -> str:
        self._next_id += 1
        match self.options.id_style:
            case IdStyle.DECIMAL:
                return str(self._next_id)
            case IdStyle.HEX:
                return f"{self._next_id:x}"
            case IdStyle.MIXED:
                return f"{self._next_id:X}"

    def _status(self, fate: Behaviour, message: Message) -> int:
        if not fate.status or not fate.passes_later:
            return fate.status
        # By text as well: a number that failed once is a new number to another batch.
        key = (message.destination, message.content.hex())
        self._failed[key] += 1
        return fate.status if self._failed[key] <= self.options.times else 0

    def _too_fast(self) -> bool:
        if self.options.rate is None:
            return False
        second = int(asyncio.get_running_loop().time())
        count = self._second[1] + 1 if self._second[0] == second else 1
        self._second = (second, count)
        return count > self.options.rate

    def _report(self, session: Session, message: Message, fate: Behaviour) -> bytes:
        """Plan the receipts; what must be written before the answer."""
        style = self.options.id_style
        number = f"{self._next_id:x}" if style is IdStyle.HEX else str(self._next_id)
        after = self.options.late_after if fate.late else self.options.receipt_after
        now = asyncio.get_running_loop().time()
        early = b""
        for order, state in enumerate(fate.states):
            body = receipt(number, to=message, state=state, error=fate.error, style=self.options.receipt_style)
            if fate.early and session.bound == Command.BIND_TRANSCEIVER:
                early += session.deliverable(body)
            else:
                self.mailbox(session.system_id).put(body, at=now + after * (order + 1))
        return early
