"""The web server: uvicorn inside our own event loop, stopped by us, closed to clients who never finish a head."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Generator
from typing import cast

import uvicorn
from litestar.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from muster.app.settings import Settings
from muster.domain.errors import Unavailable

_BACKLOG = 2048
_HEAD_BYTES = 64 << 10
"""The most bytes a request's line and headers may have together (RFC 6585, section 5)."""
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Listener:
    """Serves one ASGI application on one socket, which is bound when the listener is made."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._socket = _bind(settings.host, settings.port)
        config = uvicorn.Config(
            app,
            http=_protocol(settings.client_timeout_seconds),
            loop="none",
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            backlog=_BACKLOG,
            limit_concurrency=settings.connection_limit,
            timeout_keep_alive=round(settings.keep_alive_seconds),
            timeout_graceful_shutdown=max(1, round(settings.drain_seconds * 0.8)),
        )
        self._server = _Server(config)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections)

    async def run(self) -> None:
        """Serve until `stop`, then until the requests under way are answered."""
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Take no further connection or request."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to `app.process`."""
        yield


def _bind(host: str, port: int) -> socket.socket:
    """A socket on the address; raises Unavailable with what to do."""
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(info[0], socket.SOCK_STREAM)
    except OSError as exc:
        raise Unavailable(f"{host} is not an address of this machine: {exc.strerror}") from exc
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(info[4])
        # From here on clients are not refused: they wait until the loop takes them.
        bound.listen(_BACKLOG)
    except OSError as exc:
        bound.close()
        hint = ": another program listens there; choose another with --port" if exc.errno == errno.EADDRINUSE else ""
        raise Unavailable(f"cannot listen on {host}:{port} ({exc.strerror}){hint}") from exc
    bound.setblocking(False)  # noqa: FBT003 - the socket module's own signature
    return bound


def _protocol(patience: float) -> type[asyncio.Protocol]:
    """The protocol with its patience set."""
    return type("_Connection", (_PatientProtocol,), {"patience": patience})


class _PatientProtocol(HttpToolsProtocol):
    """A connection that is cut when a request's head takes longer than `patience` seconds or is too large."""

    patience: float
    _cut: Callable[[], object] | None = None
    _in_head = True
    _head_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        # Counted as it comes: the parser keeps a header to itself until it is whole.
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > _HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_came()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        self._head_came()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._cut = self.loop.call_later(self.patience, self.transport.close).cancel

    def _head_came(self) -> None:
        if self._cut is not None:
            self._cut()
            self._cut = None
