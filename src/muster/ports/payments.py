"""Moving money: the one place that ever sees the number of a card or an account."""

from typing import Protocol

import msgspec


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A payment card as its holder typed it, checked. Never stored, never logged."""

    number: str
    """11 to 19 digits that pass the Luhn check (ISO/IEC 7812-1)."""
    expires: str
    """`YYYY-MM`."""
    holder: str

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Card(…)"


class BankAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A bank account as its holder typed it, checked. Never stored, never logged."""

    routing: str
    """Nine digits of an ABA routing number that pass its check, or `0` and eight of a Canadian one."""
    number: str
    """4 to 17 digits."""
    subtype: str
    """`CHECKING` or `SAVING`."""
    holder: str

    def __repr__(self) -> str:
        """Nothing of it."""
        return "BankAccount(…)"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The executor knows the account now, under `token`. `label` is safe to show: a brand and the last four digits."""

    token: str
    label: str


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The executor will not. `code` is permanent, such as `account_declined` or `insufficient_funds`."""

    code: str
    detail: str = ""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """The money is on its way; `reference` is the executor's name for the movement."""

    reference: str


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """The executor has the order and has not decided: ask again with the same key."""


class MoneyOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of money. Two orders with one `key` are the same order and move money once."""

    key: str
    account: str
    """The customer's account: a token of `keep`, or the id the business knows it by."""
    business_account: str
    direction: str
    """`SEND` (to the customer) or `REQUEST` (from the customer)."""
    amount: str
    """A decimal with at most two places."""
    currency: str
    solution: str
    priority: str | None = None
    description: str | None = None
    memo: str | None = None
    reason: str | None = None


class Payments(Protocol):
    """An executor. Raises Unavailable when it cannot be reached; asking again is then safe."""

    async def keep(self, details: Card | BankAccount) -> Kept | Declined:
        """Hand over an account; a token that stands for it."""
        ...

    async def move(self, order: MoneyOrder) -> Moved | Declined | Pending:
        """Move money, or tell what became of an earlier order with the same key."""
        ...
