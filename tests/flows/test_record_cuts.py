"""Record batches while something breaks or is in the way: the server is killed, workers meet, places run out.

Real processes and SIGKILL; what is told in the results must be exactly what is in the store.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from muster.domain.errors import WrongState
from muster.domain.ids import BatchId
from muster.domain.records.char_types import TABLE, RecordRef
from muster.domain.records.date_rule import DateRule, Source, Spot
from muster.domain.tenant import Principal
from muster.drill.stage import kill
from muster.intake.control import Control
from muster.ports.store.records import Writing
from tests.flows.record_town import RecordTown, Row, done, entries

pytestmark = pytest.mark.slow
CUTS, SHARED_CUTS = 4, 2
"""On the shared store a cut costs more: there a server waits for what the dead one had in hand."""
CLIENTS = 5
CONTACT_TYPE, FILM_TYPE, ROW_TYPE = "2", "1", "5"
FILMS, DOOMED, ROWS = 30, 20, 8
COST, PERIODS, MODEL = 100, 4, 77
OPEN_AT_MOST = 10


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> str | None:
    """The database of the server; None for the embedded one."""
    return None if request.param == "sqlite" else plain(request.getfixturevalue("postgres_url"))


def plain(url: str) -> str:
    """A database's URL as it is written on the command line."""
    return url.replace("+asyncpg", "")


def contact(title: str | None, **more: object) -> Row:
    """A contact; without a title it is refused."""
    return {"title": title, "template": {"templateId": 1}, **more}


def film(title: str) -> Row:
    """A catalog item."""
    return {"title": title, "template": {"templateId": 1}}


def table_row(title: str) -> Row:
    """A cost of 100 for the year 2024."""
    values = {"amount": {"locAmt": COST, "locSym": "USD"}, "term_start": "2024-01-10", "term_end": "2024-12-31"}
    return {"title": title, "template": {"templateId": 30}, "characteristics": values}


class Plan:
    """Batches of every sort upon the same records, and what must have come of them."""

    def __init__(self, films: Sequence[int], doomed: Sequence[int], rows: Sequence[int]) -> None:
        self.batches: dict[str, Row] = {}
        self.films, self.rows = films, rows
        for n in range(8):
            made = [contact(f"c{n}-{i}", referenceId=f"c{n}-{i}") for i in range(25)]
            self._add(f"make {n}", "POST", {CONTACT_TYPE: [*made, contact(None)]})
            self._add(f"whole {n}", "POST", {CONTACT_TYPE: [contact(f"w{n}"), contact(f"v{n}")]}, whole=True)
            self._add(f"void {n}", "POST", {CONTACT_TYPE: [contact(f"x{n}"), contact(None)]}, whole=True)
            renamed = [{"id": one, "title": f"u{n}-{one}"} for one in films]
            self._add(f"change {n}", "PUT", {FILM_TYPE: renamed if n % 2 else renamed[::-1]})
            copied = [{"id": one, "title": f"d{n}-{one}"} for one in films[:10]]
            self._add(f"copy {n}", "COPY", {FILM_TYPE: copied})
        for n in range(4):
            self._add(f"amortize {n}", "CALCULATE-AMORTIZATION", {ROW_TYPE: [{"id": one} for one in rows]})
        for n in range(2):
            self._add(f"delete {n}", "DELETE", {FILM_TYPE: [{"id": one} for one in doomed]})

    def _add(self, name: str, method: str, records: Mapping[str, Sequence[Row]], *, whole: bool = False) -> None:
        batch: Row = {"method": method, "records": records}
        if method == "CALCULATE-AMORTIZATION":
            batch["amortizationModelId"] = MODEL
        if whole:
            batch["batchOptions"] = {"cancelIfRecordFails": True}
        self.batches[name] = batch


async def prepared(town: RecordTown) -> Plan:
    """The records that the batches are about."""
    films = [film(f"film {i}") for i in range(FILMS + DOOMED)]
    rows = [table_row(f"row {i}") for i in range(ROWS)]
    made = await town.ran({"method": "POST", "records": {FILM_TYPE: films, ROW_TYPE: rows}})
    numbers = [entry["id"] for entry in done(made)]
    return Plan(numbers[:FILMS], numbers[FILMS : FILMS + DOOMED], numbers[FILMS + DOOMED :])


async def run_all(town: RecordTown, plan: Plan) -> Mapping[str, int]:
    """Hand over every batch, a few clients at a time; their numbers."""
    waiting = list(plan.batches)
    random.Random(5).shuffle(waiting)  # noqa: S311 - chooses an order, guards nothing
    numbers: dict[str, int] = {}

    async def client() -> None:
        while waiting:
            name = waiting.pop()
            numbers[name] = await town.submit(plan.batches[name], key=name)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return numbers


@pytest.mark.timeout(600)
async def test_batches_are_done_exactly_once_through_power_cuts(
    where: str | None, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice = random.Random(20260101)  # noqa: S311 - chooses moments, guards nothing
    async with RecordTown.open(tmp_path, database_url=where) as town:
        plan = await prepared(town)
        submitting = asyncio.create_task(run_all(town, plan))
        unfinished: list[int] = []
        for _ in range(CUTS if where is None else SHARED_CUTS):
            await asyncio.sleep(dice.uniform(0.15, 0.5))
            await kill(town.server)
            unfinished.append(await left(town))
            town.server = await town.stage.serve()
        numbers = await submitting
        ended = {name: await town.ended(number) for name, number in numbers.items()}

        record_property("figures", f"power cuts with {unfinished} of {len(ended)} batches unfinished")
        assert len(set(numbers.values())) == len(plan.batches)
        assert {name: await town.submit(plan.batches[name], key=name) for name in numbers} == numbers
        await check_contacts(town, ended)
        await check_films(town, plan, ended)
        await check_amounts(town, plan, ended)
        assert await town.broken() == []
        await kill(town.server)


async def left(town: RecordTown) -> int:
    """How many batches have not ended."""
    (row,) = await town.rows("SELECT count(*) FROM record_batches WHERE ended_at IS NULL")
    return int(row[0])


def of(ended: Mapping[str, Row], word: str) -> Sequence[Row]:
    """The batches of one sort."""
    return [batch for name, batch in ended.items() if name.startswith(word)]


async def check_contacts(town: RecordTown, ended: Mapping[str, Row]) -> None:
    """What the results say was made is there, once, told once; nothing else is."""
    assert {batch["batchStatus"] for batch in (*of(ended, "make"), *of(ended, "whole"))} == {"Complete"}
    assert {batch["batchStatus"] for batch in of(ended, "void")} == {"Errored"}
    assert [len(done(batch)) for batch in of(ended, "void")] == [0] * 8
    made = [entry for batch in (*of(ended, "make"), *of(ended, "whole")) for entry in done(batch)]
    assert len(made) == 8 * (25 + 2)
    stored = await town.found("contact")
    assert sorted(stored) == sorted(entry["id"] for entry in made)
    assert {entry["id"]: entry["record"]["title"] for entry in made} == {
        number: record["title"] for number, record in stored.items()
    }
    assert len({record["title"] for record in stored.values()}) == len(made)
    told = await town.told("record:created")
    assert {told[int(CONTACT_TYPE), number] for number in stored} == {1}
    added = await town.rows("SELECT record FROM record_traces WHERE char_type = 2 AND deed = 2")
    assert sorted(number for (number,) in added) == sorted(stored)


async def check_films(town: RecordTown, plan: Plan, ended: Mapping[str, Row]) -> None:
    """Each change is in the audit history once, each copy there once; what was deleted is gone, once."""
    assert {batch["batchStatus"] for word in ("change", "copy", "delete") for batch in of(ended, word)} == {"Complete"}
    changed = Counter(entry["record"]["title"] for batch in of(ended, "change") for entry in done(batch))
    assert changed == Counter({f"u{n}-{one}": 1 for n in range(8) for one in plan.films})
    audited = await town.rows("SELECT new FROM record_traces WHERE char_type = 1 AND deed = 4")
    assert Counter(new for (new,) in audited) == changed
    told = await town.told("record:updated")
    assert {told[int(FILM_TYPE), one] for one in plan.films} == {8}

    copies = [entry for batch in of(ended, "copy") for entry in done(batch)]
    assert len({entry["id"] for entry in copies}) == len(copies) == 8 * 10
    stored = await town.found("catalog-item")
    assert sorted(stored) == sorted([*plan.films, *(entry["id"] for entry in copies)])
    assert {entry["id"]: stored[entry["id"]]["title"] for entry in copies} == {
        entry["id"]: entry["record"]["title"] for entry in copies
    }

    codes = Counter(entry["code"] for batch in of(ended, "delete") for entry in entries(batch))
    assert codes == {200: DOOMED, 404: DOOMED}
    assert Counter((await town.told("record:deleted")).values())[1] >= DOOMED
    assert await town.rows("SELECT count(*) FROM records_gone WHERE char_type = 1") == [(DOOMED,)]


async def check_amounts(town: RecordTown, plan: Plan, ended: Mapping[str, Row]) -> None:
    """However often a row was amortized, it has one schedule."""
    assert [len(done(batch)) for batch in of(ended, "amortize")] == [ROWS] * 4
    amounts = await town.found("amount")
    assert len(amounts) == ROWS * PERIODS
    by_row = Counter((await _origins(town)).values())
    assert by_row == dict.fromkeys(plan.rows, PERIODS)
    charged = sum(one["characteristics"]["amortized_amount"]["locAmt"] for one in amounts.values())
    assert charged == ROWS * COST


async def _origins(town: RecordTown) -> Mapping[int, int]:
    found = await town.rows("SELECT number, origin FROM records WHERE char_type = 10")
    return {number: origin for number, origin in found}  # noqa: C416 - rows are not quite tuples


async def test_two_workers_end_batches_that_lock_each_others_records(postgres_url: str, tmp_path: Path) -> None:
    # Nobody dies here, and whoever loses a deadlock tries again for as long as its lease lasts.
    more = {"MUSTER_RECORDS_OPEN_BATCHES": "100", "MUSTER_LEASE_SECONDS": "30", "MUSTER_CARRY_SECONDS": "10"}
    async with RecordTown.open(tmp_path, "--no-worker", database_url=plain(postgres_url), settings=more) as town:
        for _ in range(2):
            await town.stage.work()
        made = await town.ran({"method": "POST", "records": {ROW_TYPE: [table_row(x) for x in "ab"]}})
        one, two = [RecordRef(TABLE, entry["id"]) for entry in done(made)]
        await cross(town, one, two)
        batches = [
            {"method": "PUT", "records": {ROW_TYPE: [dated(ref.number, day)]}}
            for day in range(1, 9)
            for ref in (one, two)
        ]
        numbers = await asyncio.gather(*(town.submit(batch, key=str(n)) for n, batch in enumerate(batches)))
        ended = [await town.ended(number) for number in numbers]
        assert {entry["code"] for batch in ended for entry in entries(batch)} == {200}
        rows = await town.found("table")
        assert rows[one.number]["characteristics"]["term_end"] == rows[two.number]["characteristics"]["term_start"]
        assert rows[two.number]["characteristics"]["term_end"] == rows[one.number]["characteristics"]["term_start"]
        assert await town.broken() == []


def dated(number: int, day: int) -> Row:
    """A row that begins another day."""
    return {"id": number, "characteristics": {"term_start": f"2024-03-{day:02d}"}}


async def cross(town: RecordTown, one: RecordRef, two: RecordRef) -> None:
    """Have each end when the other begins: who changes one needs both, and has one of them first."""
    rules = [
        DateRule(number=n, target=Spot(end, "term_end"), sources=(Source(number=n, spot=Spot(start, "term_start")),))
        for n, (end, start) in enumerate(((one, two), (two, one)), 1)
    ]
    async with town.core() as core, core.store.begin() as tx:
        tenant = town.account.tenant
        await tx.records.heads(tenant, ["rule", "source"])
        await tx.records.write(tenant, Writing(rules_put=rules, heads={"rule": 2, "source": 2}))


async def test_a_record_that_somebody_holds_too_long_fails_alone(postgres_url: str, tmp_path: Path) -> None:
    url, more = plain(postgres_url), {"MUSTER_RECORDS_LOCK_SECONDS": "0.4"}
    async with RecordTown.open(tmp_path, database_url=url, settings=more) as town:
        made = await town.ran({"method": "POST", "records": {FILM_TYPE: [film(x) for x in "abc"]}})
        numbers = [entry["id"] for entry in done(made)]
        batch: Row = {"method": "PUT", "records": {FILM_TYPE: [{"id": one, "title": "new"} for one in numbers]}}
        somebody = await asyncpg.connect(url)
        async with somebody.transaction():
            await somebody.execute("SELECT 1 FROM records WHERE char_type = 1 AND number = $1 FOR UPDATE", numbers[1])
            told = await town.ran(batch)
        await somebody.close()
        assert [(one["code"], one["message"]) for one in entries(told)] == [
            (200, "Updated."), (409, "Record Locked."), (200, "Updated."),
        ]  # fmt: skip
        again = await town.ran({**batch, "batchOptions": {}})
        assert [one["code"] for one in entries(again)] == [200] * 3
        await kill(town.server)


async def test_places_run_out_exactly_and_batches_can_be_called_off_before_their_turn(
    where: str | None, tmp_path: Path
) -> None:
    async with RecordTown.open(tmp_path, "--no-worker", database_url=where) as town:
        batches = [{"method": "POST", "records": {CONTACT_TYPE: [contact(f"p{n}")]}} for n in range(30)]
        answers = await asyncio.gather(*(town.ask("POST", "/batch", one) for one in batches))
        assert Counter(status for status, _ in answers) == {202: OPEN_AT_MOST, 429: 30 - OPEN_AT_MOST}
        accepted = sorted(told["batchId"] for status, told in answers if status == 202)
        assert await town.free_places() == 0

        called_off, paused = await ids(town, accepted[0], accepted[1])
        await town.stage.run("batch", "cancel", called_off)
        await steer(town, lambda control: control.pause, paused)
        await begin_to_work(town)
        ended = {number: await town.ended(number) for number in accepted if number != accepted[1]}
        assert ended.pop(accepted[0])["batchStatus"] == "Cancelled"
        assert {batch["batchStatus"] for batch in ended.values()} == {"Complete"}
        assert await town.free_places() == OPEN_AT_MOST - 1
        assert (await town.ask("GET", f"/batch/{accepted[1]}"))[1]["batchStatus"] == "InProgress"
        assert len(await town.found("contact")) == OPEN_AT_MOST - 2

        await steer(town, lambda control: control.resume, paused)
        assert (await town.ended(accepted[1]))["batchStatus"] == "Complete"
        assert await town.free_places() == OPEN_AT_MOST
        with pytest.raises(WrongState):
            await steer(town, lambda control: control.cancel, paused)
        assert len(await town.found("contact")) == OPEN_AT_MOST - 1
        await kill(town.server)


async def ids(town: RecordTown, *numbers: int) -> Sequence[str]:
    """How the command line knows batches."""
    found = {number: UUID(str(id_)) for number, id_ in await town.rows("SELECT number, id FROM record_batches")}
    return [str(found[number]) for number in numbers]


async def steer(
    town: RecordTown, step: Callable[[Control], Callable[[Principal, BatchId], Awaitable[object]]], batch: str
) -> None:
    """Do what a command of the same name does, without a process to wait for."""
    who = Principal(id=town.account.principal, tenant=town.account.tenant, role=town.account.role)
    async with town.core() as core:
        await step(core.control)(who, BatchId(UUID(batch)))


async def begin_to_work(town: RecordTown) -> None:
    """A worker beside the server; on the embedded store a server that works."""
    if town.database_url.startswith("sqlite"):
        await kill(town.server)
        town.server = await town.stage.serve()
    else:
        await town.stage.work()
