"""Amounts by their transaction dates."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from muster.domain.ids import TenantId
from muster.domain.records.char_types import AMOUNT
from muster.domain.records.record import Record
from muster.domain.records.search import MOST_ROWS, Between, Order, Search
from muster.ports.store.unit import Transaction

DATE = "transaction_date"
"""The field of amounts that says in which period they are."""


class Days(NamedTuple):
    """From one day to another, both inclusive."""

    first: date
    last: date


async def amounts_in(
    tx: Transaction, tenant: TenantId, days: Days, *, check: Callable[[int], None] = lambda _: None
) -> Sequence[Record]:
    """Every amount with its transaction date in these days. `check` is told how many there are, before all are read."""
    within = Between(DATE, days.first.isoformat(), days.last.isoformat())
    amounts: list[Record] = []
    asked = Search(char_type=AMOUNT, node=within, rows=MOST_ROWS, order=(Order(DATE),))
    while True:
        found = await tx.records.search(tenant, asked)
        check(found.total)
        amounts.extend(found.hits)
        if len(found.hits) < MOST_ROWS:
            return amounts
        asked = msgspec.structs.replace(asked, after=found.after)
