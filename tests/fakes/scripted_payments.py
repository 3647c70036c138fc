"""An executor that does as the test says, and remembers what moved."""

from collections.abc import Awaitable, Callable

from muster.domain.errors import Unavailable
from muster.payments.sandbox import SandboxPayments
from muster.ports.payments import BankAccount, Card, Declined, Kept, MoneyOrder, Moved, Pending
from tests.fakes.clock import FakeClock


class Died(BaseException):
    """The process ends here."""


async def nothing() -> None:
    """What happens around a movement as a rule."""


class ScriptedPayments:
    """Fulfils ports.payments over the sandbox."""

    def __init__(self, clock: FakeClock) -> None:
        self._sandbox = SandboxPayments(clock)
        self.kept: list[Card | BankAccount] = []
        self.orders: list[MoneyOrder] = []
        """Every question, repeats too."""
        self.moved: dict[str, MoneyOrder] = {}
        """By key: a repeat moves nothing."""
        self.before: Callable[[], Awaitable[None]] = nothing
        self.after: Callable[[], Awaitable[None]] = nothing
        self.away = False
        self.decline_next = ""
        """The code the next order is declined with."""

    async def keep(self, details: Card | BankAccount) -> Kept | Declined:
        """The sandbox's answer."""
        if self.away:
            raise Unavailable("the executor is away")
        self.kept.append(details)
        return await self._sandbox.keep(details)

    async def move(self, order: MoneyOrder) -> Moved | Declined | Pending:
        """The sandbox's answer."""
        await self.before()
        self.orders.append(order)
        if self.away:
            raise Unavailable("the executor is away")
        code, self.decline_next = self.decline_next, ""
        if code:
            return Declined(code=code)
        result = await self._sandbox.move(order)
        if isinstance(result, Moved):
            self.moved.setdefault(order.key, order)
        await self.after()
        return result
