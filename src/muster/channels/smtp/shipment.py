"""One call of carry, and one letter on its way. Pure; no task and no future per letter."""

from collections.abc import Callable

from muster.channels.smtp.address import Mailbox
from muster.channels.smtp.compose import Composed, Wire
from muster.domain.outcome import Outcome, Unknown, Unsent
from muster.domain.parcel import Parcel


class Shipment:
    """The parcels of one call and what became of each; `finished` is called once, when all have an outcome."""

    __slots__ = ("_finished", "closed", "gone", "left", "outcomes")

    def __init__(self, count: int, *, finished: Callable[[], None]) -> None:
        self._finished = finished
        self.outcomes: list[Outcome | None] = [None] * count
        self.left = count
        self.closed = False
        """Nothing of it may leave any more."""
        self.gone: dict[int, str] = {}
        """The refs of those whose final dot may have reached the server, by index."""

    def expire(self, code: str, detail: str) -> None:
        """Time is up: what may have left is Unknown, what has not is Unsent, and will not leave."""
        self.closed = True
        for index, outcome in enumerate(self.outcomes):
            if outcome is None:
                ref = self.gone.get(index)
                self.settle(index, Unsent(code, detail) if ref is None else Unknown(code, detail, (ref,)))

    def settle(self, index: int, outcome: Outcome) -> bool:
        """The parcel's outcome is known; the first one stands. Whether it is this one."""
        if self.outcomes[index] is not None:
            return False
        self.outcomes[index] = outcome
        self.left -= 1
        if not self.left:
            self.closed = True
            self._finished()
        return True


class Mail:
    """One letter to one recipient, until its outcome is known."""

    __slots__ = ("_index", "composed", "mailbox", "parcel", "repeated", "returns_to", "shipment", "tries", "wire")

    def __init__(self, shipment: Shipment, index: int, *, parcel: Parcel, composed: Composed, mailbox: Mailbox) -> None:
        self.shipment = shipment
        self._index = index
        self.parcel = parcel
        self.composed = composed
        self.mailbox = mailbox
        self.returns_to = b""
        """The address in MAIL; known once it is written."""
        self.wire: Wire | None = None
        self.tries = 0
        """How many sessions ended before any of it left."""
        self.repeated = False
        """Whether its entry is sent again while the answer to this one is open."""

    @property
    def ref(self) -> str:
        """How receipts will speak of it."""
        return f"{self.parcel.key}/{self.parcel.attempt}"

    def leaves(self) -> None:
        """Its final dot is written next: from now on nobody may say that it did not leave."""
        self.shipment.gone[self._index] = self.ref

    @property
    def settled(self) -> bool:
        """Whether it has an outcome."""
        return self.shipment.outcomes[self._index] is not None

    def settle(self, outcome: Outcome) -> bool:
        """Its outcome is known; the first one stands. Whether it is this one."""
        return self.shipment.settle(self._index, outcome)
