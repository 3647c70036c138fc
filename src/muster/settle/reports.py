"""Late news of one message that somebody tells by hand or by another program, and not a channel."""

from muster.domain.errors import WrongState
from muster.domain.ids import MessageNumber
from muster.domain.receipt import Receipt, Verdict
from muster.domain.tenant import Principal
from muster.ports.clock import Clock
from muster.ports.store.unit import Store
from muster.settle.receipts import ReceiptDesk


class Reports:
    """Takes what e-mail providers tell by other ways than mail. It goes the way of every receipt."""

    def __init__(self, store: Store, desk: ReceiptDesk, clock: Clock) -> None:
        self._store = store
        self._desk = desk
        self._clock = clock

    async def tell(self, who: Principal, number: MessageNumber, verdict: Verdict, *, reason: str = "") -> None:
        """Believe `verdict` of the message. `reason`: the provider's words for it, of one line.

        What was told before, or is less grave than that (`domain.receipt.GRAVITY`), changes nothing. The caller has
        seen to it that `who` may. Raises NotFound; WrongState for a message that did not leave.
        """
        now, tenant = self._clock.now(), who.tenant
        async with self._store.begin() as tx:
            passages = await tx.receipts.passages(tenant, await tx.messages.positions(tenant, [number]))
            if not passages:
                raise WrongState("The message was not sent, so there can be no news of it")
            (one,) = passages
            receipt = Receipt(ref=one.ref, verdict=verdict, code=reason, received_at=now)
            told = await self._desk.take(tx, tenant, one.channel, receipts=[receipt])
            if any((match.batch, match.position) == (one.batch, one.position) for match in told):
                await tx.outbox.audit(
                    tenant, who.id, "message:report", subject=str(number), detail=verdict.value, at=now
                )
