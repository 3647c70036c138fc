"""Measure SMPP client libraries against one bare peer: acknowledged submit_sm a second, beside a bare asyncio client.

Run: `python benchmarks/smpp_libraries.py [MESSAGES]`. A library that is not installed is named and left out.
The peer is a process of its own that answers with as little work as possible; docs/adr/0003-smpp-codec.md has figures.
"""

import asyncio
import contextlib
import importlib.util
import itertools
import multiprocessing
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import uvloop

HEADER = struct.Struct(">IIII")
WINDOW = 100
NO_PASSWORD = ""
SUBMIT, BIND_TRX, RESP, UNBIND, ENQUIRE = 0x4, 0x9, 0x80000000, 0x6, 0x15


class Peer(asyncio.Protocol):
    """Answers a bind, submit_sm, enquire_link and unbind; reads nothing but headers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """Answer every whole PDU in one write."""
        data = self._rest + data
        at, out = 0, []
        while len(data) - at >= HEADER.size:
            length, command, _, sequence = HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            body = b"%x\0" % sequence if command == SUBMIT else b"peer\0" if command in {1, 2, BIND_TRX} else b""
            out.append(HEADER.pack(HEADER.size + len(body), command | RESP, 0, sequence) + body)
            at += length
        self._rest = data[at:]
        self._transport.write(b"".join(out))  # type: ignore[attr-defined]  # a stream transport


def serve(port: int) -> None:
    """Be the peer until killed."""

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(forever())


@contextlib.contextmanager
def peer() -> Iterator[int]:
    """A running peer; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = multiprocessing.Process(target=serve, args=(port,), daemon=True)
    process.start()
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
    try:
        yield port
    finally:
        process.kill()
        process.join()


class Bare(asyncio.Protocol):
    """The least a pipelined client can do: encode a message, keep the window full, count the answers."""

    def __init__(self, messages: int) -> None:
        self._left, self._open, self._sequence = messages, 0, 1
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind."""
        self._transport, self._rest = transport, b""
        body = b"bench\0pw\0\0\x34\0\0\0"
        transport.write(HEADER.pack(16 + len(body), BIND_TRX, 0, 1) + body)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Count the answers and refill the window."""
        data = self._rest + data
        at, answers = 0, 0
        while len(data) - at >= HEADER.size:
            length, command, _, _ = HEADER.unpack_from(data, at)
            if len(data) - at < length:
                break
            at += length
            answers += command == SUBMIT | RESP
        self._rest = data[at:]
        self._open -= answers
        self._refill()

    def _refill(self) -> None:
        out = []
        for _ in range(min(self._left, WINDOW - self._open)):
            self._sequence += 1
            text = b"Your refund %d is on its way" % self._sequence
            body = b"\0\0\0Muster\0\1\1%d\0\0\0\0\0\0\1\0\0\0%c" % (4917600000000 + self._sequence, len(text)) + text
            out.append(HEADER.pack(16 + len(body), SUBMIT, 0, self._sequence) + body)
        self._left -= len(out)
        self._open += len(out)
        self._transport.write(b"".join(out))  # type: ignore[attr-defined]
        if not self._left and not self._open and not self.done.done():
            self.done.set_result(None)


async def bare(port: int, messages: int) -> None:
    """A bare asyncio client."""
    _, client = await asyncio.get_running_loop().create_connection(lambda: Bare(messages), "127.0.0.1", port)
    await client.done


async def smpp34(port: int, messages: int) -> None:
    """smpp34: one await a message, as its interface asks, `WINDOW` tasks."""
    import smpp34 as library  # type: ignore[import-not-found]  # noqa: PLC0415 - measured where installed

    client = library.Client(
        host="127.0.0.1",
        port=port,
        system_id="bench",
        password=NO_PASSWORD,
        bind_type="TRX",
        window_size=WINDOW,
    )
    smsc = await client.connect()
    numbers = iter(range(messages))

    async def send() -> None:
        for n in numbers:
            text = b"Your refund %d is on its way" % n
            answer = await smsc.submit_sm(
                destination_addr=f"{4917600000000 + n}", source_addr="Muster", short_message=text
            )
            if not answer.is_success:
                sys.exit("smpp34 was refused")

    await asyncio.gather(*(send() for _ in range(WINDOW)))


async def aiosmpplib(port: int, messages: int) -> None:
    """aiosmpplib: its own queue, one PDU a write, answers counted in its hook, which also keeps the window."""
    import aiosmpplib as library  # type: ignore[import-not-found]  # noqa: PLC0415 - measured where installed
    from aiosmpplib.hook import AbstractHook  # type: ignore[import-not-found]  # noqa: PLC0415

    done = asyncio.Event()
    answers = itertools.count(1)
    window = asyncio.Semaphore(WINDOW)

    class Counting(AbstractHook):  # type: ignore[misc]
        async def sending(self, *_: object) -> None:
            pass

        async def received(self, smpp_message: object, *_: object) -> None:
            if isinstance(smpp_message, library.SubmitSmResp):
                window.release()
                if next(answers) == messages:
                    done.set()

        async def send_error(self, _message: object, error: Exception, *_: object) -> None:
            raise error

    esme = library.ESME(
        smsc_host="127.0.0.1",
        smsc_port=port,
        system_id="bench",
        password=NO_PASSWORD,
        hook=Counting(),
        log_level="ERROR",
    )
    running = asyncio.create_task(esme.start())
    for n in range(messages):
        await window.acquire()
        await esme.broker.enqueue(
            library.SubmitSm(
                short_message=f"Your refund {n} is on its way",
                source=library.PhoneNumber("4917600000"),
                destination=library.PhoneNumber(f"{4917600000000 + n}"),
            )
        )
    await done.wait()
    running.cancel()


async def smpplib(port: int, messages: int) -> None:
    """smpplib: synchronous, so it is sent a window full, then as many answers are read."""
    import smpplib.client  # type: ignore[import-untyped]  # noqa: PLC0415 - measured where installed
    from smpplib import consts  # noqa: PLC0415

    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.set_message_sent_handler(lambda _pdu: None)
    client.connect()
    client.bind_transceiver(system_id="bench", password=NO_PASSWORD)
    for start in range(0, messages, WINDOW):
        for n in range(start, start + WINDOW):
            client.send_message(
                source_addr_ton=consts.SMPP_TON_ALNUM, source_addr="Muster", dest_addr_ton=consts.SMPP_TON_INTL,
                destination_addr=f"{4917600000000 + n}", short_message=b"Your refund %d is on its way" % n,
                registered_delivery=True,
            )  # fmt: skip
        for _ in range(WINDOW):
            client.read_once()


CLIENTS: tuple[Callable[[int, int], Awaitable[None]], ...] = (bare, smpplib, aiosmpplib, smpp34)


def main() -> None:
    """Print one line a client."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{Path(__file__).name}: {messages} messages, window {WINDOW}")
    reference = 0.0
    for client in CLIENTS:
        if client is not bare and importlib.util.find_spec(client.__name__) is None:
            print(f"  {client.__name__:12} not installed")
            continue
        with peer() as port:
            started = time.perf_counter()
            uvloop.run(client(port, messages))  # type: ignore[arg-type]  # all are coroutine functions
            rate = messages / (time.perf_counter() - started)
        reference = reference or rate
        print(f"  {client.__name__:12} {rate:10,.0f}/s   {rate / reference:.2f} of the bare client")


if __name__ == "__main__":
    main()
