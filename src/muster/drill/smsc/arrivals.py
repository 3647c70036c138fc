"""What reached the SMSC: kept in memory and written to a file before it is answered."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from muster.channels.smpp.pdu import EsmClass, Message
from muster.channels.smpp.text import read, read_header


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One submit_sm, one line of the log."""

    time: float
    """Seconds since 1970."""
    session: int
    """Which connection it came over, counted from 1."""
    source: str
    destination: str
    text: str
    """What this segment says."""
    reference: int = 0
    total: int = 1
    part: int = 1
    """Which segment of which concatenated message it is, 1-based."""
    status: int
    """What it is answered with; 0 means that the SMSC took it, whether or not the answer got through."""
    id: str
    """The id it is answered with; empty when it is refused."""
    behaviour: str


class Arrivals:
    """The log. `file` gets one JSON line each; lines reach the operating system before `flush` returns."""

    def __init__(self, file: str | None, *, keep: bool) -> None:
        self._fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if file else None
        self._keep = keep
        self._lines: list[bytes] = []
        self._kept: list[Arrival] = []
        self._encode = msgspec.json.Encoder().encode

    @property
    def wanted(self) -> bool:
        """Whether anybody reads arrivals."""
        return self._keep or self._fd is not None

    def note(self, arrival: Arrival) -> None:
        """Add one."""
        if self._keep:
            self._kept.append(arrival)
        if self._fd is not None:
            self._lines.append(self._encode(arrival))

    def flush(self) -> None:
        """Hand all lines to the operating system: they outlive this process."""
        if self._lines and self._fd is not None:
            os.write(self._fd, b"\n".join(self._lines) + b"\n")
            self._lines.clear()

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __iter__(self) -> Iterator[Arrival]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def arrival_of(message: Message, *, time: float, session: int, answer: tuple[int, str], behaviour: str) -> Arrival:
    """The arrival of `message`, answered with (command_status, id)."""
    header, octets = read_header(message.content) if message.esm_class & EsmClass.UDHI else (None, message.content)
    return Arrival(
        time=time,
        session=session,
        source=message.source,
        destination=message.destination,
        text=read(octets, message.data_coding),
        reference=header.reference if header else 0,
        total=header.total if header else 1,
        part=header.part if header else 1,
        status=answer[0],
        id=answer[1],
        behaviour=behaviour,
    )


def read_log(file: Path) -> Sequence[Arrival]:
    """The arrivals in a log file; a last line cut short by a crash is left out."""
    lines = file.read_bytes().split(b"\n")[:-1]
    decode = msgspec.json.Decoder(Arrival).decode
    return [decode(line) for line in lines if line]


def sent_twice(arrivals: Sequence[Arrival]) -> dict[tuple[str, str, int], int]:
    """What the SMSC took more than once: (destination, text, part) and how often."""
    taken = Counter((one.destination, one.text, one.part) for one in arrivals if one.status == 0)
    return {key: times for key, times in taken.items() if times > 1}
