"""Answers that come after their letters were told as unknown: passed on as receipts."""

import asyncio
from collections.abc import Sequence

import structlog

from muster.channels.smtp import codes
from muster.channels.smtp.reply import Reply
from muster.channels.smtp.shipment import Mail
from muster.domain.outcome import Refused
from muster.domain.receipt import Receipt, Verdict
from muster.ports.channel import ReceiptSink
from muster.ports.clock import Clock

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 30.0
_TRIES = 20
"""Some eight minutes. What cannot be kept by then is given up: its entry stays unknown."""

_log = structlog.get_logger()


class LateAnswers:
    """Takes the answers at once, and keeps them until the sink has them."""

    def __init__(self, sink: ReceiptSink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._waiting: list[Receipt] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, mail: Mail, reply: Reply) -> None:
        """The final dot of `mail` was answered with `reply`."""
        verdict = verdict_of(reply)
        if verdict is not Verdict.ARRIVED and (mail.repeated or mail.parcel.repeat):
            # The other attempt may have arrived.
            return
        code = "" if verdict is Verdict.ARRIVED else codes.number(reply)
        self._waiting.append(Receipt(ref=mail.ref, verdict=verdict, code=code, received_at=self._clock.now()))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tell())

    async def close(self, *, within: float) -> None:
        """Let what is on its way be kept, for so many seconds at most."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=within)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _tell(self) -> None:
        """Until nothing waits."""
        tries = 0
        while self._waiting:
            some = tuple(self._waiting)
            if not await self._taken(some):
                tries += 1
                if tries < _TRIES:
                    await asyncio.sleep(min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**tries))
                    continue
                _log.error("smtp_late_answers_lost", answers=len(some))
            tries = 0
            del self._waiting[: len(some)]

    async def _taken(self, some: Sequence[Receipt]) -> bool:
        try:
            await self._sink(some)
        except Exception:  # noqa: BLE001 - this task's outermost loop: nobody awaits it, and no server tells this again
            _log.exception("smtp_late_answers_not_kept", answers=len(some))
            return False
        _log.info("smtp_late_answers", answers=len(some))
        return True


def verdict_of(reply: Reply) -> Verdict:
    """What a late answer says of its letter. One that is no success: the server has not taken it.

    BOUNCED and not RETURNED: it must not turn around what a second attempt has brought there.
    """
    if reply.positive:
        return Verdict.ARRIVED
    outcome = codes.failure(reply)
    return Verdict.GONE if isinstance(outcome, Refused) and outcome.gone else Verdict.BOUNCED
