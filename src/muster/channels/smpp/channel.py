"""The SMPP channel: one account at one SMSC, several binds, one shared queue."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from muster.channels.smpp import codes
from muster.channels.smpp.bind import Bind
from muster.channels.smpp.envelope import Envelope
from muster.channels.smpp.inbox import Inbox
from muster.channels.smpp.link import Link
from muster.channels.smpp.options import Mode, SmppOptions
from muster.channels.smpp.pace import Pace
from muster.channels.smpp.pdu import Command, Message
from muster.channels.smpp.receipts import is_receipt, read_receipt
from muster.channels.smpp.replies import read_reply
from muster.channels.smpp.shipment import Piece, Shipment
from muster.domain.errors import ChannelDown
from muster.domain.outcome import Outcome, Refused, Unsent
from muster.domain.parcel import Parcel
from muster.domain.receipt import Receipt
from muster.domain.reply import Reply
from muster.ports.channel import ReceiptSink
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.replies import ReplySink

_GOODBYE_SECONDS = 5.0
_NOT_SENT = Unsent("connection_lost", "The connection was gone before the message left.")

_TOO_LATE = ("too_late", "The time for handing over ran out.")


class SmppChannel:
    """Fulfils ports.channel.Channel.

    It binds on `open`, or on the first `carry`, and stays bound until `close`, so that receipts reach `sink` any time.
    `replies` gets what people send (a deliver_sm that is no receipt); without it such messages are acknowledged and
    counted.
    """

    def __init__(
        self,
        options: SmppOptions,
        sink: ReceiptSink,
        clock: Clock,
        *,
        meter: Meter | None = None,
        replies: ReplySink | None = None,
    ) -> None:
        self._options = options
        self._clock = clock
        self._meter = meter
        self._envelope = Envelope(options)
        self._receipts = Inbox[Receipt](sink, self.count, what="receipts")
        self._replies = Inbox[Reply](replies, self.count, what="replies") if replies is not None else None
        self._queue: deque[Piece] = deque()
        self._shipments: set[Shipment] = set()
        self._pace: Pace | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._binds: list[Bind] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._closing = False

    # The port.

    async def open(self) -> None:
        """Begin to bind; does not wait for it. Calling it twice is fine."""
        if self._tasks or self._closing:
            return
        self._pace = Pace(self._options.rate, now=asyncio.get_running_loop().time())
        self._binds = [
            Bind(self, self._options, command=command, changed=self._changed.set)
            for command in _commands(self._options)
        ]
        self._tasks = [asyncio.create_task(bind.run()) for bind in self._binds]
        self._tasks += [asyncio.create_task(inbox.run()) for inbox in self._inboxes()]

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        """See ports.channel.Channel."""
        await self.open()
        seconds = (deadline - self._clock.now()).total_seconds()
        if seconds <= 0:
            return [Unsent(*_TOO_LATE)] * len(parcels)
        await self._bound(min(seconds, self._options.connect_timeout))
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        shipment = Shipment(len(parcels), confirmed=not self._options.receipts, finished=partial(_end, done))
        self._queue.extend(self._packed(shipment, parcels))
        if shipment.left:
            self._shipments.add(shipment)
            timer = loop.call_later(seconds, self._expire, shipment)
            try:
                self._pump()
                await done
            finally:
                # Also when we are cancelled: what waits of it then never leaves.
                shipment.closed = True
                timer.cancel()
                self._shipments.discard(shipment)
        outcomes = [outcome for outcome in shipment.outcomes if outcome is not None]
        if outcomes and all(outcome is _NOT_SENT for outcome in outcomes):
            raise ChannelDown(self._problem())
        return outcomes

    async def close(self) -> None:
        """See ports.channel.Channel."""
        self._closing = True
        loop = asyncio.get_running_loop()
        until = loop.time() + _GOODBYE_SECONDS
        # Every call that ends would have to set an event, for something that happens once in a channel's life.
        while self._shipments and self.healthy and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        for inbox in self._inboxes():
            await inbox.run_once()
        await asyncio.gather(*(bind.close() for bind in self._binds))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._give_up()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def healthy(self) -> bool:
        """See ports.channel.Channel."""
        return any(link.may_submit for link in self._links())

    @property
    def rate_limit(self) -> float | None:
        """Segments a second that the account is held to at the moment; None for no limit."""
        return self._pace.limit if self._pace is not None else self._options.rate

    # What links ask for (link.Exchange).

    def take(self, room: int) -> Sequence[Piece]:
        """At most `room` segments to send now, as the rate allows."""
        queue, pace = self._queue, self._pace
        if not queue or pace is None:
            return ()
        granted = pace.take(min(room, len(queue)), now=asyncio.get_running_loop().time())
        pieces: list[Piece] = []
        while queue and len(pieces) < granted:
            piece = queue.popleft()
            shipment = piece[0]
            if shipment.closed:
                continue
            if piece[2] and shipment.in_vain(piece[1]):
                shipment.failed(piece[1], piece[2], Unsent("part_failed", "Another segment failed."))
                continue
            pieces.append(piece)
        pace.give_back(granted - len(pieces))
        if queue and len(pieces) < room:
            self._pump_later(pace.wait())
        return pieces

    def throttled(self, piece: Piece) -> bool:
        """Slow down. A part of a longer text waits here for its turn: its sisters may have been taken already."""
        if self._pace is not None:
            self._pace.throttled(now=asyncio.get_running_loop().time())
        self.count("smpp_throttled")
        if piece[0].closed or not piece[0].has_parts(piece[1]):
            return False
        self._queue.appendleft(piece)
        return True

    def arrived(self, link: Link, sequence: int, message: Message) -> None:
        """Sort what came: what is to be kept is answered once it is durable, anything else at once."""
        if is_receipt(message):
            receipt = read_receipt(message, received_at=self._clock.now(), spelling=self._options.receipt_ids)
            if receipt is not None:
                self._receipts.add(link, sequence, receipt)
                return
            # Nobody could ever match it, and an error would bring it back for ever.
            self.count("smpp_unreadable_receipts")
        elif self._take_reply(link, sequence, message):
            return
        link.answer([(sequence, codes.OK)])

    def lost(self, link: Link) -> None:
        """A session ended. When it was the last one, nothing that waits can leave."""
        del link
        self.count("smpp_sessions_lost")
        if not self.healthy:
            self._give_up()

    def count(self, name: str, amount: float = 1) -> None:
        """Count something for whoever watches."""
        if self._meter is not None:
            self._meter.count(name, amount)

    # Inside.

    def _inboxes(self) -> "Sequence[Inbox[Receipt] | Inbox[Reply]]":
        return [self._receipts] if self._replies is None else [self._receipts, self._replies]

    def _take_reply(self, link: Link, sequence: int, message: Message) -> bool:
        """Whether a person's message goes to who wants to know, and is answered by them."""
        self.count("smpp_messages_received")
        if self._replies is None:
            return False
        reply = read_reply(message, received_at=self._clock.now(), alphabet=self._options.alphabet)
        if reply is None:
            self.count("smpp_message_parts")
            return False
        self._replies.add(link, sequence, reply)
        return True

    def _packed(self, shipment: Shipment, parcels: Sequence[Parcel]) -> list[Piece]:
        pieces: list[Piece] = []
        for index, parcel in enumerate(parcels):
            bodies = self._envelope.pack(parcel)
            if isinstance(bodies, Refused):
                shipment.settle(index, bodies)
            elif len(bodies) == 1:
                pieces.append((shipment, index, 0, bodies[0]))
            else:
                shipment.expect(index, len(bodies))
                pieces += [(shipment, index, part, body) for part, body in enumerate(bodies)]
        return pieces

    async def _bound(self, seconds: float) -> None:
        """Wait until something can be sent. Raises ChannelDown when that takes longer than `seconds`."""
        if self._closing:
            raise ChannelDown("The channel is closing.")
        if self.healthy:
            return
        try:
            async with asyncio.timeout(seconds):
                while not self.healthy:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise ChannelDown(self._problem()) from None

    def _links(self) -> list[Link]:
        return [bind.link for bind in self._binds if bind.link is not None]

    def _problem(self) -> str:
        problems = [bind.problem for bind in self._binds if bind.problem]
        return problems[0] if problems else "The provider cannot be reached."

    def _pump(self) -> None:
        for link in self._links():
            if not self._queue:
                break
            link.pump()

    def _pump_later(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(max(seconds, 0.001), self._pump_now)

    def _pump_now(self) -> None:
        self._timer = None
        self._pump()

    def _expire(self, shipment: Shipment) -> None:
        """Time is up for one call."""
        under_way = {
            (piece[1], piece[2])
            for link in self._links()
            for piece, _ in link.under_way.values()
            if piece[0] is shipment
        }
        shipment.close(under_way, code=_TOO_LATE[0], detail=_TOO_LATE[1])

    def _give_up(self) -> None:
        """Nothing that waits can leave: tell its owners."""
        queue, self._queue = self._queue, deque()
        for shipment, index, part, _ in queue:
            if not shipment.closed:
                shipment.failed(index, part, _NOT_SENT)


def _end(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _commands(options: SmppOptions) -> list[Command]:
    if options.mode is Mode.TRANSCEIVER:
        return [Command.BIND_TRANSCEIVER] * options.binds
    return [*[Command.BIND_TRANSMITTER] * options.binds, Command.BIND_RECEIVER]
