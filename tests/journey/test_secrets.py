"""The number of a card or an account is kept nowhere and told nobody."""

import io

import pytest

from muster.domain.workflow import WorkflowState
from muster.ports.payments import BankAccount, Card
from muster.telemetry.logs import configure
from tests.fakes.customers import BY_CARD, CUSTOMER_FORM, PROFILE_FORM, YES, Customers, bank_form, card_form
from tests.fakes.database_dump import dump

CARDS = ["4242424242424242", "4000000000000002", "4000000000009995", "4000000000003006", "4000000000007007"]
ACCOUNTS = ["000123456789", "000111111113", "000111111116", "000111111119"]


async def _holds(customers: Customers, *numbers: str) -> list[str]:
    """The tables that hold one of the numbers, however it is separated."""
    separators = str.maketrans("", "", " -.")
    everything = await dump(customers.store)
    return [
        table
        for table, rows in everything.items()
        for row in rows
        if any(n in row.translate(separators) for n in numbers)
    ]


@pytest.mark.parametrize("number", CARDS)
async def test_the_number_of_a_card_is_in_no_table_and_no_log(customers: Customers, number: str) -> None:
    log = io.StringIO()
    configure("json", "debug", stream=log)
    link = await customers.begin(BY_CARD)
    await customers.answer(link, CUSTOMER_FORM, card_form(" ".join((number[:4], number[4:]))))
    await customers.answer(link, {}) if (await customers.workflow(link)).step == 3 else None
    await customers.wait(seconds=61)
    assert await _holds(customers, number) == []
    assert number not in log.getvalue().replace(" ", "")


@pytest.mark.parametrize("number", ACCOUNTS)
async def test_the_number_of_a_bank_account_is_in_no_table_and_no_log(customers: Customers, number: str) -> None:
    log = io.StringIO()
    configure("json", "debug", stream=log)
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM, bank_form(number), YES, YES)
    await customers.wait(seconds=61)
    assert await _holds(customers, number) == []
    assert number not in log.getvalue()


async def test_the_token_of_an_account_is_encrypted(customers: Customers) -> None:
    link = await customers.begin(BY_CARD)
    await customers.answer(link, CUSTOMER_FORM, card_form(), {})
    assert (await customers.workflow(link)).state is WorkflowState.COMPLETED
    token = customers.payments.orders[0].account
    assert token.startswith("sbx_")
    assert await _holds(customers, token) == []


async def test_the_token_of_a_link_is_in_no_table_and_no_event(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM)
    separators = str.maketrans("", "", " -.")
    assert await _holds(customers, link.token.translate(separators)) == []


async def test_what_is_told_holds_nothing_personal(customers: Customers) -> None:
    link = await customers.begin()
    await customers.answer(link, CUSTOMER_FORM, PROFILE_FORM, bank_form(), YES, YES, {})
    told = "".join((await dump(customers.store))["outbox"])
    assert told
    assert [word for word in ("Ana", "example.com", "6475550100", "Springfield", "6789", "1980") if word in told] == []


def test_details_print_nothing_of_themselves() -> None:
    card = Card(number="4242424242424242", expires="2030-01", holder="Ana Lee")
    account = BankAccount(routing="110000000", number="000123456789", subtype="CHECKING", holder="Ana Lee")
    assert (repr(card), repr(account)) == ("Card(…)", "BankAccount(…)")
    assert "4242" not in f"{card}{card!s}"
