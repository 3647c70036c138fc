"""What a customer does with a link.

CONTRACT (the names and shapes below are fixed; bodies are being written; may be split over modules of this room).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from muster.domain.fault import Fault
from muster.domain.workflow import Workflow
from muster.kinds.workflow_batches.journey import Answers, Ask, Course, DeclineReason
from muster.ports.clock import Clock
from muster.ports.payments import Payments
from muster.ports.store.unit import Store


class Standing(StrEnum):
    """What the page shows."""

    ASKING = "asking"
    PAYING = "paying"
    """The payment is with the executor; nothing to do but wait."""
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow as its customer finds it."""

    workflow: Workflow
    course: Course
    answers: Answers
    standing: Standing
    """EXPIRED from the second its time is over, whether upkeep was there or not."""
    ask: Ask | None
    """What is asked now; None unless ASKING."""
    opted_out: bool
    customer_name: str


class Guide:
    """Answers one customer."""

    def __init__(self, store: Store, payments: Payments, clock: Clock) -> None:
        raise NotImplementedError

    async def find(self, token: str) -> Visit | None:
        """What stands behind a link; None for a token nobody was given. Changes nothing: a mere look (or a robot's)."""
        raise NotImplementedError

    async def answer(self, visit: Visit, step: int, form: Mapping[str, str]) -> Sequence[Fault]:
        """Take the form for `step`. Faults when something is wrong with it; empty when it was taken.

        Idempotent: a form for a step that is done (sent twice, or from an old page) is taken and changes nothing.
        Two at once: one wins, the other is taken and changes nothing.
        """
        raise NotImplementedError

    async def decline(self, visit: Visit, reason: DeclineReason) -> None:
        """The customer will not. Idempotent; nothing happens to a workflow that is over or paying."""
        raise NotImplementedError

    async def opt_out(self, visit: Visit) -> None:
        """Send this customer nothing more on behalf of this account."""
        raise NotImplementedError

    async def opt_in(self, visit: Visit) -> None:
        """Take it back."""
        raise NotImplementedError
