"""Keeping one session up: connect, bind, watch, and again with growing pauses."""

import asyncio
import random
import ssl
from collections.abc import Callable

import structlog

from muster.channels.smpp import codes
from muster.channels.smpp.link import Exchange, Link
from muster.channels.smpp.options import SmppOptions
from muster.channels.smpp.pdu import Bind as BindBody
from muster.channels.smpp.pdu import Command, write_bind
from muster.channels.smpp.session import BOUND
from muster.domain.errors import ChannelDown

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 30.0
_GOODBYE_SECONDS = 2.0

_log = structlog.get_logger()


class Bind:
    """One bind of an account, reconnected for as long as `run` runs."""

    def __init__(
        self, exchange: Exchange, options: SmppOptions, *, command: Command, changed: Callable[[], None]
    ) -> None:
        self._exchange = exchange
        self._options = options
        self._command = command
        self._changed = changed
        self._tls = _context(options)
        self.link: Link | None = None
        self.problem = ""
        """Why there is no session; empty while there is one, or before the first attempt ended."""

    async def run(self) -> None:
        """Keep the session up until cancelled."""
        failures = 0
        while True:
            try:
                link = await self._open()
            except (ChannelDown, OSError) as problem:
                failures += 1
                self.problem = str(problem) or type(problem).__name__
                _log.info("smpp_bind_failed", problem=self.problem, failures=failures)
            else:
                failures, self.problem = 0, ""
                self.link = link
                self._changed()
                link.pump()
                await self._watch(link)
                self.link, self.problem = None, "The connection was lost."
                _log.info("smpp_bind_lost")
            self._changed()
            await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - jitter is no secret

    async def close(self) -> None:
        """Unbind and close; a peer that does not answer is left after two seconds."""
        link = self.link
        if link is None:
            return
        link.unbind()
        await asyncio.wait({link.closed}, timeout=_GOODBYE_SECONDS)
        link.abort()

    async def _open(self) -> Link:
        """A bound link. Raises OSError (TimeoutError included) or ChannelDown."""
        options = self._options
        body = write_bind(
            BindBody(system_id=options.system_id, password=options.password, system_type=options.system_type)
        )
        link: Link | None = None
        try:
            async with asyncio.timeout(options.connect_timeout):
                _, link = await asyncio.get_running_loop().create_connection(
                    lambda: Link(self._exchange, command=self._command, bind=body, window=options.window),
                    options.host,
                    options.port,
                    ssl=self._tls,
                )
                status = await link.bound
        except BaseException:
            if link is not None:
                link.abort()
            raise
        if status or link.state not in BOUND:
            link.abort()
            row = codes.meaning(status or codes.NOT_BOUND)
            raise ChannelDown(f"{row.sentence} ({row.name})")
        return link

    async def _watch(self, link: Link) -> None:
        options = self._options
        every = min(1.0, options.response_timeout / 4, options.enquire_link / 4)
        try:
            while not link.closed.done():
                await asyncio.wait({link.closed}, timeout=every)
                link.tick(enquire_after=options.enquire_link, give_up_after=options.response_timeout)
        finally:
            link.abort()


def pause(failures: int, chance: float) -> float:
    """Seconds before the next attempt after `failures` in a row; `chance` (0 to 1) spreads many nodes over time."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))
    return longest * (0.5 + chance / 2)


def _context(options: SmppOptions) -> ssl.SSLContext | None:
    return ssl.create_default_context(cadata=options.tls_ca) if options.tls else None
