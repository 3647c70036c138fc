"""The SMTP channel: one account at one mail server, several sessions, one queue."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec

from muster.channels.smtp import verp
from muster.channels.smtp.address import Mailbox, ascii_domain, read_address
from muster.channels.smtp.compose import Composed, Stationery
from muster.channels.smtp.dkim import Signer, read_key
from muster.channels.smtp.late import LateAnswers
from muster.channels.smtp.letters import Letters
from muster.channels.smtp.line import Line
from muster.channels.smtp.opening import context_of
from muster.channels.smtp.options import SmtpOptions
from muster.channels.smtp.reply import Reply
from muster.channels.smtp.session import Session
from muster.channels.smtp.shipment import Mail, Shipment
from muster.channels.smtp.throttle import Throttle
from muster.domain.errors import ChannelDown, NotFound, Unavailable
from muster.domain.ids import ChannelId, TenantId
from muster.domain.letter import Letter
from muster.domain.outcome import Deferred, Outcome, Refused, Unsent
from muster.domain.parcel import Parcel
from muster.ports.channel import ReceiptSink
from muster.ports.clock import Clock
from muster.ports.files import Files
from muster.ports.meter import Meter

_GOODBYE_SECONDS = 5.0
_KEEPING_SECONDS = 2.0
_SIGNED_AT_ONCE = 16
"""Letters signed by one turn of a thread, where signing takes long: the next ones are signed while these leave."""
_TRIES = 2
"""Sessions that may end on a letter before any of it left."""
_NOT_SENT = Unsent("connection_lost", "The connection was gone before the message left.")
_NOT_FREE = Unsent(
    "no_session_free", "Every session waits for an overdue answer of the mail server.", timedelta(seconds=30)
)
_TOO_LATE = ("too_late", "The time for handing over ran out.")
_NO_LETTER = Refused("no_letter", "An e-mail channel carries letters only.")
_BAD_ADDRESS = Refused("invalid_address", "This is no e-mail address.")
_BAD_LINK = Refused("invalid_link", "The link to opt out cannot stand in a message.")
_NO_SMTPUTF8 = Refused("no_smtputf8", "The mail server cannot take addresses beyond ASCII (it lacks SMTPUTF8).")
_TOO_LARGE = Refused("message_too_large", "The message is larger than the mail server takes.")
_NO_FILE = Refused("attachment_missing", "A file that goes with the message is not there.")
_FILES_AWAY = Unsent("attachment_unavailable", "A file that goes with the message cannot be read at present.")
_THROTTLED = "More messages wait for this domain than may leave in time."
_CLOSING = Deferred("service_closing", "The mail server closes every session it opens.", timedelta(minutes=1))


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """What the return paths of a channel are made of."""

    key: bytes
    """Proves that a return path is ours."""
    tenant: TenantId
    channel: ChannelId


class SmtpChannel:
    """Fulfils ports.channel.Channel. Sessions are opened when letters wait, and closed when idle for half a minute."""

    def __init__(
        self,
        options: SmtpOptions,
        clock: Clock,
        *,
        files: Files,
        returns: Return,
        meter: Meter | None = None,
        receipts: ReceiptSink | None = None,
    ) -> None:
        """`receipts` is told what a server answers late; None: such answers are not waited for."""
        self._options = options
        self._clock = clock
        self._meter = meter
        self._returns = returns
        stationery = _stationery(options)
        self._letters = Letters(files, stationery)
        self._signs_slowly = stationery.signer is not None and stationery.signer.slow
        self._sender = f"{options.sender.rpartition('@')[0]}@{_domain_of(options)}".encode()
        self._return_domain = (ascii_domain(options.return_domain) or "").encode("ascii")
        self._queue: Throttle[Mail] = Throttle(
            rate=options.rate, per_domain_rate=options.per_domain_rate, at_once=options.per_domain_connections
        )
        self._late = LateAnswers(receipts, clock) if receipts is not None else None
        self._shipments: set[Shipment] = set()
        self._lines: list[Line] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._timer: tuple[float, asyncio.Handle] | None = None
        self._closing = False

    # The port.

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        """See ports.channel.Channel."""
        self._open()
        if not self.healthy:
            if self._closing or not any(line.late for line in self._lines):
                raise ChannelDown(self._problem())
            return [_NOT_FREE] * len(parcels)
        seconds = (deadline - self._clock.now()).total_seconds()
        if seconds <= 0:
            return [Unsent(*_TOO_LATE)] * len(parcels)
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        done: asyncio.Future[None] = loop.create_future()
        shipment = Shipment(len(parcels), finished=partial(_end, done))
        self._shipments.add(shipment)
        timer = loop.call_at(until, shipment.expire, *_TOO_LATE)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._post(shipment, parcels, until=until)
            if shipment.left:
                await done
        finally:
            # Also when we are cancelled: what waits of it then never leaves, and what left counts as unknown.
            timer.cancel()
            shipment.expire(*_TOO_LATE)
            self._shipments.discard(shipment)
        outcomes = [outcome for outcome in shipment.outcomes if outcome is not None]
        if outcomes and all(outcome is _NOT_SENT for outcome in outcomes):
            raise ChannelDown(self._problem())
        return outcomes

    async def close(self) -> None:
        """See ports.channel.Channel."""
        self._closing = True
        loop = asyncio.get_running_loop()
        until = loop.time() + _GOODBYE_SECONDS
        # Every call that ends would have to set an event, for something that happens once in a channel's life.
        while self._shipments and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        self._give_up(_NOT_SENT)
        await asyncio.gather(*(line.close() for line in self._lines))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._late is not None:
            await self._late.close(within=_KEEPING_SECONDS)
        if self._timer is not None:
            self._timer[1].cancel()

    @property
    def healthy(self) -> bool:
        """See ports.channel.Channel."""
        if self._closing:
            return False
        if not self._lines or any(line.useful for line in self._lines):
            return True
        # A line that pauses speaks for all, unless one is open: a server may allow fewer connections than are set.
        return any(line.resting for line in self._lines) and not any(line.pausing for line in self._lines)

    # What sessions and lines ask for (line.Office).

    def take(self, session: Session) -> Mail | None:
        """The next letter that may leave and that this session can take."""
        loop = asyncio.get_running_loop()
        while (mail := self._queue.take(now=loop.time())) is not None:
            if mail.shipment.closed:
                self._queue.done(mail.mailbox.domain)
                continue
            refusal = self._written(mail, session)
            if refusal is None:
                return mail
            mail.settle(refusal)
            self._queue.done(mail.mailbox.domain)
        self._wake_later()
        return None

    def put_back(self, mail: Mail, *, why: str) -> None:
        """Nothing of it left: another session may take it, once."""
        mail.tries += 1
        self._queue.done(mail.mailbox.domain)
        if mail.shipment.closed:
            return
        if mail.tries < _TRIES and not self._closing:
            self._queue.put_back(mail.mailbox.domain, mail)
            self._wake()
        else:
            mail.settle(_CLOSING if why == "service_closing" else Unsent(why, _NOT_SENT.detail))

    def late(self, mail: Mail, reply: Reply) -> None:
        """The answer to its final dot came too late for its call."""
        if self._late is not None:
            self._late.add(mail, reply)

    def stalled(self) -> None:
        """A session waits for an overdue answer. When all of them do, what waits here had better come back later."""
        if not any(line.useful or line.resting for line in self._lines):
            self._give_up(_NOT_FREE)

    def gone(self, mail: Mail) -> None:
        """It is no longer under way: a place for another one to its domain."""
        if self._options.per_domain_connections is not None:
            self._queue.done(mail.mailbox.domain)
            self._wake()

    def lost(self, session: Session) -> None:
        """A session ended."""
        del session
        self.count("smtp_sessions_ended")

    def opened(self, session: Session) -> None:
        """A session stands: it takes what waits."""
        self.count("smtp_sessions")
        session.pump()

    def failed(self) -> None:
        """No session. When none is left and none on its way, nothing that waits can leave."""
        self.count("smtp_sessions_failed")
        if not any(line.useful for line in self._lines):
            self._give_up(_NOT_FREE if any(line.late for line in self._lines) else _NOT_SENT)

    @property
    def listens(self) -> bool:
        """Whether late answers are told to anybody."""
        return self._late is not None

    def rested(self) -> None:
        """A line may open a session again."""
        self._wake()

    def count(self, name: str, amount: float = 1) -> None:
        """Count something for whoever watches."""
        if self._meter is not None:
            self._meter.count(name, amount)

    # Inside.

    def _open(self) -> None:
        if self._lines or self._closing:
            return
        tls: ssl.SSLContext | None = context_of(self._options)
        self._lines = [Line(self, self._options, tls=tls) for _ in range(self._options.connections)]
        self._tasks = [asyncio.create_task(line.run()) for line in self._lines]

    async def _post(self, shipment: Shipment, parcels: Sequence[Parcel], *, until: float) -> None:
        """Put the parcels into the queue; those that cannot leave have their outcome at once."""
        mails = await self._mails(shipment, parcels)
        self._mark_repeats(mails)
        beyond: Counter[str] = Counter()
        step = _SIGNED_AT_ONCE if self._signs_slowly else len(mails) or 1
        for at in range(0, len(mails), step):
            some = mails[at : at + step]
            if self._signs_slowly:
                await asyncio.to_thread(self._write_all, some)
            for mail in some:
                self._put(mail, until=until, beyond=beyond)
            self._wake()

    async def _mails(self, shipment: Shipment, parcels: Sequence[Parcel]) -> list[Mail]:
        """The parcels that can leave, each with its letter composed."""
        letters: dict[str, Composed | Refused | Unsent] = {}
        mails: list[Mail] = []
        for index, parcel in enumerate(parcels):
            letter, mailbox = parcel.letter, read_address(parcel.address)
            if letter is None or mailbox is None:
                shipment.settle(index, _NO_LETTER if letter is None else _BAD_ADDRESS)
                continue
            composed = letters.get(letter.key)
            if composed is None:
                composed = letters[letter.key] = await self._composed(letter)
            if isinstance(composed, Composed):
                mails.append(Mail(shipment, index, parcel=parcel, composed=composed, mailbox=mailbox))
            else:
                shipment.settle(index, composed)
        return mails

    def _mark_repeats(self, mails: Sequence[Mail]) -> None:
        """Note of letters that still await their answer that these are sent for the same entries."""
        keys = {mail.parcel.key for mail in mails if mail.parcel.repeat}
        for line in self._lines if keys else ():
            awaited = line.session.awaited if line.session is not None else None
            if awaited is not None and awaited.parcel.key in keys:
                awaited.repeated = True

    async def _composed(self, letter: Letter) -> Composed | Refused | Unsent:
        try:
            return await self._letters.of(letter)
        except NotFound:
            return _NO_FILE
        except Unavailable:
            return _FILES_AWAY

    def _put(self, mail: Mail, *, until: float, beyond: Counter[str]) -> None:
        """Into the queue, or back with the time to wait where its turn comes too late."""
        domain = mail.mailbox.domain
        wait = self._queue.put(domain, mail, now=asyncio.get_running_loop().time(), until=until)
        if wait is not None:
            # Those that come back too late for this call come back one after the other.
            wait += beyond[domain] * self._queue.step()
            beyond[domain] += 1
            mail.settle(Unsent("domain_throttled", _THROTTLED, timedelta(seconds=wait)))

    def _written(self, mail: Mail, session: Session) -> Refused | None:
        """Write the message out for its recipient; why not, where this server cannot take it."""
        offers = session.offers
        if mail.mailbox.utf8 and not offers.smtputf8:
            return _NO_SMTPUTF8
        if mail.wire is None:
            self._write(mail)
        if mail.wire is None:
            return _BAD_LINK
        return _TOO_LARGE if offers.size is not None and mail.wire.size > offers.size else None

    def _write_all(self, mails: Sequence[Mail]) -> None:
        for mail in mails:
            self._write(mail)

    def _write(self, mail: Mail) -> None:
        """Splice the message; it stays without one where its link cannot be shown."""
        mail.returns_to = self._return_path(mail.parcel)
        mail.wire = mail.composed.addressed(mail.parcel, mail.mailbox, at=self._clock.now())

    def _return_path(self, parcel: Parcel) -> bytes:
        """Where the letter goes back to: an address of its own, or the sender where there can be none."""
        if not self._return_domain:
            return self._sender
        try:
            entry = UUID(parcel.key)
        except ValueError:
            return self._sender
        returns = self._returns
        returned = verp.Returned(tenant=returns.tenant, channel=returns.channel, entry=entry, attempt=parcel.attempt)
        local = verp.make(returns.key, returned)
        return self._sender if local is None else local.encode("ascii") + b"@" + self._return_domain

    def _wake(self) -> None:
        """Let idle sessions take what waits, and open as many more as there is work for."""
        for line in self._lines:
            if not self._queue:
                break
            if line.session is not None:
                line.session.pump()
        # A session that stands is still busy with what it has: each letter that waits is work for one more.
        wanted = len(self._queue) - sum(line.opening for line in self._lines)
        for line in self._lines:
            if wanted <= 0 or self._closing:
                break
            if line.resting:
                line.want()
                wanted -= 1
        self._wake_later()

    def _wake_later(self) -> None:
        """Come back when the next letter is due."""
        at = self._queue.due
        if at is None or self._closing:
            return
        if self._timer is not None:
            if self._timer[0] <= at:
                return
            self._timer[1].cancel()
        self._timer = at, asyncio.get_running_loop().call_at(at, self._woken)

    def _woken(self) -> None:
        self._timer = None
        self._queue.ripen(now=asyncio.get_running_loop().time())
        self._wake()

    def _give_up(self, why: Unsent) -> None:
        """Nothing that waits can leave."""
        for mail in self._queue.clear():
            mail.settle(why)

    def _problem(self) -> str:
        if self._closing:
            return "The channel is closing."
        problems = [line.problem for line in self._lines if line.problem]
        return problems[0] if problems else "The mail server cannot be reached."


def _stationery(options: SmtpOptions) -> Stationery:
    sender = Mailbox(options.sender.rpartition("@")[0], _domain_of(options))
    signer = None
    if options.dkim_key:
        domain = ascii_domain(options.dkim_domain) or options.dkim_domain
        signer = Signer(domain, options.dkim_selector, read_key(options.dkim_key))
    return Stationery(sender, options.sender_name, signer)


def _domain_of(options: SmtpOptions) -> str:
    name = options.sender.rpartition("@")[2]
    return ascii_domain(name) or name


def _end(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
