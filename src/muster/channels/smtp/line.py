"""One of a channel's places for a session: opened when letters wait, opened again when it is lost."""

import asyncio
import random
import ssl
from typing import Protocol

import structlog

from muster.channels.smtp.opening import open_session
from muster.channels.smtp.options import SmtpOptions
from muster.channels.smtp.session import Post, Session
from muster.domain.errors import ChannelDown

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 30.0
_IDLE_SECONDS = 30.0
_GOODBYE_SECONDS = 2.0
_BROKEN = "A session with the mail server ended in an error of this program; its log has it."

_log = structlog.get_logger()


class Office(Post, Protocol):
    """What a line needs of its channel beside what its session does."""

    @property
    def listens(self) -> bool:
        """Whether somebody wants to be told what comes late."""
        ...

    def opened(self, session: Session) -> None:
        """A session stands."""
        ...

    def failed(self) -> None:
        """A session could not be opened; the line rests for a while."""
        ...

    def rested(self) -> None:
        """The line is ready to open a session again."""
        ...


class Line:
    """Runs as one task of the channel, for as long as that lives."""

    def __init__(self, office: Office, options: SmtpOptions, *, tls: ssl.SSLContext | None) -> None:
        self._office = office
        self._options = options
        self._tls = tls
        self._wanted = asyncio.Event()
        self.session: Session | None = None
        self.pausing = False
        """Whether it waits after a failure."""
        self.problem = ""
        """Why the last attempt failed; empty after a good one."""

    @property
    def useful(self) -> bool:
        """Whether it has a session that takes letters, or soon may."""
        return self.opening or (self.session is not None and not self.session.late)

    @property
    def late(self) -> bool:
        """Whether its session only waits for an answer that is overdue."""
        return self.session is not None and self.session.late

    @property
    def opening(self) -> bool:
        """Whether a session is on its way."""
        return self._wanted.is_set() and self.session is None and not self.pausing

    @property
    def resting(self) -> bool:
        """Whether it has no session, and could open one."""
        return self.session is None and not self._wanted.is_set() and not self.pausing

    def want(self) -> None:
        """Open a session."""
        self._wanted.set()

    async def run(self) -> None:
        """Open sessions as they are wanted, until cancelled."""
        failures = 0
        while True:
            await self._wanted.wait()
            try:
                session = await open_session(self._options, self._office, tls=self._tls)
                failures, self.problem = 0, ""
                await self._hold(session)
            except ChannelDown as problem:
                failures += 1
                self.problem = problem.message
                await self._pause(failures)
            except Exception:  # noqa: BLE001 - this task's outermost loop
                # Nobody awaits the task: it would end without a word, and the line count as opening a session for ever.
                _log.exception("smtp_session_broken")
                failures += 1
                self.problem = _BROKEN
                await self._pause(failures)
            self._office.rested()

    async def close(self) -> None:
        """Say goodbye; a server that does not answer is left after two seconds, one that owes an answer at once."""
        session = self.session
        if session is not None:
            if not session.late:
                session.quit()
                await asyncio.wait({session.closed}, timeout=_GOODBYE_SECONDS)
            session.abort()

    async def _pause(self, failures: int) -> None:
        _log.info("smtp_session_failed", problem=self.problem, failures=failures)
        self._wanted.clear()
        self.pausing = True
        self._office.failed()
        try:
            await asyncio.sleep(pause(failures, random.random()))  # noqa: S311 - jitter is no secret
        finally:
            self.pausing = False

    async def _hold(self, session: Session) -> None:
        """Watch over the session until it ends."""
        self.session = session
        options = self._options
        every = min(1.0, options.timeout / 4)
        # An answer that nobody would be told of is not worth the wait.
        wait_on_for = options.answer_timeout if self._office.listens else options.timeout
        try:
            self._office.opened(session)
            while not session.closed.done():
                await asyncio.wait({session.closed}, timeout=every)
                session.tick(give_up_after=options.timeout, wait_on_for=wait_on_for, idle_after=_IDLE_SECONDS)
        finally:
            session.abort()
            self.session = None
            self._wanted.clear()


def pause(failures: int, chance: float) -> float:
    """Seconds before the next attempt after `failures` in a row; `chance` (0 to 1) spreads many nodes over time."""
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))
    return longest * (0.5 + chance / 2)
