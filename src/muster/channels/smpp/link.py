"""One connection to an SMSC: frames in, frames out, the window of what is unanswered."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Protocol, cast

from muster.channels.smpp import codes
from muster.channels.smpp.pdu import (
    HEADER,
    HEADER_BYTES,
    MAX_SEQUENCE,
    RESPONSE,
    Command,
    Frame,
    MalformedPdu,
    Message,
    check_length,
    pack,
    read_message,
)
from muster.channels.smpp.session import BOUND, MAY_RECEIVE, MAY_SUBMIT, Event, State, step
from muster.channels.smpp.shipment import Piece
from muster.domain.outcome import Unknown

_SUBMIT = int(Command.SUBMIT_SM)
_SUBMIT_RESP = int(Command.SUBMIT_SM_RESP)
_THROTTLE_WAIT = timedelta(seconds=1)
BINDS = {
    Command.BIND_TRANSCEIVER: Event.BOUND_AS_TRANSCEIVER,
    Command.BIND_TRANSMITTER: Event.BOUND_AS_TRANSMITTER,
    Command.BIND_RECEIVER: Event.BOUND_AS_RECEIVER,
}


class Exchange(Protocol):
    """What a link needs of the channel it belongs to."""

    def take(self, room: int) -> Sequence[Piece]:
        """At most `room` segments to send now."""
        ...

    def throttled(self, piece: Piece) -> bool:
        """The provider wants it slower. True when `piece` was put back into the queue and needs no outcome."""
        ...

    def arrived(self, link: "Link", sequence: int, message: Message) -> None:
        """A deliver_sm came; the exchange answers it through `link.answer` in its own time."""
        ...

    def lost(self, link: "Link") -> None:
        """The connection ended; what was under way is settled already."""
        ...

    def count(self, name: str, amount: float = 1) -> None:
        """Count something for whoever watches."""
        ...


class Link(asyncio.Protocol):
    """One session. `bound` ends with the bind's command_status, `closed` when the connection is gone."""

    def __init__(self, exchange: Exchange, *, command: Command, bind: bytes, window: int) -> None:
        loop = asyncio.get_running_loop()
        self._exchange = exchange
        self._command = command
        self._bind = bind
        self._window = window
        self._now = loop.time
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._sequence = 0
        self._paused = False
        self._heard_at = loop.time()
        self._asked_at: float | None = None
        self.state = State.OPEN
        self.under_way: dict[int, tuple[Piece, float]] = {}
        """By sequence number: the segment and when it was written; the oldest first."""
        self.bound: asyncio.Future[int] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    @property
    def may_submit(self) -> bool:
        """Whether segments may be written now."""
        return self.state in MAY_SUBMIT

    # From asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be bound."""
        # uvloop's transports are no subclass of asyncio.Transport, so this cannot be checked.
        self._transport = cast("asyncio.Transport", transport)
        self._step(Event.BIND_SENT)
        self._write(pack(self._command, self._next(), self._bind))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody knows what became of what is unanswered."""
        del exc
        self._step(Event.LOST)
        gone, self.under_way = self.under_way, {}
        self._exchange.lost(self)
        for piece, _ in gone.values():
            piece[0].failed(piece[1], piece[2], Unknown("connection_lost", "The connection broke before the answer."))
        if not self.bound.done():
            self.bound.set_result(codes.NOT_BOUND)
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """The peer reads too slowly."""
        self._paused = True

    def resume_writing(self) -> None:
        """The peer caught up."""
        self._paused = False
        self.pump()

    def data_received(self, data: bytes) -> None:
        """Read every whole PDU in one pass, then refill the window with one write."""
        if self._rest:
            data = self._rest + data
        self._heard_at = self._now()
        self._asked_at = None
        at = 0
        try:
            at = self._read(data)
        except MalformedPdu as problem:
            self._write(pack(Command.GENERIC_NACK, 0, status=problem.status))
            self._exchange.count("smpp_malformed")
            self.abort()
            return
        self._rest = data[at:]
        self.pump()

    def _read(self, data: bytes) -> int:
        """Act on the whole PDUs in `data`; where the first incomplete one begins."""
        unpack, under_way, size, at = HEADER.unpack_from, self.under_way, len(data), 0
        while size - at >= HEADER_BYTES:
            length, command, status, sequence = unpack(data, at)
            check_length(length)
            end = at + length
            if end > size:
                break
            if command == _SUBMIT_RESP:
                sent = under_way.pop(sequence, None)
                if sent is None:
                    self._exchange.count("smpp_late_answers")
                elif status:
                    self._refused(sent[0], status)
                else:
                    shipment, index, part, _ = sent[0]
                    shipment.carried(index, part, data[at + HEADER_BYTES : end].partition(b"\0")[0].decode("latin-1"))
            else:
                self._other(Frame(command, status, sequence, data[at + HEADER_BYTES : end]))
            at = end
        return at

    # Out.

    def pump(self) -> None:
        """Fill the window with one write."""
        room = self._window - len(self.under_way)
        if room <= 0 or self._paused or self.state not in MAY_SUBMIT:
            return
        pieces = self._exchange.take(room)
        if not pieces:
            return
        now, sequence, header, out = self._now(), self._sequence, HEADER.pack, list[bytes]()
        for piece in pieces:
            sequence = sequence + 1 if sequence < MAX_SEQUENCE else 1
            body = piece[3]
            out.append(header(HEADER_BYTES + len(body), _SUBMIT, 0, sequence))
            out.append(body)
            self.under_way[sequence] = (piece, now)
        self._sequence = sequence
        self._write(b"".join(out))

    def answer(self, answers: Iterable[tuple[int, int]]) -> None:
        """Answer deliver_sm by sequence number and command_status; nothing happens once the connection is gone."""
        self._write(b"".join([pack(Command.DELIVER_SM_RESP, seq, b"\0", status=status) for seq, status in answers]))

    def tick(self, *, enquire_after: float, give_up_after: float) -> None:
        """Called now and then: gives up on answers, asks a silent peer whether it is there, drops a dead one."""
        now = self._now()
        while self.under_way:
            sequence, (piece, sent_at) = next(iter(self.under_way.items()))
            if now - sent_at < give_up_after:
                break
            del self.under_way[sequence]
            piece[0].failed(piece[1], piece[2], Unknown("answer_lost", "The provider did not answer in time."))
        if self._asked_at is not None and now - self._asked_at >= give_up_after:
            self._exchange.count("smpp_dead_peers")
            self.abort()
        elif self._asked_at is None and now - self._heard_at >= enquire_after and self.state in BOUND:
            self._asked_at = now
            self._write(pack(Command.ENQUIRE_LINK, self._next()))
        self.pump()

    def unbind(self) -> None:
        """Say goodbye; the connection is closed when the peer answers."""
        if self.state in BOUND:
            self._step(Event.UNBIND_SENT)
            self._write(pack(Command.UNBIND, self._next()))

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # In, beside the answers to submit_sm.

    def _other(self, frame: Frame) -> None:
        """One PDU that is no answer to submit_sm."""
        command, status, sequence = frame.command, frame.status, frame.sequence
        if command == Command.DELIVER_SM:
            self._delivered(sequence, frame.body)
        elif command == Command.ENQUIRE_LINK:
            self._write(pack(Command.ENQUIRE_LINK_RESP, sequence))
        elif command == self._command | RESPONSE and self.state is State.BINDING:
            self._step(Event.BIND_REFUSED if status else BINDS[self._command])
            self.bound.set_result(status)
        elif command == Command.GENERIC_NACK:
            self._nacked(status, sequence)
        elif command == Command.UNBIND:
            self._write(pack(Command.UNBIND_RESP, sequence))
            self._leave(Event.UNBIND_RECEIVED)
        elif command == Command.UNBIND_RESP and self.state is State.UNBINDING:
            self._leave(Event.UNBIND_ANSWERED)
        elif not command & RESPONSE and command not in {Command.ALERT_NOTIFICATION, Command.OUTBIND}:
            self._write(pack(Command.GENERIC_NACK, sequence, status=codes.INVALID_COMMAND))

    def _delivered(self, sequence: int, body: bytes) -> None:
        if self.state not in MAY_RECEIVE and self.state is not State.UNBINDING:
            self.answer([(sequence, codes.NOT_BOUND)])
            return
        try:
            message = read_message(body)
        except MalformedPdu as problem:
            self._exchange.count("smpp_malformed")
            self.answer([(sequence, problem.status)])
            return
        self._exchange.arrived(self, sequence, message)

    def _nacked(self, status: int, sequence: int) -> None:
        """The peer could not read a PDU of ours: the message was not taken, or our bind was not."""
        sent = self.under_way.pop(sequence, None)
        if sent is not None:
            self._refused(sent[0], status or codes.INVALID_COMMAND)
        elif self.state is State.BINDING:
            self._step(Event.BIND_REFUSED)
            self.bound.set_result(status or codes.INVALID_COMMAND)

    def _refused(self, piece: Piece, status: int) -> None:
        if status == codes.THROTTLED:
            if not self._exchange.throttled(piece):
                piece[0].failed(piece[1], piece[2], codes.failure(status, after=_THROTTLE_WAIT))
            return
        piece[0].failed(piece[1], piece[2], codes.failure(status))

    def _leave(self, event: Event) -> None:
        self._step(event)
        if self._transport is not None:
            self._transport.close()

    def _step(self, event: Event) -> None:
        """Move on; a peer that speaks out of turn (unbinds twice, say) changes nothing."""
        if event is not Event.UNBIND_RECEIVED or self.state not in {State.UNBOUND, State.CLOSED, State.OPEN}:
            self.state = step(self.state, event)

    def _next(self) -> int:
        self._sequence = self._sequence + 1 if self._sequence < MAX_SEQUENCE else 1
        return self._sequence

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
