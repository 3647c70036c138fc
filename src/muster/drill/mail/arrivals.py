"""What reached the mail server: kept in memory and written to a file before it is answered."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*<([^>\r\n]*)>", re.IGNORECASE | re.MULTILINE)


class Arrival(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message, or one recipient that was refused; one line of the log."""

    time: float
    """Seconds since 1970."""
    session: int
    """Which connection it came over, counted from 1."""
    sender: str
    """The return path."""
    recipient: str
    answer: str
    """What it was answered with; empty where there was no answer."""
    taken: bool
    """Whether the server took it, whether or not the answer got through."""
    size: int = 0
    message_id: str = ""
    content: bytes = b""
    """The whole message, dots as they were before they were doubled; not in the log."""
    behaviour: str


class Arrivals:
    """The log. Lines reach the operating system before `flush` returns."""

    def __init__(self, file: str | None, *, keep: bool, folder: str | None = None) -> None:
        self._fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if file else None
        self._keep = keep
        self._folder = Path(folder) if folder else None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._lines: list[bytes] = []
        self._kept: list[Arrival] = []
        self._encode = msgspec.json.Encoder().encode

    @property
    def wanted(self) -> bool:
        """Whether anybody reads arrivals."""
        return self._keep or self._fd is not None or self._folder is not None

    def note(self, arrival: Arrival) -> None:
        """Add one."""
        if self._keep:
            self._kept.append(arrival)
        if self._folder is not None and arrival.taken:
            # Whoever the recipient is, the file stands in this folder.
            (self._folder / f"{arrival.recipient.replace('/', '_')}.eml").write_bytes(arrival.content)
        if self._fd is not None:
            self._lines.append(self._encode(msgspec.structs.replace(arrival, content=b"")))

    def flush(self) -> None:
        """Hand all lines to the operating system: they outlive this process."""
        if self._lines and self._fd is not None:
            os.write(self._fd, b"\n".join(self._lines) + b"\n")
            self._lines.clear()

    def __iter__(self) -> Iterator[Arrival]:
        return iter(self._kept)


def message_id_of(content: bytes) -> str:
    """The Message-ID without its brackets; empty where there is none."""
    head = content.partition(b"\r\n\r\n")[0]
    found = _MESSAGE_ID.search(head)
    return found[1].decode("ascii", "replace") if found is not None else ""


def read_log(file: Path) -> Sequence[Arrival]:
    """The arrivals in a log file; a last line cut short by a crash is left out."""
    lines = file.read_bytes().split(b"\n")[:-1]
    decode = msgspec.json.Decoder(Arrival).decode
    return [decode(line) for line in lines if line]


def sent_twice(arrivals: Sequence[Arrival]) -> dict[tuple[str, str], int]:
    """What the server took more than once: (recipient, Message-ID without the attempt) and how often."""
    taken = Counter((one.recipient, _entry_of(one.message_id)) for one in arrivals if one.taken)
    return {key: times for key, times in taken.items() if times > 1}


def _entry_of(message_id: str) -> str:
    return message_id.partition("@")[0].rpartition(".")[0]
