"""The reference of scenario 9, the *bare script*: read the rows, splice each message, pipeline, write the outcomes.

One process, the same number of connections as Muster, the same commands on each; outcomes are written as they come,
200 in a transaction as durable as Muster's. No intents, no leases, no policy, no events, no counts, no return paths, no
ways to opt out: what it does not know after a crash, it does not know.
Prints `{"seconds": …, "peak_mib": …, "cpu_seconds": …}`.
"""

import argparse
import asyncio
import json
import resource
import sqlite3
import time
from collections import deque
from collections.abc import Iterator

import uvloop

from benchmarks.even import PRAGMAS, STORED_AT_ONCE

_SENDER = b"bench@muster.example"
_HEAD = (
    b"From: Bench <bench@muster.example>\r\nSubject: A letter of about two kilobytes\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="=_bare"\r\n'
)
_PART = b"--=_bare\r\nContent-Type: %b; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%b\r\n"


class Desk:
    """Rows in, outcomes out, for all connections."""

    def __init__(self, database: sqlite3.Connection, batch: int, body: bytes) -> None:
        self._database = database
        self._batch = batch
        self._body = body
        self._outcomes: list[tuple[str, str, int, int, int]] = []
        self.messages = self._spliced()

    def _spliced(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Position, commands and content of every row, read 200 at a time."""
        position = 0
        select = (
            "SELECT position, address, payload FROM entries WHERE batch = ? AND position >= ? ORDER BY position LIMIT ?"
        )
        while rows := self._database.execute(select, (self._batch, position, STORED_AT_ONCE)).fetchall():
            date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()).encode()
            for position, address, payload in rows:
                json.loads(payload)
                to = address.encode("ascii")
                commands = b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n" % (_SENDER, to)
                own = b"To: %b\r\nDate: %b\r\nMessage-ID: <%d.%d@bench>\r\n" % (to, date, self._batch, position)
                yield position, commands, own + self._body
            position += 1

    def took(self, position: int, *, taken: bool) -> None:
        """Note one outcome; write 200 of them, or the last ones."""
        state = "delivered" if taken else "failed"
        self._outcomes.append((state, f"{self._batch}.{position}", time.time_ns() // 1000, self._batch, position))
        if len(self._outcomes) >= STORED_AT_ONCE:
            self.store()

    def store(self) -> None:
        """Write what is noted."""
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "UPDATE entries SET state = ?, detail = ?, updated_at = ?, attempts = 1, segments = 1"
            " WHERE batch = ? AND position = ?",
            self._outcomes,
        )
        self._database.execute("COMMIT")
        self._outcomes.clear()


class Bare(asyncio.Protocol):
    """One connection: the commands of the next letter leave with the content of the one before."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rest = b""
        # What the server answers next: its greeting, EHLO, then for each letter MAIL, RCPT, DATA, the dot.
        self._expected = deque(("greeting", "ehlo"))
        self._position = 0
        self._awaited = 0
        self._content = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        self._transport = transport
        self._write(b"EHLO bare\r\n")

    def data_received(self, data: bytes) -> None:
        """Note the answers, send the content that was asked for."""
        lines = (self._rest + data).split(b"\r\n")
        self._rest = lines.pop()
        for line in lines:
            if line[3:4] == b"-":
                continue
            stage = self._expected.popleft()
            if stage == "ehlo":
                self._write(self._next())
            elif stage == "data":
                assert line[:3] == b"354", line  # noqa: S101 - a benchmark that lies is worse than none
                content, self._awaited = self._content, self._position
                self._expected.append("dot")
                self._write(content + self._next())
            elif stage == "dot":
                self._desk.took(self._awaited, taken=line[:1] == b"2")
        if not self._expected and not self.done.done():
            self.done.set_result(None)

    def _next(self) -> bytes:
        """The commands of the next letter; empty when there is none."""
        row = next(self._desk.messages, None)
        if row is None:
            return b""
        self._position, commands, self._content = row
        self._expected += ("mail", "rcpt", "data")
        return commands

    def _write(self, data: bytes) -> None:
        self._transport.write(data)  # type: ignore[attr-defined]  # a stream transport


async def _run(arguments: argparse.Namespace) -> dict[str, float]:
    with open(arguments.html, "rb") as file:  # noqa: ASYNC230, PTH123 - before anything runs
        html = file.read()
    text = b"A letter of about two kilobytes."
    body = _HEAD + b"\r\n" + _PART % (b"text/plain", text) + _PART % (b"text/html", html) + b"--=_bare--\r\n.\r\n"
    database = _prepared(arguments.like, arguments.batch, arguments.file)
    began, used = time.perf_counter(), time.process_time()
    desk = Desk(database, arguments.batch, body)
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Bare(desk), "127.0.0.1", arguments.port))[1]
        for _ in range(arguments.connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    desk.store()
    seconds, used = time.perf_counter() - began, time.process_time() - used
    left = database.execute("SELECT count(*) FROM entries WHERE state <> 'delivered'").fetchone()[0]
    assert not left, f"{left} entries were not delivered"  # noqa: S101 - a benchmark that lies is worse than none
    database.close()
    return {
        "seconds": seconds,
        "cpu_seconds": used,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _prepared(like: str, batch: int, file: str) -> sqlite3.Connection:
    """A file with the batch as it was before anything of it was sent."""
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in PRAGMAS:
        database.execute(pragma)
    database.execute("ATTACH ? AS theirs", (like,))
    database.execute(database.execute("SELECT sql FROM theirs.sqlite_master WHERE name = 'entries'").fetchone()[0])
    database.execute("INSERT INTO entries SELECT * FROM theirs.entries WHERE batch = ?", (batch,))
    database.execute("UPDATE entries SET state = 'accepted', attempts = 0, segments = 0")
    database.execute("DETACH theirs")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database


def main() -> None:
    """Run once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--like", required=True, help="Muster's database")
    parser.add_argument("--batch", type=int, required=True, help="the batch's number in it")
    parser.add_argument("--file", required=True, help="the database to make")
    parser.add_argument("--html", required=True, help="file with the letter, quoted-printable")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    print(json.dumps(uvloop.run(_run(parser.parse_args()))))


if __name__ == "__main__":
    main()
