"""An executor that moves no money: what becomes of an order is told by the number that was entered."""

import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from muster.domain.errors import Unavailable
from muster.payments.numbers import BANK_ACCOUNTS, CARDS, Fate, brand
from muster.ports.clock import Clock
from muster.ports.payments import BankAccount, Card, Declined, Kept, MoneyOrder, Moved, Pending

DELAY: Final = timedelta(seconds=3)
"""How long a delayed order stays undecided, from when this process first heard of it."""
REMEMBERED: Final = 10_000
"""How many delayed orders are remembered; of the oldest it is forgotten when it was first heard of."""

_PREFIX: Final = "sbx"
_SUBTYPES: Final = {"CHECKING": "Checking", "SAVING": "Savings"}


class SandboxPayments:
    """Fulfils ports.payments. A token carries the fate of its account, never the number, so nothing is kept of it.

    In memory is only when a delayed order was first heard of: after a restart it is undecided once more.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: OrderedDict[str, datetime] = OrderedDict()

    async def keep(self, details: Card | BankAccount) -> Kept | Declined:
        """A token for the account, unless its number says that it is declined."""
        fates = CARDS if isinstance(details, Card) else BANK_ACCOUNTS
        fate = fates.get(details.number, Fate.APPROVE)
        if fate is Fate.REFUSE:
            return Declined(code="account_declined")
        if fate is Fate.OUTDATED:
            return Declined(code="card_expired")
        return Kept(token=f"{_PREFIX}_{secrets.token_hex(8)}_{fate.value}", label=label(details))

    async def move(self, order: MoneyOrder) -> Moved | Declined | Pending:
        """What becomes of the order. The same key always comes to the same end and the same reference."""
        fate = _fate(order.account)
        if fate is Fate.POOR:
            return Declined(code="insufficient_funds")
        if fate is Fate.ABSENT and self._since(order.key) is None:
            raise Unavailable("the sandbox plays dead")
        if fate in {Fate.DELAY, Fate.DELAY_REFUSE}:
            since = self._since(order.key)
            if since is None or self._clock.now() < since + DELAY:
                return Pending()
        if fate is Fate.DELAY_REFUSE:
            return Declined(code="insufficient_funds")
        return Moved(reference=f"{_PREFIX}-{hashlib.sha256(order.key.encode()).hexdigest()[:16]}")

    def _since(self, key: str) -> datetime | None:
        """When the order was first heard of; None if that is now."""
        since = self._heard.get(key)
        if since is None:
            self._heard[key] = self._clock.now()
            if len(self._heard) > REMEMBERED:
                self._heard.popitem(last=False)
        return since


def label(details: Card | BankAccount) -> str:
    """What its holder recognises it by: brand or sort, and its last four digits, at most half of them all."""
    last = details.number[-min(4, len(details.number) // 2) :]
    name = brand(details.number) if isinstance(details, Card) else _SUBTYPES.get(details.subtype, "Account")
    return f"{name} •••• {last}"


def _fate(account: str) -> Fate:
    """The fate a token carries; what is no token of ours is approved."""
    prefix, _, rest = account.partition("_")
    name = rest.rpartition("_")[2]
    return Fate(name) if prefix == _PREFIX and name in set(Fate) else Fate.APPROVE
