"""Who guesses too often has to wait."""

import pytest

from muster.domain.errors import NotFound, RateLimited
from muster.intake.allowance import Allowance
from muster.journey.guide import Standing, Visit
from muster.surfaces.pages import guesses
from muster.surfaces.pages.guesses import Guesses, network
from tests.fakes.clock import FakeClock
from tests.fakes.guide import FakeGuide

SOUND, OTHER = "A" * 24, "B" * 24


@pytest.fixture
def guide(clock: FakeClock) -> FakeGuide:
    guide = FakeGuide(clock)
    guide.open(token=SOUND)
    guide.open(token=OTHER)
    return guide


def two_tries(guide: FakeGuide) -> Guesses[Visit]:
    return Guesses(guide.find, Allowance(1, 2, lambda: 0.0))


async def guess(found: Guesses[Visit], times: int, address: str = "192.0.2.1") -> None:
    for number in range(times):
        with pytest.raises(NotFound):
            await found.visit(f"guess-{number}", address)


async def test_after_too_many_guesses_even_a_right_one_does_not_show(guide: FakeGuide) -> None:
    found = two_tries(guide)
    await guess(found, 2)

    for token in ("guess", OTHER):
        with pytest.raises(RateLimited):
            await found.visit(token, "192.0.2.1")


async def test_a_customer_who_was_here_before_is_let_through_behind_the_same_address(guide: FakeGuide) -> None:
    found = two_tries(guide)
    await found.visit(SOUND, "192.0.2.1")
    await guess(found, 2)

    assert (await found.visit(SOUND, "192.0.2.1")).standing is Standing.ASKING


async def test_other_addresses_do_not_wait(guide: FakeGuide) -> None:
    found = two_tries(guide)
    await guess(found, 2)

    assert (await found.visit(OTHER, "192.0.2.2")).standing is Standing.ASKING


async def test_opening_a_sound_link_often_costs_nothing(guide: FakeGuide) -> None:
    found = two_tries(guide)
    for _ in range(10):
        await found.visit(SOUND, "192.0.2.1")

    await guess(found, 2)


async def test_what_is_remembered_stays_bounded(guide: FakeGuide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_KNOWN", 1)
    found = two_tries(guide)
    for token in (SOUND, OTHER):
        await found.visit(token, "192.0.2.1")
    await guess(found, 2)

    assert (await found.visit(OTHER, "192.0.2.1")).standing is Standing.ASKING
    with pytest.raises(RateLimited):
        await found.visit(SOUND, "192.0.2.1")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_an_ipv6_address_stands_for_its_network(address: str, expected: str) -> None:
    assert network(address) == expected
