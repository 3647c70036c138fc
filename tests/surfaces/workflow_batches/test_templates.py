"""Templates: made, read, versioned, put away."""

from uuid import uuid4

import pytest

from muster.surfaces.workflow_batches import wire
from tests.surfaces.workflow_batches.house import OK, PAY, REFUND, Api, Row, codes, entry


def a_template(**fields: object) -> dict[str, object]:
    return {"displayName": "Refund a customer", "definition": {"steps": REFUND}, **fields}


async def test_a_template_is_shown_as_it_was_made(idle_api: Api) -> None:
    made = await idle_api.http.post(
        wire.TEMPLATES, json=a_template(name="Mine", description="d", customerMemo="Hi", defaultExpiryDays=2)
    )

    assert made.status_code == 201
    found = made.json()
    assert (found["version"], found["state"], found["customerMemo"], found["defaultExpiryDays"]) == (
        1,
        "ACTIVE",
        "Hi",
        2,
    )
    assert [step["name"] for step in found["steps"]] == [step["name"] for step in REFUND]
    assert found["steps"][2]["input"] == {"user": {}, "preDefined": {"financialAccountSubType": "DEBIT"}}
    again = await idle_api.http.get(f"{wire.TEMPLATES}/{found['templateId']}")
    version = await idle_api.http.get(f"{wire.TEMPLATES}/{found['templateId']}/versions/{found['templateVersionId']}")
    assert again.json() == version.json() == found


async def test_a_template_without_a_name_gets_one_of_its_own(idle_api: Api) -> None:
    names = {(await idle_api.http.post(wire.TEMPLATES, json=a_template())).json()["name"] for _ in range(2)}

    assert len(names) == 2


async def test_a_name_is_taken_once_and_free_again_when_its_template_is_deleted(idle_api: Api) -> None:
    taken = await idle_api.http.post(wire.TEMPLATES, json=a_template(name="Refund"))
    await idle_api.move("Refund", "DELETED")
    free = await idle_api.http.post(wire.TEMPLATES, json=a_template(name="Refund"))

    assert (taken.status_code, taken.json()["errorCode"]) == (409, "DUPLICATE_NAME")
    assert free.status_code == 201


async def test_an_update_is_a_new_version_and_the_old_one_stays_readable(idle_api: Api) -> None:
    path = f"{wire.TEMPLATES}/{idle_api.templates['Refund']}"
    old = (await idle_api.http.get(path)).json()

    new = (await idle_api.http.put(path, json=a_template(displayName="Second"))).json()

    assert (new["version"], new["displayName"], new["name"]) == (2, "Second", "Refund")
    assert new["templateVersionId"] != old["templateVersionId"]
    kept = (await idle_api.http.get(f"{path}/versions/{old['templateVersionId']}")).json()
    assert (kept["version"], kept["displayName"]) == (1, "Refund")


async def test_an_update_cannot_change_the_name_nor_wake_a_deleted_template(idle_api: Api) -> None:
    path = f"{wire.TEMPLATES}/{idle_api.templates['Refund']}"

    renamed = await idle_api.http.put(path, json=a_template(name="Other"))
    await idle_api.move("Refund", "DELETED")
    deleted = await idle_api.http.put(path, json=a_template())

    assert (renamed.status_code, codes(renamed)) == (400, [("name", "INVALID_VALUE")])
    assert deleted.status_code == 404


async def test_states_move_as_the_table_says(idle_api: Api) -> None:
    for state, status in [
        ("SUSPENDED", 200),
        ("ACTIVE", 200),
        ("ARCHIVED", 200),
        ("ACTIVE", 422),
        ("DELETED", 200),
        ("ACTIVE", 422),
    ]:
        answer = await idle_api.move("Refund", state)
        assert answer.status_code == status, state
    assert (await idle_api.move("Pay", "GONE")).status_code == 400


async def test_templates_are_listed_without_deleted_ones_unless_asked(idle_api: Api) -> None:
    await idle_api.move("Refund", "DELETED")

    def names(answer: Row) -> set[str]:
        return {one["name"] for one in answer["content"]}

    every = (await idle_api.http.get(wire.TEMPLATES)).json()
    deleted = (await idle_api.http.get(wire.TEMPLATES, params={"status": "DELETED"})).json()

    assert names(every) == {"Pay", "Old"}
    assert names(deleted) == {"Refund"}
    assert (await idle_api.http.get(wire.TEMPLATES, params={"status": "GONE"})).status_code == 400
    assert (await idle_api.http.get(wire.TEMPLATES, params={"search": "pa"})).json()["totalElements"] == 1


async def test_a_template_tells_how_often_it_was_used(api: Api) -> None:
    await api.settled(await api.accepted(entry(OK), entry(OK), entry({})))
    withdrawn = await api.accepted(entry(OK))
    await api.settled(withdrawn)
    await api.http.delete(f"{wire.BATCHES}/{withdrawn}")

    stats = (await api.http.get(f"{wire.TEMPLATES}/{api.templates['Refund']}")).json()["stats"]
    unused = (await api.http.get(f"{wire.TEMPLATES}/{api.templates['Pay']}")).json()["stats"]

    assert (stats["allVersionsWorkflows"], stats["currentVersionActiveWorkflows"]) == (3, 2)
    assert stats["allVersionsLastExecutedAt"].endswith("Z")
    assert (unused["allVersionsWorkflows"], unused["allVersionsLastExecutedAt"]) == (0, None)


@pytest.mark.parametrize(
    "steps",
    [
        [REFUND[0], REFUND[1], {"name": "move-money"}],
        [REFUND[0], {"name": "customer-account"}, {"name": "lookup-profile"}],
        [REFUND[1], REFUND[0]],
        [*PAY[:3], {"name": "move-money", "input": {"preDefined": {"amount": "1.00"}}}],
        [],
        "steps",
        [1],
        [{"name": "fly"}],
        [REFUND[0], {"name": "customer-account"}, {"name": "enhance-profile"}],
    ],
)
async def test_case_45_a_definition_that_breaks_a_rule_is_refused(idle_api: Api, steps: object) -> None:
    answer = await idle_api.http.post(wire.TEMPLATES, json=a_template(definition={"steps": steps}))

    assert (answer.status_code, answer.json()["errorCode"]) == (400, "VALIDATION_ERROR")
    assert all(path.startswith("definition.steps") for path, _ in codes(answer))


async def test_every_fault_of_a_template_is_named_at_once(idle_api: Api) -> None:
    body = {"name": "", "description": 1, "customerMemo": 2, "defaultExpiryDays": 0}

    answer = await idle_api.http.post(wire.TEMPLATES, json=body)

    paths = {path for path, _ in codes(answer)}
    assert paths >= {"name", "displayName", "description", "definition"}


async def test_another_tenants_template_is_not_found(idle_api: Api) -> None:
    stranger = await idle_api.house.account("Stranger")
    path = f"{wire.TEMPLATES}/{idle_api.templates['Refund']}"

    async with idle_api.house.client(stranger.token) as client:
        answers = [
            await client.get(path),
            await client.put(path, json=a_template()),
            await client.put(f"{path}/state", json={"state": "DELETED"}),
            await client.get(f"{wire.TEMPLATES}/{uuid4()}"),
        ]

    assert {answer.status_code for answer in answers} == {404}
    assert (await idle_api.http.get(f"{wire.TEMPLATES}/abc")).status_code == 400
