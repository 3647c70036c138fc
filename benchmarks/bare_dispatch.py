"""The reference of scenario 2, the *bare script*: read the rows, encode each message, pipeline, write the outcomes.

One process, one SMPP connection, one window; outcomes are written as they come, 200 in a transaction as durable as
Muster's. No intents, no leases, no policy, no events, no counts: what it does not know after a crash, it does not know.
Prints `{"seconds": …, "peak_mib": …, "cpu_seconds": …}`.
"""

import argparse
import asyncio
import json
import resource
import sqlite3
import struct
import time
from collections.abc import Iterator

import uvloop

from benchmarks.even import PRAGMAS, STORED_AT_ONCE, UNANSWERED

_HEADER = struct.Struct(">IIII")
_SUBMIT, _SUBMIT_RESP, _BIND, _BIND_RESP = 0x4, 0x80000004, 0x9, 0x80000009
_FIRST = 2
"""The sequence number of position 0; the bind has 1."""


class Bare(asyncio.Protocol):
    """Keeps the window full from the table, and writes down what the carrier answers."""

    def __init__(self, database: sqlite3.Connection, batch: int) -> None:
        self._database = database
        self._batch = batch
        self._bodies = self._encoded()
        self._open = 0
        self._outcomes: list[tuple[str, str, int, int, int]] = []
        self._rest = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind."""
        self._transport = transport
        body = b"bare\0\0\0\x34\0\0\0"
        self._write(_HEADER.pack(_HEADER.size + len(body), _BIND, 0, 1) + body)

    def data_received(self, data: bytes) -> None:
        """Note the answers, refill the window, write a full batch of outcomes."""
        data = self._rest + data
        at, now = 0, time.time_ns() // 1000
        while len(data) - at >= _HEADER.size:
            length, command, status, sequence = _HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            if command == _SUBMIT_RESP:
                ref = data[at + _HEADER.size : at + length - 1].decode("ascii")
                self._outcomes.append(("failed" if status else "delivered", ref, now, self._batch, sequence - _FIRST))
                self._open -= 1
            at += length
        self._rest = data[at:]
        self._refill()
        if len(self._outcomes) >= STORED_AT_ONCE or not self._open:
            self._store()
        if not self._open and not self.done.done():
            self.done.set_result(None)

    def _refill(self) -> None:
        out: list[bytes] = []
        while self._open < UNANSWERED:
            message = next(self._bodies, None)
            if message is None:
                break
            out.append(message)
            self._open += 1
        self._write(b"".join(out))

    def _encoded(self) -> Iterator[bytes]:
        """Every row as a submit_sm, read 200 at a time."""
        position = 0
        select = (
            "SELECT position, address, payload FROM entries WHERE batch = ? AND position >= ? ORDER BY position LIMIT ?"
        )
        while rows := self._database.execute(select, (self._batch, position, STORED_AT_ONCE)).fetchall():
            for position, address, payload in rows:
                memo = json.loads(payload)["memo"]
                # As long as Muster's, whose links end in 22 characters.
                text = f"{memo} Collect it here: http://127.0.0.1:00000/l/{position:022}".encode("ascii")
                body = b"\0\0\0\0\1\1" + address[1:].encode() + b"\0\0\0\0\0\0\0\0\0\0" + bytes((len(text),)) + text
                yield _HEADER.pack(_HEADER.size + len(body), _SUBMIT, 0, position + _FIRST) + body
            position += 1

    def _store(self) -> None:
        if not self._outcomes:
            return
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "UPDATE entries SET state = ?, detail = ?, updated_at = ?, attempts = 1, segments = 1"
            " WHERE batch = ? AND position = ?",
            self._outcomes,
        )
        self._database.execute("COMMIT")
        self._outcomes.clear()

    def _write(self, data: bytes) -> None:
        self._transport.write(data)  # type: ignore[attr-defined]  # a stream transport


async def _run(arguments: argparse.Namespace) -> dict[str, float]:
    database = _prepared(arguments.like, arguments.batch, arguments.file)
    began, used = time.perf_counter(), time.process_time()
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Bare(database, arguments.batch), "127.0.0.1", arguments.port)
    await client.done
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
    parser.add_argument("--port", type=int, required=True)
    print(json.dumps(uvloop.run(_run(parser.parse_args()))))


if __name__ == "__main__":
    main()
