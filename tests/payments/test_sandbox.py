"""The sandbox decides by the number, remembers no number, and the same order always comes to the same end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.domain.errors import Unavailable
from muster.payments.numbers import BANK_ACCOUNTS, CANADIAN_ROUTING, CARDS, US_ROUTING, Fate, brand
from muster.payments.sandbox import DELAY, SandboxPayments, label
from muster.ports.payments import BankAccount, Card, Declined, Kept, MoneyOrder, Moved, Pending
from tests.fakes.clock import FakeClock

CARD_OF = {fate: number for number, fate in reversed(list(CARDS.items()))}
ACCOUNT_OF = {fate: number for number, fate in BANK_ACCOUNTS.items()}


def a_card(number: str) -> Card:
    return Card(number=number, expires="2030-01", holder="Ana Lee")


def an_account(number: str, subtype: str = "CHECKING") -> BankAccount:
    return BankAccount(routing=US_ROUTING, number=number, subtype=subtype, holder="Ana Lee")


def an_order(account: str, key: str = "w/1") -> MoneyOrder:
    return MoneyOrder(
        key=key,
        account=account,
        business_account="b",
        direction="SEND",
        amount="12.50",
        currency="USD",
        solution="ach",
    )


async def kept(sandbox: SandboxPayments, details: Card | BankAccount) -> Kept:
    answer = await sandbox.keep(details)
    assert isinstance(answer, Kept)
    return answer


@pytest.fixture
def sandbox(clock: FakeClock) -> SandboxPayments:
    """An executor that has heard of nothing yet."""
    return SandboxPayments(clock)


@pytest.mark.parametrize("number", CARDS)
def test_every_published_card_passes_the_check_of_its_digits(number: str) -> None:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    assert sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_the_published_routing_number_passes_its_check() -> None:
    weighted = [int(digit) * weight for digit, weight in zip(US_ROUTING, (3, 7, 1) * 3, strict=True)]
    assert sum(weighted) % 10 == 0
    assert len(CANADIAN_ROUTING) == 9
    assert CANADIAN_ROUTING[0] == "0"


@pytest.mark.parametrize("details", [a_card(CARD_OF[Fate.APPROVE]), an_account(ACCOUNT_OF[Fate.APPROVE])])
async def test_an_approved_number_moves_money_once_under_one_reference(
    sandbox: SandboxPayments, details: Card | BankAccount
) -> None:
    token = (await kept(sandbox, details)).token
    first, again = await sandbox.move(an_order(token)), await sandbox.move(an_order(token))
    assert isinstance(first, Moved)
    assert again == first
    assert await sandbox.move(an_order(token, "w/2")) != first


@pytest.mark.parametrize(
    ("details", "code"),
    [
        (a_card(CARD_OF[Fate.REFUSE]), "account_declined"),
        (a_card(CARD_OF[Fate.OUTDATED]), "card_expired"),
        (an_account(ACCOUNT_OF[Fate.REFUSE]), "account_declined"),
    ],
)
async def test_a_declined_number_is_not_kept(sandbox: SandboxPayments, details: Card | BankAccount, code: str) -> None:
    assert await sandbox.keep(details) == Declined(code=code)


@pytest.mark.parametrize("details", [a_card(CARD_OF[Fate.POOR]), an_account(ACCOUNT_OF[Fate.POOR])])
async def test_a_poor_account_is_kept_and_declined_when_money_is_to_move(
    sandbox: SandboxPayments, details: Card | BankAccount
) -> None:
    token = (await kept(sandbox, details)).token
    assert await sandbox.move(an_order(token)) == Declined(code="insufficient_funds")


@pytest.mark.parametrize("case", [(Fate.DELAY, Moved), (Fate.DELAY_REFUSE, Declined)], ids=["moved", "declined"])
async def test_a_delayed_order_is_undecided_for_three_seconds(
    sandbox: SandboxPayments, clock: FakeClock, case: tuple[Fate, type]
) -> None:
    fate, end = case
    token = (await kept(sandbox, a_card(CARD_OF[fate]))).token
    assert await sandbox.move(an_order(token)) == Pending()
    clock.advance(DELAY - timedelta(milliseconds=1))
    assert await sandbox.move(an_order(token)) == Pending()
    clock.advance(timedelta(milliseconds=1))
    assert isinstance(await sandbox.move(an_order(token)), end)


async def test_after_a_restart_a_delayed_order_is_undecided_once_more_and_ends_the_same(
    sandbox: SandboxPayments, clock: FakeClock
) -> None:
    token = (await kept(sandbox, an_account(ACCOUNT_OF[Fate.DELAY]))).token
    await sandbox.move(an_order(token))
    clock.advance(DELAY)
    before = await sandbox.move(an_order(token))
    restarted = SandboxPayments(clock)
    assert await restarted.move(an_order(token)) == Pending()
    clock.advance(DELAY)
    assert await restarted.move(an_order(token)) == before


async def test_an_absent_executor_is_back_when_asked_again(sandbox: SandboxPayments) -> None:
    token = (await kept(sandbox, a_card(CARD_OF[Fate.ABSENT]))).token
    with pytest.raises(Unavailable):
        await sandbox.move(an_order(token))
    assert isinstance(await sandbox.move(an_order(token)), Moved)


@pytest.mark.parametrize("account", ["5f0c6f1e-8a58-4e5e-8a53-0b0e0d0c0b0a", "sbx_", "sbx_1_nonsense", ""])
async def test_an_account_that_the_business_knows_is_approved(sandbox: SandboxPayments, account: str) -> None:
    assert isinstance(await sandbox.move(an_order(account)), Moved)


@given(number=st.from_regex(r"[0-9]{11,19}", fullmatch=True))
async def test_neither_token_nor_label_holds_the_number(number: str) -> None:
    answer = await SandboxPayments(FakeClock()).keep(a_card(number))
    if isinstance(answer, Kept):
        assert number not in answer.token + answer.label
        assert answer.label.endswith(f" •••• {number[-4:]}")


@pytest.mark.parametrize(("number", "shown"), [("1234", "34"), ("12345", "45"), ("12345678", "5678")])
def test_a_short_account_number_is_shown_by_half_at_most(number: str, shown: str) -> None:
    assert label(an_account(number, "SAVING")) == f"Savings •••• {shown}"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("4242424242424242", "Visa"),
        ("5555555555554444", "Mastercard"),
        ("2223003122003222", "Mastercard"),
        ("378282246310005", "American Express"),
        ("6011111111111117", "Discover"),
        ("36227206271667", "Diners Club"),
        ("3566002020360505", "JCB"),
        ("6200000000000005", "UnionPay"),
        ("9999999999999999", "Card"),
    ],
)
def test_a_brand_is_told_by_the_leading_digits(number: str, name: str) -> None:
    assert brand(number) == name


async def test_only_so_many_delayed_orders_are_remembered(
    sandbox: SandboxPayments, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.payments.sandbox.REMEMBERED", 1)
    token = (await kept(sandbox, a_card(CARD_OF[Fate.DELAY]))).token
    await sandbox.move(an_order(token, "w/1"))
    await sandbox.move(an_order(token, "w/2"))
    clock.advance(DELAY)
    assert isinstance(await sandbox.move(an_order(token, "w/2")), Moved)
    assert await sandbox.move(an_order(token, "w/1")) == Pending()
