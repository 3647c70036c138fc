"""The sandbox as a channel."""

import asyncio
import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from muster.channels.sandbox.behaviour import Behaviour, Delay, behaviour_of, letter_behaviour_of, segments_of
from muster.channels.sandbox.options import SandboxOptions, read_options
from muster.channels.sandbox.pace import Pace
from muster.channels.sandbox.postman import Postman
from muster.domain.errors import ChannelDown
from muster.domain.outcome import Carried, Outcome, Unknown, Unsent
from muster.domain.parcel import Parcel
from muster.domain.receipt import Receipt, Verdict
from muster.domain.reply import Reply
from muster.ports.channel import ReceiptSink
from muster.ports.clock import Clock
from muster.ports.replies import ReplySink

_COUNTED_KEYS = 100_000
"""For how many parcels that fail first their failures are remembered; the longest unseen are forgotten."""
_CLOSING_S = 5.0

_Letter = tuple[str, Verdict, str]
"""A receipt before its time: ref, verdict and code."""
_Answer = tuple[str, str]
"""A reply before its time: who sends it, and the text."""


class SandboxMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One parcel the sandbox saw, for whoever tries Muster out. `behaviour` names what its address asked for."""

    key: str
    address: str
    text: str
    subject: str = ""
    """A letter's; empty for short texts."""
    repeat: bool
    behaviour: str
    outcome: str
    """`Carried`, `Deferred`, `Refused`, `Unknown` or `Unsent`."""
    at: datetime


async def open_sandbox(
    options: Mapping[str, str], *, receipts: ReceiptSink, replies: ReplySink | None = None, clock: Clock
) -> "SandboxChannel":
    """Open a sandbox that tells `receipts` its news, and `replies` (None: nobody) what people send back.

    Raises BadInput naming every fault in `options`.
    """
    channel = SandboxChannel(read_options(options), receipts=receipts, replies=replies, clock=clock)
    channel.start()
    return channel


class SandboxChannel:
    """Fulfils ports.channel without a provider. Nothing it knows outlives it but the refs, which never come twice."""

    def __init__(
        self, options: SandboxOptions, *, receipts: ReceiptSink, replies: ReplySink | None = None, clock: Clock
    ) -> None:
        loop = asyncio.get_running_loop()
        self._options = options
        self._clock = clock
        self._pace = Pace(options.rate, loop.time)
        self._postman = Postman[_Letter](_teller(receipts, clock), loop.time)
        self._people = None if replies is None else Postman[_Answer](_talker(replies, clock), loop.time)
        self._ref_prefix = secrets.token_hex(5)
        self._ref_number = 0
        self._failures: OrderedDict[str, int] = OrderedDict()
        self._outbox: deque[SandboxMessage] = deque(maxlen=options.keep)
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def start(self) -> None:
        """Begin to deliver receipts and replies."""
        self._postman.start()
        if self._people is not None:
            self._people.start()

    async def carry(self, parcels: Sequence[Parcel], *, deadline: datetime) -> Sequence[Outcome]:
        """Hand over `parcels`: one outcome each, in the same order; see ports.channel."""
        if self._closed:
            raise ChannelDown("The sandbox is closed.")
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._carry(parcels, (deadline - self._clock.now()).total_seconds())
        finally:
            self._under_way -= 1
            if self._under_way == 0:
                self._idle.set()

    async def close(self) -> None:
        """Wait for parcels under way, then deliver at once what is still to come. May be repeated."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await self._idle.wait()
        await self._postman.close(within=_CLOSING_S)
        if self._people is not None:
            await self._people.close(within=_CLOSING_S)

    @property
    def healthy(self) -> bool:
        """Whether it is open."""
        return not self._closed

    def outbox(self) -> Sequence[SandboxMessage]:
        """List the last messages, newest first; those that time ran out for are not among them."""
        return tuple(reversed(self._outbox))

    async def _carry(self, parcels: Sequence[Parcel], seconds: float) -> Sequence[Outcome]:
        possible, wait = self._pace.book(len(parcels), within=seconds)
        await asyncio.sleep(wait)
        answer_s = self._options.answer_ms / 1000
        outcomes: list[Outcome] = []
        letters: dict[Delay, list[_Letter]] = {delay: [] for delay in Delay}
        behaviours = [_behaviour(parcel) for parcel in parcels[:possible]]
        for parcel, behaviour in zip(parcels, behaviours, strict=False):
            outcomes.append(self._outcome(parcel, behaviour, letters))
        self._keep(parcels, behaviours, outcomes)
        self._postman.post(letters[Delay.NORMAL], after=answer_s + self._options.delay_ms / 1000)
        self._postman.post(letters[Delay.LATE], after=answer_s + self._options.late_ms / 1000)
        self._let_people_reply(parcels, behaviours, outcomes)
        await self._postman.deliver(letters[Delay.EARLY])
        left = seconds - wait
        await asyncio.sleep(min(answer_s, max(0.0, left)))
        if answer_s and answer_s > left:
            outcomes = [_unanswered(outcome) for outcome in outcomes]
        too_late = len(parcels) - possible
        return outcomes + [Unsent("deadline", "Time ran out before it left.")] * too_late

    def _outcome(self, parcel: Parcel, behaviour: Behaviour, letters: Mapping[Delay, list[_Letter]]) -> Outcome:
        if behaviour.failure is not None and not (behaviour.passes and self._has_passed(parcel.key)):
            return behaviour.failure
        if behaviour.lost is not None and not behaviour.news:
            return behaviour.lost
        # A letter's ref is not the provider's but ours, as over SMTP: it stands in the address that it is returned to.
        is_letter = parcel.letter is not None
        refs = (f"{parcel.key}/{parcel.attempt}",) if is_letter else self._refs(segments_of(parcel.text))
        for news in behaviour.news:
            letters[news.delay].extend((ref, news.verdict, news.code) for ref in refs)
        if behaviour.lost is not None:
            return Unknown(behaviour.lost.code, behaviour.lost.detail, refs)
        return Carried(refs, len(refs), behaviour.confirmed, presumed=is_letter and not behaviour.confirmed)

    def _let_people_reply(
        self, parcels: Sequence[Parcel], behaviours: Sequence[Behaviour], outcomes: Sequence[Outcome]
    ) -> None:
        """Post what those who got a message send back."""
        if self._people is None:
            return
        for parcel, behaviour, outcome in zip(parcels, behaviours, outcomes, strict=False):
            if isinstance(outcome, Carried):
                for words in behaviour.replies:
                    wait_ms = self._options.late_ms if words.delay is Delay.LATE else self._options.delay_ms
                    answer = (parcel.address, words.text)
                    self._people.post([answer], after=(self._options.answer_ms + wait_ms) / 1000)

    def _has_passed(self, key: str) -> bool:
        """Count one more attempt for `key`: whether its failures are over."""
        failures = self._failures.pop(key, 0)
        if failures >= self._options.fail_times:
            return True
        self._failures[key] = failures + 1
        if len(self._failures) > _COUNTED_KEYS:
            self._failures.popitem(last=False)
        return False

    def _refs(self, count: int) -> tuple[str, ...]:
        first = self._ref_number
        self._ref_number += count
        return tuple(f"{self._ref_prefix}{number:x}" for number in range(first, first + count))

    def _keep(self, parcels: Sequence[Parcel], behaviours: Sequence[Behaviour], outcomes: Sequence[Outcome]) -> None:
        now = self._clock.now()
        for index in range(max(0, len(outcomes) - self._options.keep), len(outcomes)):
            parcel = parcels[index]
            message = SandboxMessage(
                key=parcel.key,
                address=parcel.address,
                text=parcel.letter.text if parcel.letter else parcel.text,
                subject=parcel.letter.subject if parcel.letter else "",
                repeat=parcel.repeat,
                behaviour=behaviours[index].name,
                outcome=type(outcomes[index]).__name__,
                at=now,
            )
            self._outbox.append(message)


def _behaviour(parcel: Parcel) -> Behaviour:
    return behaviour_of(parcel.address) if parcel.letter is None else letter_behaviour_of(parcel.address)


def _teller(sink: ReceiptSink, clock: Clock) -> Callable[[Sequence[_Letter]], Awaitable[None]]:
    """Make receipts of letters whose time has come."""

    async def tell(letters: Sequence[_Letter]) -> None:
        now = clock.now()
        await sink([Receipt(ref=ref, verdict=verdict, code=code, received_at=now) for ref, verdict, code in letters])

    return tell


def _talker(sink: ReplySink, clock: Clock) -> Callable[[Sequence[_Answer]], Awaitable[None]]:
    """Make replies of answers whose time has come."""

    async def tell(answers: Sequence[_Answer]) -> None:
        now = clock.now()
        await sink([Reply(sender=sender, recipient="", text=text, received_at=now) for sender, text in answers])

    return tell


def _unanswered(outcome: Outcome) -> Outcome:
    """Tell what is known of a parcel that left and whose answer had not come at the deadline."""
    if isinstance(outcome, Unsent):
        return outcome
    return Unknown("deadline", "The provider had not answered when time ran out.")
