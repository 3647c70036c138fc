"""Financial periods over HTTP: their states, and what closing them does."""

import pytest

from muster.domain.tenant import Role
from tests.surfaces.record_batches.house import Api, House, Row

PATH = "/financial-periods"
SETTINGS = "/financial-periods-settings"
# It is the 2nd of March 2026.
FEBRUARY = ("2026-02-01", "2026-02-28")


def a_period(start: str = FEBRUARY[0], end: str = FEBRUARY[1], **given: object) -> Row:
    return {"year": 2026, "period": int(start[5:7]), "startDate": start, "endDate": end, **given}


async def an_amount(api: Api, day: str | None, template: int = 1) -> int:
    told = {} if day is None else {"transaction_date": day}
    number: int = await api.post("/amount", {"template": {"templateId": template}, "characteristics": told})
    return number


async def status_of(api: Api, amount: int) -> str:
    status: str = (await api.get(f"/amount/{amount}"))["status"]["statusName"]
    return status


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-02-01", "2026-02-28", "Open"),
        ("2026-03-01", "2026-03-31", "Current"),
        ("2026-03-02", "2026-03-02", "Current"),
        ("2026-03-03", "2026-03-31", "Future"),
    ],
)
async def test_where_a_period_stands_is_told_by_the_day(*, idle_api: Api, start: str, end: str, status: str) -> None:
    made = await idle_api.post(PATH, a_period(start, end))

    assert made == {
        "id": made["id"],
        "year": 2026,
        "period": int(start[5:7]),
        "startDate": f"{start}T00:00:00.000Z",
        "endDate": f"{end}T00:00:00.000Z",
        "status": status,
    }
    assert await idle_api.get(PATH) == [made]


async def test_times_and_names_in_any_case_are_taken(idle_api: Api) -> None:
    body = {"Year": "2026", "PERIOD": 2, "startdate": "2026-02-01T08:00:00.000Z", "EndDate": "02/28/2026"}

    made = await idle_api.post(PATH, body)

    assert (made["startDate"], made["endDate"]) == ("2026-02-01T00:00:00.000Z", "2026-02-28T00:00:00.000Z")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"year": None}, "Please provide a valid year."),
        ({"year": 26}, "Please provide a valid year."),
        ({"year": 10**9}, "Please provide a valid year."),
        ({"period": 0}, "Please specify a valid period."),
        ({"period": "second"}, "Please specify a valid period."),
        ({"startDate": None}, "Please provide a valid start date."),
        ({"startDate": "2026-02-30"}, "Please provide a valid start date."),
        ({"endDate": None}, "Please provide a valid end date."),
        ({"endDate": "2026-01-31"}, "Please provide a valid end date."),
        ({"endDate": 5}, "Please provide a valid end date."),
    ],
)
async def test_what_is_no_period_is_refused(idle_api: Api, given: Row, text: str) -> None:
    refused = await idle_api.post(PATH, a_period(**given), 400)

    assert refused["message"] == text
    assert await idle_api.get(PATH) == []


async def test_a_period_is_there_once(idle_api: Api) -> None:
    await idle_api.post(PATH, a_period())

    await idle_api.post(PATH, a_period(), 409)


async def test_a_period_can_be_changed_until_it_is_closed(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_period())

    changed = await idle_api.put(f"{PATH}/{made['id']}", {"endDate": "2026-02-27"})
    assert changed == made | {"endDate": "2026-02-27T00:00:00.000Z"}
    await idle_api.put(f"{PATH}/{made['id']}/close")

    refused = await idle_api.put(f"{PATH}/{made['id']}", {"endDate": "2026-02-28"}, 400)
    assert refused["message"] == "Financial period is already Closed."


async def test_periods_that_share_a_day_are_refused(idle_api: Api) -> None:
    await idle_api.post(PATH, a_period())
    march = await idle_api.post(PATH, a_period("2026-03-01", "2026-03-31"))

    added = await idle_api.post(PATH, a_period("2026-01-01", "2026-02-01"), 400)
    changed = await idle_api.put(f"{PATH}/{march['id']}", {"startDate": "2026-02-28"}, 400)

    assert added["message"] == changed["message"] == "Another financial period has some of these days."


async def test_closing_takes_the_action_on_every_amount_in_the_period(idle_api: Api) -> None:
    days = ("2026-01-31", *FEBRUARY, "2026-03-01", None)
    before, first, last, after, without = [await an_amount(idle_api, day) for day in days]
    made = await idle_api.post(PATH, a_period())

    closed = await idle_api.put(f"{PATH}/{made['id']}/close")

    assert closed == made | {"status": "Closed"}
    assert [await status_of(idle_api, one) for one in (first, last)] == ["Posted", "Posted"]
    assert [await status_of(idle_api, one) for one in (before, after, without)] == ["Open"] * 3


async def test_amounts_that_went_ahead_stand_in_nobodys_way(idle_api: Api) -> None:
    ahead, late = await an_amount(idle_api, FEBRUARY[0]), await an_amount(idle_api, FEBRUARY[0])
    await idle_api.put(f"/amount/{ahead}/execute-workflow-action/2")
    made = await idle_api.post(PATH, a_period())

    await idle_api.put(f"{PATH}/{made['id']}/close")

    assert [await status_of(idle_api, one) for one in (ahead, late)] == ["Posted", "Posted"]


async def test_more_amounts_than_a_page_of_a_search_are_all_closed(idle_api: Api) -> None:
    amounts = [await an_amount(idle_api, FEBRUARY[0]) for _ in range(101)]
    made = await idle_api.post(PATH, a_period())

    await idle_api.put(f"{PATH}/{made['id']}/close")

    assert await status_of(idle_api, amounts[0]) == await status_of(idle_api, amounts[-1]) == "Posted"


async def test_a_period_is_closed_once_and_not_before_it_begins(idle_api: Api) -> None:
    future = await idle_api.post(PATH, a_period("2026-04-01", "2026-04-30"))
    past = await idle_api.post(PATH, a_period())
    await idle_api.put(f"{PATH}/{past['id']}/close")

    for period, text in ((future, "Financial period is in the Future."), (past, "Financial period is already Closed.")):
        refused = await idle_api.put(f"{PATH}/{period['id']}/close", status=400)
        assert refused["message"] == text


@pytest.mark.parametrize("number", ["1931", "abc", "-1"])
async def test_a_period_that_is_not_there(idle_api: Api, number: str) -> None:
    refused = await idle_api.put(f"{PATH}/{number}/close", status=404)

    assert refused["message"] == f"No existing financial period with id: {number}."
    await idle_api.put(f"{PATH}/{number}", {}, 404)


async def test_settings_name_every_process_of_amounts(idle_api: Api) -> None:
    posting = {"processName": "Amounts", "processId": 10, "actionId": 2, "actionName": "Post"}
    nothing = posting | {"actionId": None, "actionName": None}

    assert await idle_api.get(SETTINGS) == [posting]
    assert await idle_api.put(SETTINGS, [{"processId": 10, "actionId": -1}]) == [nothing]
    assert await idle_api.put(SETTINGS, [{"processId": 10, "actionId": 2}]) == [posting]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "At least one setting must be updated."),
        ([{"processId": 10, "actionId": None}], "At least one setting must be updated."),
        ([5], "At least one setting must be updated."),
        (
            [{"processId": 123, "actionId": 1}],
            "Process id 123 is not a valid amount process. The process must have at least 1 available action.",
        ),
        (
            [{"processId": 10, "actionId": 11}],
            "Action id (11) is not available for the specified process (10).",
        ),
    ],
)
async def test_settings_that_cannot_be(idle_api: Api, body: object, text: str) -> None:
    assert (await idle_api.put(SETTINGS, body, 400))["message"] == text


async def test_without_a_setting_closing_leaves_amounts_alone(idle_api: Api) -> None:
    await idle_api.put(SETTINGS, [{"processId": 10, "actionId": -1}])
    amount, made = await an_amount(idle_api, FEBRUARY[0]), await idle_api.post(PATH, a_period())

    await idle_api.put(f"{PATH}/{made['id']}/close")

    assert await status_of(idle_api, amount) == "Open"


async def test_who_may_only_read_closes_nothing(house: House) -> None:
    viewer = await house.rent("Readers", Role.VIEWER)

    async with await house.plain(viewer) as http:
        assert (await http.get(f"/v4{PATH}")).json() == []
        assert (await http.post(f"/v4{PATH}", json=a_period())).status_code == 403
        assert (await http.put(f"/v4{PATH}/1/close")).status_code == 403
        assert (await http.put(f"/v4{SETTINGS}", json=[{"processId": 10, "actionId": 2}])).status_code == 403


async def test_periods_are_their_tenants_own(idle_api: Api) -> None:
    made = await idle_api.post(PATH, a_period())
    other = await idle_api.house.rent("Other")

    async with await idle_api.house.plain(other) as http:
        assert (await http.get(f"/v4{PATH}")).json() == []
        assert (await http.put(f"/v4{PATH}/{made['id'] + 1000}/close")).status_code == 404
