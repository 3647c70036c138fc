"""What is true of every HTTP request: it has an id, it is logged and measured, and its client may not dawdle."""

import asyncio
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import cast
from uuid import uuid4

import structlog
from litestar.enums import ScopeType
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPResponseStartEvent,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)
from structlog.contextvars import bind_contextvars, clear_contextvars

from muster.ports.meter import Meter

log = structlog.stdlib.get_logger(__name__)

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_HEADER = b"x-request-id"
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
_TOO_SLOW = b'{"code":"request_timeout","message":"The request was not sent in time."}'


class Traffic:
    """An ASGI application around another one.

    A body of which nothing arrives for `silence` seconds is given up and answered 408. The log names the route's
    template, never the path: paths hold tokens.
    """

    def __init__(self, app: ASGIApp, *, meter: Meter, monotonic: Callable[[], float], silence: float) -> None:
        self._app = app
        self._meter = meter
        self._monotonic = monotonic
        self._silence = silence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is not HTTP."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, silence=self._silence)
        began = self._monotonic()
        clear_contextvars()
        bind_contextvars(request=exchange.request_id)
        try:
            await exchange.run(self._app)
        finally:
            self._note(scope, exchange.status, self._monotonic() - began)
            clear_contextvars()

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        facts = cast("Mapping[str, object]", scope)
        template = str(facts.get("path_template") or "unmatched")
        given = str(facts.get("method"))
        method = given if given in _METHODS else "OTHER"
        self._meter.count("http_requests", method=method, route=template, status=str(status))
        self._meter.observe("http_request_seconds", seconds, method=method, route=template)
        note = log.debug if template in _QUIET else log.info
        note("request_answered", method=method, route=template, status=status, ms=round(seconds * 1000, 1))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Exchange:
    """One request and its answer, as they pass through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, silence: float) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._silence = silence
        self._body_ended = False
        self._gave_up = False
        self.status = 0
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        self.request_id = given.decode() if _ID.fullmatch(given) else str(uuid4())

    async def run(self, app: ASGIApp) -> None:
        try:
            await app(self._scope, self._patient_receive, self._marking_send)
        finally:
            if self._gave_up and not self.status:
                await self._say_too_slow()

    async def _patient_receive(self) -> HTTPReceiveMessage | WebSocketReceiveMessage:
        if self._body_ended:
            return await self._receive()
        try:
            async with asyncio.timeout(self._silence):
                message = await self._receive()
        except TimeoutError:
            self._gave_up = True
            return {"type": "http.disconnect"}
        self._body_ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _marking_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # A door may say 408 in its own words; whatever else it makes of half a body is not told.
            if self._gave_up and message["status"] != HTTPStatus.REQUEST_TIMEOUT:
                return
            # The framework's own answers bring a member of an enumeration.
            self.status = int(message["status"])
            ours = [(_HEADER, self.request_id.encode()), *([(b"connection", b"close")] if self._gave_up else [])]
            message = {**message, "headers": [*message["headers"], *ours]}
        elif not self.status:
            return
        await self._send(message)

    async def _say_too_slow(self) -> None:
        self.status = 408
        start: HTTPResponseStartEvent = {
            "type": "http.response.start",
            "status": 408,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(_TOO_SLOW)).encode()),
                (b"connection", b"close"),
                (_HEADER, self.request_id.encode()),
            ],
        }
        await self._send(start)
        await self._send({"type": "http.response.body", "body": _TOO_SLOW, "more_body": False})
