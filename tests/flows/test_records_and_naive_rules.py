"""Random batches against a server and against the plainest reading of the rules: no difference may be seen."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from time import monotonic
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muster.catalog.accounts import NewAccount
from muster.domain.tenant import Role
from muster.records.configuring.blueprint import BlueprintDesk, read_blueprint
from muster.stores.database import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.naive_batches import a_batch, founding, settling
from tests.fakes.naive_records import NaiveRecords
from tests.fakes.naive_values import BLUEPRINT, PATHS, Json
from tests.surfaces.record_batches.house import Api, House

Reading = Callable[[Json], Json]
Who = Literal["owner", "clerk", "reader"]
ROLES: dict[Who, Role] = {"owner": Role.OWNER, "clerk": Role.CLERK, "reader": Role.VIEWER}
_WHO = st.sampled_from([*["owner"] * 9, "clerk", "reader"])
_SHRINKING_SECONDS = 20
_SECOND = timedelta(seconds=1)


@pytest.fixture
async def house(store: SqlStore, clock: FakeClock) -> AsyncIterator[House]:
    """A server that works on batches."""
    made = House(store, clock)
    made.start()
    yield made
    await made.stop()


class Tenants:
    """Gives each example a tenant of its own."""

    made = 0

    async def one(self, house: House) -> NewAccount:
        """The service account of an owner."""
        self.made += 1
        account = await house.accounts.add(f"Tenant {self.made}", Role.OWNER)
        blueprint = read_blueprint(BLUEPRINT.encode(), form="toml")
        await BlueprintDesk(house.store, house.clock).configure(account.tenant, blueprint, account.principal)
        return account


@pytest.fixture
def tenants() -> Tenants:
    """Where examples get their tenants."""
    return Tenants()


class Enough(BaseException):
    """Ends a search that Hypothesis would go on with: what is no `Exception`, it takes for no failing example."""


class Patience:
    """Bounds how long a smaller failing example is looked for: left alone, Hypothesis takes five minutes."""

    def __init__(self) -> None:
        self._failures: list[str] = []
        self._until = 0.0

    def ask(self) -> None:
        """Nothing, while there is time. Raises Enough, which tells the smallest failure."""
        if self._failures and monotonic() > self._until:
            raise Enough(min(self._failures, key=len))

    def note(self, failure: str) -> None:
        """Keep in mind how an example failed."""
        self._until = self._until or monotonic() + _SHRINKING_SECONDS
        self._failures.append(failure)


@pytest.fixture
def patience() -> Patience:
    """How long a smaller example is looked for."""
    return Patience()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(first=founding(), then=settling(), batches=st.lists(st.tuples(_WHO, a_batch()), min_size=4, max_size=10))
async def test_random_batches_end_as_the_rules_say(
    *, house: House, tenants: Tenants, patience: Patience, first: Json, then: Json, batches: list[tuple[Who, Json]]
) -> None:
    patience.ask()
    try:
        await _compare(house, await tenants.one(house), [("owner", first), ("owner", then), *batches])
    except AssertionError as failure:
        patience.note(str(failure))
        raise


async def _compare(house: House, account: NewAccount, batches: Sequence[tuple[Who, Json]]) -> None:
    """Let the server and the naive rules do the same batches."""
    naive = NaiveRecords()
    async with AsyncExitStack() as clients:
        apis: dict[Who, Api] = {}
        for who, role in ROLES.items():
            one = await house.accounts.add_principal(str(account.tenant), who, role)
            apis[who] = Api(house, one, await clients.enter_async_context(await house.plain(one)))
        for who, body in batches:
            expected = naive.batch(body, at=house.clock.advance(_SECOND), who=who)
            told = await apis[who].ran(**body)
            wrong = _differences(_told(told, _record, _link), _told(expected, dict, dict))
            assert not wrong, f"{json.dumps(batches)}\nto {who}: {json.dumps(body)}{wrong}"
            assert told.get("validateOnly", False) is body.get("batchOptions", {}).get("validateOnly", False)
        wrong = _differences(await _everything(apis["reader"]), _kept(naive))
        assert not wrong, f"{json.dumps(batches)}{wrong}"


# --- What is held against each other -----------------------------------------------------------------------------


def _differences(seen: Json, expected: Json) -> str:
    """What the server has otherwise than the naive rules, a line each; nothing where they agree."""
    wrong = [key for key in {**seen, **expected} if seen.get(key) != expected.get(key)]
    return "".join(f"\n{key}: {seen.get(key)}\n  and not {expected.get(key)}" for key in wrong)


def _told(batch: Json, record: Reading, link: Reading) -> Json:
    """The entries of a batch's results, by where they stand."""
    results = batch["batchResults"]
    records = {
        f"{key}/{place}": _entry(one, "record", record)
        for key, some in results["records"].items()
        for place, one in enumerate(some)
    }
    links = {f"0/{n}": _entry(one, "relationship", link) for n, one in enumerate(results["relationships"])}
    return {"status": batch["batchStatus"]} | records | links


def _entry(one: Json, key: str, read: Reading) -> Json:
    entry = {**one, "message": _message(one["message"])}
    return {**entry, key: read(one[key])} if key in one else entry


def _message(text: str) -> object:
    """A validation object as what it says; which of its texts comes first, nobody has said."""
    if not text.startswith("{"):
        return text
    verdict = json.loads(text)
    return {**verdict, "Errors": {one["Key"]: sorted(one["Value"]) for one in verdict["Errors"]}}


def _record(entity: Json) -> Json:
    """In the words of the naive rules."""
    return {
        "title": entity["title"],
        "template": entity["template"]["templateId"],
        "status": entity["status"]["statusId"],
        "characteristics": entity["characteristics"],
        "parentRelationshipCount": entity["parentRelationshipCount"],
        "created": datetime.fromisoformat(entity["createdDate"]),
        "updated": datetime.fromisoformat(entity["lastUpdatedDate"]),
        "moved": datetime.fromisoformat(entity["statusUpdatedDate"]),
    }


def _link(link: Json) -> Json:
    return {
        "parent": (link["parentCharTypeId"], link["parentRecordId"]),
        "child": (link["childCharTypeId"], link["childRecordId"]),
        "type": link["relationshipType"]["relationshipTypeId"],
    }


async def _everything(api: Api) -> Json:
    """Every record and relationship there is, by search."""
    found: Json = {}
    for char_type, path in PATHS.items():
        found |= {f"{char_type}/{one['id']}": _record(one) for one in await _all(api, f"/{path}/search")}
    return found | {f"0/{one['id']}": _link(one) for one in await _all(api, "/relationship/search")}


async def _all(api: Api, path: str) -> Sequence[Json]:
    found = await api.post(path, {"rows": 100})
    assert found["numFound"] == len(found["entities"])
    entities: list[Json] = found["entities"]
    return entities


def _kept(naive: NaiveRecords) -> Json:
    records = {f"{char_type}/{number}": naive.shown((char_type, number)) for char_type, number in naive.records}
    return records | {f"0/{number}": link for number, link in naive.links.items()}
