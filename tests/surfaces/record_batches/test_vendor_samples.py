"""The bodies of the vendor's own page about batches, sent as they are printed there."""

import json

import pytest

from tests.surfaces.record_batches.house import Api, Row, texts
from tests.surfaces.record_batches.stock import MISSING, SAMPLES, ending, entries, faults, fit_for_the_vendors_samples


@pytest.fixture
async def fitted(stocked: Api) -> Api:
    """A client whose configuration is such that the samples can succeed."""
    await fit_for_the_vendors_samples(stocked.house, stocked.account)
    return stocked


async def sent(api: Api, sample: str) -> Row:
    """A batch that a sample makes, once it has ended."""
    answer = await api.http.post("/v4/batch", content=(SAMPLES / sample).read_bytes())
    assert answer.status_code == 202
    printed = json.loads((SAMPLES / "accepted.json").read_text())
    assert answer.json() == printed | {"batchId": answer.json()["batchId"]}
    return await api.ended(answer.json()["batchId"])


async def test_the_sample_that_retrieves_records(fitted: Api) -> None:
    batch = await sent(fitted, "get.json")

    assert ending(batch, 1) == ("Complete", [(200, "Found.")] * 2)
    assert [entry["record"]["id"] for entry in entries(batch, 3)] == [200, 201]
    assert texts(batch["batchResults"]["relationships"]) == [(200, "Found.")]


async def test_the_sample_that_creates_contacts(fitted: Api) -> None:
    batch = await sent(fitted, "create-contacts.json")

    assert ending(batch, 2) == ("Complete", [(200, "Created.")] * 2)
    assert [(entry["referenceId"], entry["record"]["title"]) for entry in entries(batch, 2)] == [
        ("contact1", "Person 1"),
        ("contact2", "Person 2"),
    ]


async def test_the_sample_that_ends_in_error_does_so_word_for_word(fitted: Api) -> None:
    body = json.loads((SAMPLES / "create-contacts.json").read_text())
    body["records"]["2"][0]["characteristics"]["fake_field"] = "x"

    batch = await fitted.ended((await fitted.post("/batch", body, 202))["batchId"])

    assert batch == json.loads((SAMPLES / "errored.json").read_text()) | {"batchId": batch["batchId"]}


async def test_the_sample_that_copies_a_record(fitted: Api) -> None:
    batch = await sent(fitted, "copy.jsonc")

    assert ending(batch, 2) == ("Complete", [(200, "Copied.")])
    (entry,) = entries(batch, 2)
    copy = await fitted.get(f"/contact/{entry['id']}")
    assert copy["title"] == "New Title of Record"
    assert [link["parentRecordId"] for link in copy["parentRelationship"]] == [4123]


async def test_the_sample_that_copies_a_contact_to_a_deal(fitted: Api) -> None:
    batch = await sent(fitted, "copy-to.jsonc")

    assert ending(batch, 2) == ("Complete", [(200, "Copied.")])
    (entry,) = entries(batch, 2)
    deal = await fitted.get(f"/deal/{entry['id']}")
    assert deal["title"] == "New Title of Record"
    assert deal["characteristics"] == {"first_name": "John", "last_name": "Smith", "department": "Sales"}
    assert [link["parentRecordId"] for link in deal["parentRelationship"]] == [4123]


async def test_the_sample_that_executes_workflow_actions(fitted: Api) -> None:
    batch = await sent(fitted, "execute-workflow.json")

    refused = (403, "Action 1 not available to be taken from status 1")
    assert ending(batch, 1) == ("Complete", [refused, refused])
    # Rights have no workflow here.
    assert [code for code, _ in texts(entries(batch, 3))] == [403, 403]


async def test_the_sample_that_executes_workflow_actions_once_they_are_available(fitted: Api) -> None:
    await fitted.ran("EXECUTE-WORKFLOW", {"1": [{"id": 100, "actionId": 2}, {"id": 101, "actionId": 2}]})

    batch = await sent(fitted, "execute-workflow.json")

    assert ending(batch, 1) == ("Complete", [(200, "Action Executed.")] * 2)


async def test_the_sample_that_creates_relationships(fitted: Api) -> None:
    batch = await sent(fitted, "create-relationships.json")

    assert batch["batchStatus"] == "Complete"
    assert texts(batch["batchResults"]["relationships"]) == [(200, "Created.")] * 3


async def test_the_sample_that_deletes_relationships(fitted: Api) -> None:
    batch = await sent(fitted, "delete-relationships.json")

    assert batch["batchStatus"] == "Complete"
    assert texts(batch["batchResults"]["relationships"]) == [(200, "Deleted."), MISSING]


async def test_the_sample_that_calculates_amortization(fitted: Api) -> None:
    batch = await sent(fitted, "calculate-amortization.json")

    done, refused = entries(batch, 5)
    assert texts([done]) == [(200, "Amortization Calculated.")]
    assert faults(refused) == {"AmortizationValidation": ["Amount is required for amortization."]}
