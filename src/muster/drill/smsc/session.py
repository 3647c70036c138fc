"""One client's connection to the simulated SMSC."""

import asyncio
from functools import partial
from typing import Protocol, cast

from muster.channels.smpp.pdu import (
    RESPONSE,
    Bind,
    Command,
    Frame,
    MalformedPdu,
    pack,
    read_bind,
    split,
)
from muster.drill.smsc.mailbox import Mailbox

_RECEIVES = {Command.BIND_TRANSCEIVER, Command.BIND_RECEIVER}
_RESUBMIT_AFTER = 0.5
INVALID_COMMAND, NOT_BOUND, ALREADY_BOUND = 0x03, 0x04, 0x05


class Centre(Protocol):
    """What a session needs of the SMSC."""

    def bind(self, session: "Session", bind: Bind) -> int:
        """Let a client in, or not: the command_status of the answer."""
        ...

    def submit(self, session: "Session", sequence: int, body: bytes) -> bytes:
        """Take one submit_sm; the bytes that answer it, empty for none."""
        ...

    def flush(self) -> None:
        """Make durable what was taken, before it is answered."""
        ...

    def came(self, session: "Session") -> None:
        """A connection stands."""
        ...

    def left(self, session: "Session") -> None:
        """The connection is gone."""
        ...

    def mailbox(self, system_id: str) -> Mailbox:
        """What waits for a client."""
        ...


class Session(asyncio.Protocol):
    """Reads and answers. `cut` and `silence` let a test play a bad network."""

    def __init__(self, centre: Centre, *, window: int, number: int) -> None:
        self._centre = centre
        self._window = window
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._sequence = 0
        self._told: dict[int, bytes] = {}
        self._cutting = False
        self.number = number
        self.system_id = ""
        self.bound: int | None = None
        """The command it bound with."""
        self.silent = False
        """While set, everything is read and nothing is answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a bind."""
        # uvloop's transports are no subclass of asyncio.Transport, so this cannot be checked.
        self._transport = cast("asyncio.Transport", transport)
        self._centre.came(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """What was told and not acknowledged is told again."""
        del exc
        if self.bound in _RECEIVES:
            mailbox = self._centre.mailbox(self.system_id)
            mailbox.receivers.remove(self)
            mailbox.put_back(list(self._told.values()))
        self._told = {}
        self._centre.left(self)

    def data_received(self, data: bytes) -> None:
        """Act on all whole PDUs, make them durable, answer with one write."""
        if self._cutting:
            return
        try:
            frames, self._rest = split(self._rest + data if self._rest else data)
        except MalformedPdu as problem:
            self.write(pack(Command.GENERIC_NACK, 0, status=problem.status))
            self.cut()
            return
        answers: list[bytes] = []
        for frame in frames:
            if frame.command == Command.SUBMIT_SM and self.bound is not None:
                answers.append(self._centre.submit(self, frame.sequence, frame.body))
            else:
                answers.append(self._other(frame))
            if self._is_cutting():
                break
        self._centre.flush()
        if not self.silent:
            self.write(b"".join(answers))
        if self._is_cutting() and self._transport is not None:
            self._transport.close()

    # For mailboxes.

    @property
    def room(self) -> int:
        """How many more receipts may be told."""
        return 0 if self._cutting or self.silent else self._window - len(self._told)

    def deliver(self, bodies: list[bytes]) -> None:
        """Tell receipts, or what people sent."""
        self.write(b"".join([self.deliverable(body) for body in bodies]))

    def deliverable(self, body: bytes) -> bytes:
        """One deliver_sm, remembered until it is acknowledged."""
        self._sequence += 1
        self._told[self._sequence] = body
        return pack(Command.DELIVER_SM, self._sequence, body)

    # For behaviours and tests.

    def cut(self, *, soon: bool = False) -> None:
        """Close the connection: at once, or (`soon`) when what was answered so far is written."""
        self._cutting = True
        if not soon and self._transport is not None:
            self._transport.abort()

    def write(self, data: bytes) -> None:
        """Write, as long as the connection stands."""
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _is_cutting(self) -> bool:
        # A call, because a submission may have begun to cut since the last look.
        return self._cutting

    def _other(self, frame: Frame) -> bytes:
        """The answer to one PDU that is no submit_sm of a bound client; empty for none."""
        match frame.command:
            case Command.DELIVER_SM_RESP:
                self._acknowledged(frame)
                answer = b""
            case Command.BIND_TRANSCEIVER | Command.BIND_TRANSMITTER | Command.BIND_RECEIVER:
                answer = self._bind(frame)
            case Command.UNBIND:
                self.cut(soon=True)
                answer = pack(Command.UNBIND_RESP, frame.sequence)
            case Command.ENQUIRE_LINK:
                answer = pack(Command.ENQUIRE_LINK_RESP, frame.sequence)
            case Command.SUBMIT_SM:
                answer = pack(Command.SUBMIT_SM_RESP, frame.sequence, status=NOT_BOUND)
            case response if response & RESPONSE:
                answer = b""
            case _:
                answer = pack(Command.GENERIC_NACK, frame.sequence, status=INVALID_COMMAND)
        return answer

    def _acknowledged(self, frame: Frame) -> None:
        """A receipt that the client could not take is told again later."""
        told = self._told.pop(frame.sequence, None)
        if told is not None and frame.status:
            later = asyncio.get_running_loop().time() + _RESUBMIT_AFTER
            self._centre.mailbox(self.system_id).put(told, at=later)

    def _bind(self, frame: Frame) -> bytes:
        answer = partial(pack, frame.command | RESPONSE, frame.sequence)
        if self.bound is not None:
            return answer(status=ALREADY_BOUND)
        try:
            bind = read_bind(frame.body)
        except MalformedPdu as problem:
            return answer(status=problem.status)
        status = self._centre.bind(self, bind)
        if status:
            return answer(status=status)
        self.bound, self.system_id = frame.command, bind.system_id
        if self.bound in _RECEIVES:
            self._centre.mailbox(bind.system_id).receivers.append(self)
        return answer(b"rehearsal\0")
