"""What people send back: who wants to hear nothing more, and who wants to hear again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from muster.domain.ids import ChannelId, TenantId
from muster.domain.reply import Reply, Wish, wish_of
from muster.ports.clock import Clock
from muster.ports.meter import Meter
from muster.ports.replies import ReplySink
from muster.ports.store.suppressions import Suppression
from muster.ports.store.unit import Store, Transaction

SOURCE: Final = "reply STOP"
"""Why an address is on the list that a reply put there."""
_OWN: Final = frozenset({"reply", "link"})
"""The first word of the sources that stand for the customer's own wish: a reply, or the page behind a link."""


class ReplyDesk:
    """Takes replies from channels and keeps the tenant's list of whom not to reach by them.

    A reply that asks to hear again takes back only what its sender asked for before, by reply or on the page. What the
    operator or the business listed by hand stays: it may stand there for a reason that is not the customer's to lift,
    such as a court order, a number that changed hands, or a complaint made by letter.
    """

    def __init__(self, store: Store, clock: Clock, meter: Meter, *, comparable: Callable[[str], str]) -> None:
        """`comparable` brings a number into the form in which recipients are compared."""
        self._store = store
        self._clock = clock
        self._meter = meter
        self._comparable = comparable

    def sink(self, tenant: TenantId, channel: ChannelId) -> ReplySink:
        """Where the channel puts replies: what they ask for is durable when it returns. Taken twice does no harm."""
        del channel  # A wish holds for every channel of the account.

        async def take(replies: Sequence[Reply]) -> None:
            wishes = self._wishes(replies)
            if wishes:
                async with self._store.begin() as tx:
                    await _fulfil(tx, tenant, wishes, at=self._clock.now())
            self._meter.count("replies", len(replies))

        return take

    def _wishes(self, replies: Sequence[Reply]) -> Mapping[str, Wish]:
        """The last wish of each sender, by comparable number."""
        wishes: dict[str, Wish] = {}
        for reply in replies:
            wish = wish_of(reply.text)
            if wish is not None and reply.sender:
                self._meter.count("reply_wishes", wish=wish.value)
                wishes[self._comparable(reply.sender)] = wish
        return wishes


async def _fulfil(tx: Transaction, tenant: TenantId, wishes: Mapping[str, Wish], *, at: datetime) -> None:
    stops = [address for address, wish in wishes.items() if wish is Wish.STOP]
    starts = [address for address, wish in wishes.items() if wish is Wish.START]
    if stops:
        added = [Suppression(address=address, source=SOURCE, created_at=at) for address in stops]
        new = await tx.suppressions.add(tenant, added)
        if new:
            detail = f"{new} new of {len(stops)}"
            await tx.outbox.audit(tenant, None, "suppression:add", subject=SOURCE, detail=detail, at=at)
    if starts:
        listed = await tx.suppressions.among(tenant, starts)
        own = sorted(address for address, source in listed.items() if source.partition(" ")[0] in _OWN)
        removed = await tx.suppressions.remove(tenant, own) if own else 0
        if removed:
            detail = f"{removed} of {len(starts)}"
            await tx.outbox.audit(tenant, None, "suppression:remove", subject="reply START", detail=detail, at=at)
