"""What a customer's server hears of batches of record operations: every change that was kept, once and in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from time import time
from typing import Any

import pytest
from standardwebhooks import Webhook

from muster.channels.webhook.guard import Guard
from muster.channels.webhook.push import HttpPush
from muster.events.relay import Relay, Round
from muster.ports.store.endpoints import Endpoint
from muster.stores.database import SqlStore
from muster.surfaces.record_batches.push import NAME, RecordBatchesStyle
from tests.channels.webhook.receiver import Receiver, receiving
from tests.events.builders import Tally, an_endpoint
from tests.fakes.clock import FakeClock
from tests.surfaces.record_batches.house import Api, House

Message = dict[str, Any]
"""A notification as it arrived, or the message in it."""
ALL_OR_NOTHING = {"cancelIfRecordFails": True}
STYLE = RecordBatchesStyle()
EVERYTHING = tuple(one for several in STYLE.names.values() for one in several)


class Town:
    """A tenant, its server that listens, and the relay between them."""

    def __init__(self, api: Api, relay: Relay, *, receiver: Receiver, endpoint: Endpoint) -> None:
        self.api = api
        self._relay = relay
        self._receiver = receiver
        self._secret = endpoint.secrets[0].value

    async def heard(self) -> Sequence[Message]:
        """Every notification so far, its signature verified."""
        while await self._relay.run_once() != Round():
            pass
        verify = Webhook(self._secret).verify
        return [verify(one.body, dict(one.headers)) for one in self._receiver.arrivals]

    async def subjects(self) -> Sequence[str]:
        """What was heard, in short."""
        return [one["Subject"] for one in await self.heard()]

    async def ended(self, number: int) -> Message:
        """The message that the batch ended."""
        async with asyncio.timeout(30):
            while True:
                told = [json.loads(one["Message"]) for one in await self.heard()]
                for one in told:
                    if one.get("batchId") == number:
                        return dict(one)
                await asyncio.sleep(0.02)


@pytest.fixture
def clock() -> FakeClock:
    """Stands still at the true time: receivers' libraries compare it with their own."""
    return FakeClock(datetime.fromtimestamp(int(time()), UTC))


@pytest.fixture
async def town(store: SqlStore, clock: FakeClock) -> AsyncIterator[Town]:
    """Nothing is worked on until the house starts."""
    house = House(store, clock)
    account = await house.rent()
    async with (
        receiving() as receiver,
        HttpPush(Guard(networks=["127.0.0.0/8"]), clock) as push,
        await house.plain(account) as http,
    ):
        relay = Relay(store, push, clock, meter=Tally(), jitter=lambda: 0.5, styles={NAME: STYLE})
        endpoint = await an_endpoint(store, account.tenant, receiver.url, at=clock.now(), types=EVERYTHING, style=NAME)
        yield Town(Api(house, account, http), relay, receiver=receiver, endpoint=endpoint)
        await house.stop()


def people(*titles: str) -> dict[str, object]:
    """Contacts to be made; one without a title is refused."""
    return {"2": [{"title": title, "template": {"templateId": 1}} for title in titles]}


async def test_each_record_that_was_made_is_told_once_in_order_and_then_the_end_of_the_batch(town: Town) -> None:
    town.api.house.start()

    batch = await town.api.ran("POST", people("Ada Lovelace", "", "Grace Hopper"))

    made = [one["id"] for one in batch["batchResults"]["records"]["2"] if one["code"] == 200]
    expected = [f"CONTACT #{number} CREATED" for number in made]
    assert await town.subjects() == [*expected, f"BATCH #{batch['batchId']} COMPLETE"]
    assert len(made) == 2
    assert "Lovelace" not in str(await town.heard())


async def test_of_a_batch_that_was_undone_only_its_end_is_told(town: Town) -> None:
    town.api.house.start()

    batch = await town.api.ran("POST", people("Ada", ""), batchOptions=ALL_OR_NOTHING)

    assert await town.subjects() == [f"BATCH #{batch['batchId']} ERRORED"]


async def test_of_a_batch_that_was_only_tried_only_its_end_is_told(town: Town) -> None:
    town.api.house.start()

    batch = await town.api.ran("POST", people("Ada"), batchOptions={"validateOnly": True})

    assert await town.subjects() == [f"BATCH #{batch['batchId']} COMPLETE"]


async def test_what_becomes_of_a_record_is_told_until_it_is_gone(town: Town) -> None:
    town.api.house.start()
    made = await town.api.post("/catalog-item", {"title": "Film", "template": {"templateId": 1}})

    await town.api.ran("PUT", {"1": [{"id": made, "title": "New"}]})
    await town.api.ran("EXECUTE-WORKFLOW", {"1": [{"id": made, "actionId": 16}]})
    await town.api.ran("DELETE", {"1": [{"id": made}]})

    happened = [one.rpartition(" ")[2] for one in await town.subjects() if one.startswith("CATALOG-ITEM")]
    assert happened == ["CREATED", "UPDATED", "ACTION-EXECUTED", "DELETED"]


async def test_relationships_are_told_with_both_ends(town: Town) -> None:
    town.api.house.start()
    deal = await town.api.post("/deal", {"title": "D", "template": {"templateId": 12}})
    right = await town.api.post("/right", {"title": "R", "template": {"templateId": 1}})
    link = {"parentCharTypeId": 4, "parentRecordId": deal, "childCharTypeId": 3, "childRecordId": right}

    await town.api.ran("POST", relationships=[link])

    (told,) = [json.loads(one["Message"]) for one in await town.heard() if one["Subject"].startswith("RELATIONSHIP")]
    assert (told["parentEntity"]["entityId"], told["childEntity"]["entityId"]) == (deal, right)


async def test_a_batch_that_is_cancelled_before_its_turn_is_told_as_cancelled_and_nothing_else_of_it(
    town: Town,
) -> None:
    number = (await town.api.submit("POST", people("Ada"))).json()["batchId"]
    cancelled = await town.api.delete(f"/batch/{number}")
    town.api.house.start()

    message = await town.ended(number)

    assert cancelled["batchStatus"] == message["batchStatus"] == "Cancelled"
    assert await town.subjects() == [f"BATCH #{number} CANCELLED"]
