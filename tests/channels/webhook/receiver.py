"""A customer's web server on loopback that keeps what it is sent and answers as told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Arrival(msgspec.Struct, frozen=True):
    """One POST as it arrived."""

    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        """The message's name."""
        return self.headers["webhook-id"]

    @property
    def type(self) -> str:
        """The type in the envelope."""
        envelope = msgspec.json.decode(self.body, type=dict[str, object])
        return str(envelope["type"])


class Receiver:
    """`answers` are used up one a request; the last one stays."""

    def __init__(self) -> None:
        self.url = ""
        self.arrivals: list[Arrival] = []
        self.answers: list[Answer] = [answering(204)]
        self._news = asyncio.Event()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep the request and answer it."""
        self.arrivals.append(Arrival(request.path, await request.read(), dict(request.headers.items())))
        self._news.set()
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return await answer(request)

    async def until(self, arrived: Callable[[Arrival], bool]) -> None:
        """Wait for a message that fits."""
        while not any(arrived(one) for one in self.arrivals):
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens on a free port of 127.0.0.1."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def answering(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    """Always this answer."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers=headers, body=body)

    return answer


def pouring(piece: bytes, *, pause_s: float, pieces: int) -> Answer:
    """200, and then a body of `pieces`, one every `pause_s` seconds."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(pieces):
            await response.write(piece)
            await asyncio.sleep(pause_s)
        return response

    return answer
