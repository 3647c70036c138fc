"""How often the door opens, and what is told of it."""

from datetime import timedelta

import pytest

from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.surfaces.record_batches.house import EXCHANGE, Api, House, Ways


async def test_what_is_left_of_the_day_and_of_the_batches_is_told(idle_api: Api) -> None:
    for _ in range(12):
        await idle_api.get("/limits")

    assert await idle_api.get("/limits") == {
        "dailyApiRequests": {"max": 500_000, "remaining": 499_987},
        "concurrentProcessingApiBatches": {"max": 10, "remaining": 10},
    }


async def test_batches_that_wait_are_counted(idle_api: Api) -> None:
    for _ in range(3):
        answer = await idle_api.submit("GET", {"1": [{"id": 5}]})
        assert answer.status_code == 202

    limits = await idle_api.get("/limits")

    assert limits["concurrentProcessingApiBatches"] == {"max": 10, "remaining": 7}


async def test_too_many_calls_a_second_are_told_when_to_come_back(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, Ways(calls_per_second=0.5))
    async with await house.plain(await house.rent()) as http:
        answers = [await http.get("/v4/limits") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert answers[0].json()["message"] == "Too Many Requests"
    assert int(answers[0].headers["retry-after"]) >= 1
    assert answers[0].headers["x-ris-request-id"]


async def test_a_burst_of_a_seconds_calls_is_served(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, Ways(calls_per_second=3))
    async with await house.plain(await house.rent()) as http, await house.plain(await house.rent("Other")) as other:
        codes = [(await http.get("/v4/limits")).status_code for _ in range(3)]
        codes += [(await other.get("/v4/limits")).status_code]

    assert codes == [200, 200, 200, 200]


async def test_the_day_has_its_calls_and_the_next_one_has_them_anew(store: SqlStore, clock: FakeClock) -> None:
    house = House(store, clock, Ways(calls_per_day=2))
    account = await house.rent()
    async with await house.plain(account) as http:
        answers = [await http.get("/v4/limits") for _ in range(3)]
        clock.advance(timedelta(hours=15))
        http.headers["Authentication"] = (await house.log_in(account)).token
        tomorrow = await http.get("/v4/limits")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == str(15 * 3600)
    assert tomorrow.json()["dailyApiRequests"] == {"max": 2, "remaining": 1}


async def test_calls_that_are_refused_for_their_credentials_are_not_counted(idle_api: Api) -> None:
    for _ in range(5):
        answer = await idle_api.http.get("/v4/limits", headers={"Authentication": "wrong"})
        assert answer.status_code == 401

    assert (await idle_api.get("/limits"))["dailyApiRequests"]["remaining"] == 499_999


@pytest.mark.parametrize("status", [403, 401])
async def test_an_address_asks_for_credentials_three_hundred_times_a_minute(
    house: House, clock: FakeClock, status: int
) -> None:
    account = await house.rent()
    key = account.api_key if status == 401 else "unknown"
    wrong = {"accessKey": "a", "secretKey": "b"}
    clock.advance(timedelta(seconds=15))

    async with house.client({"x-api-key": key}) as http:
        answers = [await http.post(EXCHANGE, json=wrong) for _ in range(301)]
        clock.advance(timedelta(seconds=45))
        later = await http.post(EXCHANGE, json=wrong)

    assert {answer.status_code for answer in answers[:300]} == {status}
    assert (answers[300].status_code, answers[300].headers["retry-after"]) == (429, "45")
    assert later.status_code == status
