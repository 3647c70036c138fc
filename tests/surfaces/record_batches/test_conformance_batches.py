"""The conformance cases about batches as such: what is taken in, in what states they are, how they end."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest

from muster.domain.batch import Batch
from muster.domain.entry import QueuedEntry
from muster.lookup.record_batches import RecordBatchState
from muster.ports.applying import Application, Applier
from muster.ports.store.unit import Transaction
from tests.surfaces.record_batches.house import Api, House, Row, texts
from tests.surfaces.record_batches.stock import (
    MISSING,
    SAMPLES,
    WHOLE,
    count,
    ending,
    entries,
    faults,
    missing,
    only_missing,
    title_of,
)

FAKE = "Invalid field found fake_field."
NOT_STARTED = {"Created", "InProgress"}


def person(title: str, **values: object) -> Row:
    return {"title": title, "template": {"templateId": 1}, "characteristics": values}


def two_contacts_of_which_one_is_bad() -> Row:
    bad = person("Person 1", first_name="John", fake_field="x") | {"referenceId": "contact1"}
    good = person("Person 2", first_name="Susan") | {"referenceId": "contact2"}
    return {"2": [bad, good]}


# --- Taking them in, and asking after them -----------------------------------------------------------------------


async def test_a_batch_is_accepted_with_a_number_and_a_state(idle_stock: Api) -> None:
    """Case 1."""
    answer = await idle_stock.submit("GET", {"1": [{"id": 100}, {"id": 101}]})

    assert answer.status_code == 202
    assert answer.json() == {"batchId": answer.json()["batchId"], "batchStatus": "Created"}
    assert type(answer.json()["batchId"]) is int


async def test_a_batch_has_no_results_before_its_end(idle_stock: Api) -> None:
    """Case 2."""
    number = (await idle_stock.submit("GET", {"1": [{"id": 100}]})).json()["batchId"]

    early = await idle_stock.get(f"/batch/{number}")
    idle_stock.house.start()
    late = await idle_stock.ended(number)

    assert early["batchStatus"] in NOT_STARTED
    assert set(early) == {"batchId", "batchStatus"}
    assert set(late) == {"batchId", "batchStatus", "batchResults"}


async def test_a_hundred_entries_are_the_most(idle_stock: Api) -> None:
    """Case 11."""
    records = {"1": [{"id": 100}] * 60}

    refused = await idle_stock.submit("GET", records, relationships=[{"id": 301}] * 41)
    accepted = await idle_stock.submit("GET", records, relationships=[{"id": 301}] * 40)

    assert (refused.status_code, refused.json()["message"]) == (400, "Batch requests are limited to 100 records.")
    assert accepted.status_code == 202


async def test_what_cannot_be_a_batch_is_refused_and_nothing_is_kept(idle_stock: Api) -> None:
    """Case 12."""
    refused = {
        "Method 'PATCH' is not supported.": {"method": "PATCH", "records": {"1": [{"id": 1}]}},
        "Method is required.": {"records": {"1": [{"id": 1}]}},
        "Batch must contain at least one record or relationship.": {"method": "GET"},
        "Invalid char type ID '99'.": {"method": "GET", "records": {"99": [{"id": 1}]}},
    }
    first = (await idle_stock.submit("GET", {"1": [{"id": 1}]})).json()["batchId"]

    for message, body in refused.items():
        assert (await idle_stock.post("/batch", body, 400))["message"] == message

    assert (await idle_stock.submit("GET", {"1": [{"id": 1}]})).json()["batchId"] == first + 1
    assert (await idle_stock.get("/limits"))["concurrentProcessingApiBatches"]["remaining"] == 8


async def test_a_body_that_breaks_off_is_no_json(idle_stock: Api) -> None:
    """Case 13."""
    answer = await idle_stock.http.post("/v4/batch", content=b'{"method":')

    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid JSON in request body.")


async def test_comments_and_trailing_commas_are_read_over(idle_stock: Api) -> None:
    """Case 14."""
    body = (SAMPLES / "copy.jsonc").read_bytes()
    assert b"// " in body
    assert b"1,\n                        }" in body

    assert (await idle_stock.http.post("/v4/batch", content=body)).status_code == 202


async def test_the_eleventh_batch_is_refused_until_the_ten_are_done(idle_stock: Api) -> None:
    """Case 15."""
    numbers = [(await idle_stock.submit("GET", {"1": [{"id": 5}]})).json()["batchId"] for _ in range(10)]

    refused = await idle_stock.submit("GET", {"1": [{"id": 5}]})
    limits = await idle_stock.get("/limits")
    idle_stock.house.start()
    for number in numbers:
        await idle_stock.ended(number)
    accepted = await idle_stock.submit("GET", {"1": [{"id": 5}]})

    assert refused.status_code == 429
    assert refused.json()["message"] == "Too many batches in queued status. Please wait and try again."
    assert limits["concurrentProcessingApiBatches"] == {"max": 10, "remaining": 0}
    assert accepted.status_code == 202


async def test_relationships_cannot_be_put(idle_stock: Api) -> None:
    """Case 27."""
    answer = await idle_stock.submit("PUT", relationships=[{"id": 301}])

    assert (answer.status_code, answer.json()["message"]) == (400, "Method PUT is not supported for relationships.")


# --- Reading -----------------------------------------------------------------------------------------------------


async def test_records_are_found_beside_others_that_are_missing(stocked: Api) -> None:
    """Case 3."""
    batch = await stocked.ran("GET", {"1": [{"id": 5}, {"id": 999999}]})

    assert ending(batch, 1) == ("Complete", [(200, "Found."), MISSING])
    found, lost = entries(batch, 1)
    assert found["record"]["id"] == 5
    assert lost == missing(999999)
    assert batch["batchResults"]["relationships"] == []


async def test_a_missing_record_cancels_a_batch_that_is_wanted_whole(stocked: Api) -> None:
    """Case 4."""
    batch = await stocked.ran("GET", {"1": [{"id": 5}, {"id": 999999}]}, batchOptions=WHOLE)

    assert batch["batchStatus"] == "Cancelled"
    assert batch["batchResults"] == only_missing(999999)


async def test_relationships_are_found_without_their_ends(stocked: Api) -> None:
    """Case 5."""
    batch = await stocked.ran("GET", relationships=[{"id": 301}])

    (entry,) = batch["batchResults"]["relationships"]
    assert (entry["code"], entry["message"], entry["relationship"]["id"]) == (200, "Found.", 301)
    assert not {"parentTemplate", "childTemplate", "parentStatus", "childStatus"} & set(entry["relationship"])


# --- Creating ----------------------------------------------------------------------------------------------------


async def test_contacts_are_created_as_sent_in_their_initial_status(stocked: Api) -> None:
    """Case 6."""
    asked = [person(f"Person {n}", first_name="John") | {"referenceId": f"contact{n}"} for n in (1, 2)]

    batch = await stocked.ran("POST", {"2": asked})

    assert ending(batch, 2) == ("Complete", [(200, "Created.")] * 2)
    for sent, entry in zip(asked, entries(batch, 2), strict=True):
        assert entry["id"] == entry["record"]["id"] > 0
        assert entry["referenceId"] == sent["referenceId"]
        assert entry["record"]["title"] == sent["title"]
        assert entry["record"]["status"] == {"statusId": 1, "statusName": "Active"}


async def test_one_bad_contact_ends_a_whole_batch_in_error(stocked: Api) -> None:
    """Case 7."""
    before = await count(stocked, "contact")

    batch = await stocked.ran("POST", two_contacts_of_which_one_is_bad(), batchOptions=WHOLE)

    assert batch["batchStatus"] == "Errored"
    (entry,) = entries(batch, 2)
    assert (entry["code"], entry["id"], entry["referenceId"]) == (400, 0, "contact1")
    assert faults(entry) == {"CharDataValidation": [FAKE]}
    assert await count(stocked, "contact") == before


async def test_one_bad_contact_leaves_the_others_of_a_loose_batch(stocked: Api) -> None:
    """Case 8."""
    before = await count(stocked, "contact")

    batch = await stocked.ran("POST", two_contacts_of_which_one_is_bad())

    assert batch["batchStatus"] == "Complete"
    bad, good = entries(batch, 2)
    assert (bad["code"], bad["id"], bad["referenceId"]) == (400, 0, "contact1")
    assert faults(bad) == {"CharDataValidation": [FAKE]}
    assert texts([good]) == [(200, "Created.")]
    assert await count(stocked, "contact") == before + 1


async def test_a_record_needs_a_template(stocked: Api) -> None:
    """Case 9."""
    (entry,) = entries(await stocked.ran("POST", {"2": [{"title": "x"}]}), 2)

    assert (entry["code"], entry["id"]) == (400, 0)
    assert faults(entry) == {"TemplateValidation": ["TemplateId is required"]}


async def test_every_fault_of_a_record_is_told_at_once(stocked: Api) -> None:
    """Case 10."""
    film = person("A film", release_year="20x6", genre="Nope")

    (entry,) = entries(await stocked.ran("POST", {"1": [film]}), 1)

    assert (entry["code"], entry["id"]) == (400, 0)
    assert {key: sorted(texts) for key, texts in faults(entry).items()} == {
        "CharDataValidation": ["Invalid value found for genre.", "Invalid value found for release_year."]
    }


# --- Changing ----------------------------------------------------------------------------------------------------


async def test_what_a_change_does_not_mention_stays(stocked: Api) -> None:
    """Case 16."""
    before = await stocked.get("/catalog-item/100")

    batch = await stocked.ran("PUT", {"1": [{"id": 100, "title": "New"}]})

    assert ending(batch, 1) == ("Complete", [(200, "Updated.")])
    after = await stocked.get("/catalog-item/100")
    assert after["title"] == "New"
    assert (after["characteristics"], after["status"]) == (before["characteristics"], before["status"])
    assert after["lastUpdatedDate"] > before["lastUpdatedDate"]


async def test_a_locked_record_cancels_a_batch_that_is_wanted_whole(stocked: Api) -> None:
    """Case 17."""
    before = await title_of(stocked, "/catalog-item/100")
    asked = {"1": [{"id": 60, "title": "x"}, {"id": 100, "title": "y"}]}

    batch = await stocked.ran("PUT", asked, batchOptions=WHOLE)

    assert ending(batch, 1) == ("Cancelled", [(409, "Record Locked.")])
    assert entries(batch, 1)[0]["id"] == 60
    assert await title_of(stocked, "/catalog-item/100") == before


async def test_a_locked_record_leaves_the_others_of_a_loose_batch(stocked: Api) -> None:
    """Case 18."""
    batch = await stocked.ran("PUT", {"1": [{"id": 60, "title": "x"}, {"id": 100, "title": "y"}]})

    assert ending(batch, 1) == ("Complete", [(409, "Record Locked."), (200, "Updated.")])
    assert await title_of(stocked, "/catalog-item/60") == "Locked away"
    assert await title_of(stocked, "/catalog-item/100") == "y"


async def test_a_change_needs_a_number(stocked: Api) -> None:
    """Case 19."""
    batch = await stocked.ran("PUT", {"1": [{"title": "no id"}]})

    assert entries(batch, 1) == [{"code": 400, "message": "Invalid Record.", "id": 0}]


# --- Deleting ----------------------------------------------------------------------------------------------------


async def test_a_record_is_deleted_once(stocked: Api) -> None:
    """Case 20."""
    twice = {"1": [{"id": 101}, {"id": 101}]}

    whole = await stocked.ran("DELETE", twice, batchOptions=WHOLE)
    kept = await title_of(stocked, "/catalog-item/101")
    loose = await stocked.ran("DELETE", twice)

    assert (ending(whole, 1), kept) == (("Cancelled", [MISSING]), "The second title")
    assert ending(loose, 1) == ("Complete", [(200, "Deleted."), MISSING])
    assert entries(loose, 1)[0] == {"code": 200, "message": "Deleted.", "id": 101}
    await stocked.get("/catalog-item/101", 404)


# --- Dying -------------------------------------------------------------------------------------------------------


class Halted:
    """Fulfils ports.applying.Applier: does everything, and then nothing more, so that nothing of it is kept."""

    def __init__(self, applier: Applier) -> None:
        self._applier = applier
        self.reached = asyncio.Event()

    async def apply(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """Never returns."""
        await self._applier.apply(tx, batch, entries, at=at)
        self.reached.set()
        await asyncio.Event().wait()
        pytest.fail("nobody wakes it")

    async def give_up(
        self, tx: Transaction, batch: Batch, entries: Sequence[QueuedEntry], *, at: datetime
    ) -> Application:
        """As it is."""
        return await self._applier.give_up(tx, batch, entries, at=at)


async def test_a_batch_whose_worker_died_over_it_ends_and_is_done_once(house: House, idle_stock: Api) -> None:
    """Case 46, in one process: the worker is gone after everything was done, and before any of it was kept."""
    before = await count(idle_stock, "contact")
    number = (await idle_stock.submit("POST", {"2": [person("Once"), person("Each")]})).json()["batchId"]
    house.applier = halted = Halted(house.applier)
    house.start()
    try:
        async with asyncio.timeout(30):
            await halted.reached.wait()
        # Not by a call, which would be counted: on SQLite nothing else is written while a batch is.
        amid = await house.door.lookup.get(idle_stock.account.tenant, number)
    finally:
        await house.kill()

    reborn = House(house.store, house.clock)
    await reborn.refill()
    reborn.start()
    batch = await idle_stock.ended(number)
    await reborn.stop()

    assert (amid.state, amid.results) == (RecordBatchState.IN_PROGRESS, None)
    assert ending(batch, 2) == ("Complete", [(200, "Created.")] * 2)
    assert await count(idle_stock, "contact") == before + 2
