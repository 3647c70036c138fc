"""Currency conversions over HTTP, and what they do to amounts."""

from decimal import Decimal

import pytest

from muster.domain.tenant import Role
from tests.surfaces.record_batches.house import Api, House, Row

PATH = "/currency/conversion"


def a_conversion(**given: object) -> Row:
    return {
        "companyCurrency": "USD",
        "transactionCurrency": "EUR",
        "rate": 1.25,
        "effectiveDate": "2020-09-01T00:00:00.000Z",
        **given,
    }


async def converted(api: Api) -> object:
    """What 10 EUR are worth in a new deal's license fee."""
    fee = {"license_fee": {"locAmt": 10, "locSym": "EUR"}}
    deal = await api.post("/deal", {"title": "D", "template": {"templateId": 12}, "characteristics": fee})
    return (await api.get(f"/deal/{deal}"))["characteristics"]["license_fee"]["divAmt"]


async def test_a_conversion_is_shown_as_it_was_made(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_conversion())

    assert {name: made[name] for name in made if name != "id"} == a_conversion()
    assert await idle_api.get(f"{PATH}/{made['id']}") == made
    assert await idle_api.get(f"{PATH}/list") == [made]


async def test_a_rate_has_nine_decimals(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_conversion(rate="1.2345678905"))

    answer = await idle_api.http.get(f"/v4{PATH}/{made['id']}")
    assert '"rate":1.234567891' in answer.text
    made = await idle_api.put(f"{PATH}/{made['id']}", {"rate": "2"})
    assert '"rate":2.000000000' in (await idle_api.http.get(f"/v4{PATH}/{made['id']}")).text


async def test_a_change_keeps_what_it_does_not_mention(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_conversion())

    changed = await idle_api.put(f"{PATH}/{made['id']}", {"RATE": "1.5"})

    assert changed == made | {"rate": 1.5}


@pytest.mark.parametrize("named", [{"locSym": "eur"}, {"locCur": 978}, {"locCur": "978"}, {"locCur": "EUR"}])
async def test_a_currency_is_told_by_its_number_and_its_letters(idle_api: Api, named: Row) -> None:
    await idle_api.post(PATH, a_conversion())
    fee = {"license_fee": {"locAmt": 10, **named}}
    deal = await idle_api.post("/deal", {"title": "D", "template": {"templateId": 12}, "characteristics": fee})

    shown = await idle_api.get(f"/deal/{deal}")
    again = await idle_api.put(f"/deal/{deal}", shown)

    told = {"locAmt": 10, "locCur": 978, "locSym": "EUR", "divAmt": 12.5, "divCur": 840, "divSym": "USD"}
    assert shown["characteristics"] == again["characteristics"] == {"license_fee": told}


@pytest.mark.parametrize("named", [{"locSym": "ABC"}, {"locCur": 1}, {"locCur": 978, "locSym": "USD"}, {"locSym": 978}])
async def test_what_is_no_currency_is_refused(idle_api: Api, named: Row) -> None:
    fee = {"license_fee": {"locAmt": 10, **named}}

    refused = await idle_api.post("/deal", {"title": "D", "template": {"templateId": 12}, "characteristics": fee}, 400)

    assert "Invalid value found for license_fee." in refused["message"]


async def test_amounts_are_converted_by_the_latest_rate_in_force(idle_api: Api) -> None:
    assert await converted(idle_api) is None
    await idle_api.post(PATH, a_conversion())
    assert await converted(idle_api) == Decimal("12.5")

    # It is the 2nd of March 2026.
    await idle_api.post(PATH, a_conversion(rate="2", effectiveDate="2026-03-02"))
    await idle_api.post(PATH, a_conversion(rate="3", effectiveDate="2026-03-03"))
    assert await converted(idle_api) == 20


async def test_a_conversion_that_is_deleted_converts_no_more(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_conversion())

    assert await idle_api.delete(f"{PATH}/{made['id']}") == {"message": "Currency conversion deleted."}

    assert await converted(idle_api) is None
    for status in (await idle_api.http.get(f"/v4{PATH}/{made['id']}"), await idle_api.http.delete(f"/v4{PATH}/x")):
        assert status.status_code == 404


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"rate": None}, "Please provide a valid rate."),
        ({"rate": 0}, "Please provide a valid rate."),
        ({"rate": -1}, "Please provide a valid rate."),
        ({"rate": "NaN"}, "Please provide a valid rate."),
        ({"rate": "1e400"}, "Please provide a valid rate."),
        ({"rate": "0.0000000001"}, "Please provide a valid rate."),
        ({"rate": True}, "Please provide a valid rate."),
        ({"rate": ["1"]}, "Please provide a valid rate."),
        ({"rate": 10**10}, "Please provide a valid rate."),
        ({"companyCurrency": "US"}, "Please provide two different currencies by their ISO 4217 letters."),
        ({"companyCurrency": "ABC"}, "Please provide two different currencies by their ISO 4217 letters."),
        ({"companyCurrency": "EUR"}, "Please provide two different currencies by their ISO 4217 letters."),
        ({"transactionCurrency": 5}, "Please provide two different currencies by their ISO 4217 letters."),
        ({"transactionCurrency": "E R"}, "Please provide two different currencies by their ISO 4217 letters."),
        ({"effectiveDate": "2020-02-30"}, "Please provide a valid effective date."),
        ({"effectiveDate": None}, "Please provide a valid effective date."),
    ],
)
async def test_what_is_no_conversion_is_refused(idle_api: Api, given: Row, text: str) -> None:
    refused = await idle_api.post(PATH, a_conversion(**given), 400)

    assert refused["message"] == text
    assert await idle_api.get(f"{PATH}/list") == []


async def test_two_rates_for_one_day_contradict_each_other(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_conversion())

    await idle_api.post(PATH, a_conversion(rate=9), 409)
    assert await idle_api.put(f"{PATH}/{made['id']}", a_conversion(rate=9)) == made | {"rate": 9}


async def test_who_may_only_read_changes_no_rate(house: House) -> None:
    viewer = await house.rent("Readers", Role.VIEWER)

    async with await house.plain(viewer) as http:
        assert (await http.get(f"/v4{PATH}/list")).json() == []
        assert (await http.post(f"/v4{PATH}", json=a_conversion())).status_code == 403


async def test_rates_are_their_tenants_own(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_conversion())
    other = await idle_api.house.rent("Other")

    async with await idle_api.house.plain(other) as http:
        assert (await http.get(f"/v4{PATH}/{made['id']}")).status_code == 404
        assert (await http.delete(f"/v4{PATH}/{made['id']}")).status_code == 404
        assert (await http.put(f"/v4{PATH}/{made['id']}", json={"rate": 5})).status_code == 404
