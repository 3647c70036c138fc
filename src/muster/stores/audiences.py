"""Who of those that a window of messages is for must not get one."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.category import CategoryState
from muster.domain.contact import Audience, Barred, Bars, ContactState
from muster.domain.ids import ContactNumber, TenantId
from muster.domain.subscriber import SubscriberState
from muster.stores.bulk import Statement, as_json, rows_given

_SUBJECT = Statement(
    "SELECT (SELECT state FROM categories WHERE tenant = :tenant AND number = :category),"
    " (SELECT opt_out_allowed FROM categories WHERE tenant = :tenant AND number = :category),"
    " (SELECT state FROM subscribers WHERE tenant = :tenant AND category = :category AND party = :party)"
)
_READERS = Statement(
    # One look-up each for certain, however many contacts PostgreSQL takes the list or the tables to hold.
    "SELECT v.number, (SELECT state FROM contacts WHERE tenant = :tenant AND number = v.number),"
    " (SELECT contact FROM opt_outs WHERE tenant = :tenant AND contact = v.number AND category = :category)"
    " FROM {numbers} AS v",
    numbers=rows_given({"number": "int"}, parameter="numbers"),
)


class _Subject(NamedTuple):
    """What holds for all of an audience."""

    mandatory: bool
    bar: Barred | None
    """Why nobody gets a message, where nothing else is against it."""


class _Reader(NamedTuple):
    """What holds for one of them."""

    state: ContactState | None
    """None: there is no such contact."""
    opted_out: bool


_STATES = {state.value: state for state in ContactState}


async def bars(connection: AsyncConnection, tenant: TenantId, audience: Audience) -> Bars:
    """Who of the audience gets no message, by the first `Barred` that applies. Two statements."""
    if not audience.contacts:
        return Bars(barred={})
    which = {"tenant": tenant, "category": audience.category}
    state, opt_out_allowed, taking_part = (await _SUBJECT.rows(connection, {**which, "party": audience.party}))[0]
    subject = _Subject(opt_out_allowed is not None and not opt_out_allowed, _bar(state, taking_part))
    rows = await _READERS.rows(connection, {**which, "numbers": as_json([(number,) for number in audience.contacts])})
    barred: dict[ContactNumber, Barred] = {}
    overridden: set[ContactNumber] = set()
    for number, stands, out in rows:
        contact, reader = ContactNumber(number), _Reader(_STATES.get(stands), out is not None)
        if (bar := _against(reader, subject)) is not None:
            barred[contact] = bar
        elif reader.opted_out:
            overridden.add(contact)
    return Bars(barred=barred, overridden=frozenset(overridden))


def _bar(category: str | None, subscriber: str | None) -> Barred | None:
    if subscriber == SubscriberState.DISABLED:
        return Barred.SWITCHED_OFF
    return None if category == CategoryState.PUBLISHED else Barred.UNPUBLISHED


def _against(reader: _Reader, subject: _Subject) -> Barred | None:
    if reader.state is ContactState.BLOCKED:
        return Barred.BLOCKED
    if reader.opted_out and not subject.mandatory:
        return Barred.OPTED_OUT
    if subject.bar is not None:
        return subject.bar
    return None if reader.state is ContactState.ACTIVE else Barred.GONE
