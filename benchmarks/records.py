"""Scenario 9: batches of 100 new records over HTTP until each can be read complete, beside the insert of their rows.

The client keeps up to ten batches open, as many as it may, and asks for the oldest until it is complete. The time is
the client's: from the first request to the last result read. Muster and the bare insert take turns. On PostgreSQL COPY,
which takes in rows twice as fast as INSERT does, has its turns, too, for information.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from statistics import median

import aiohttp
import msgspec

from benchmarks.bare_records import BarePostgres, BareSqlite
from benchmarks.catalogue import CATALOG_ITEM, calling, database, draft, rent
from benchmarks.figures import Bar, Figure, Result, Size, machine, middle
from benchmarks.house import House, cpu_seconds, house, peak_mib
from muster.drill.stage import StageError
from muster.surfaces.record_batches.wire import batches as wire
from muster.surfaces.record_batches.wire.paths import BATCHES

NUMBER = 9
NAME = "records"
TITLE = "batches of new records over HTTP until their results are read"
_AT_LEAST = 0.3
_RECORDS, _OPEN = 100, 10
_GLANCE_SECONDS = 0.05


class _Turns(msgspec.Struct, frozen=True, kw_only=True):
    """Records a second in each turn, and what the server took for them."""

    ours: Sequence[float]
    bare: Sequence[float]
    copied: Sequence[float] = ()
    """The other's, by COPY."""
    rows: int
    """What one batch leaves behind."""
    cpu: float
    """Processor seconds a record."""
    peak: float

    @property
    def ratio(self) -> float:
        """Muster's rate against the other."""
        return median(self.ours) / median(self.bare)


async def measure(size: Size) -> Result:
    """Take turns, on one store and then on the other."""
    batches, turns = size.of(2, 20, 50), size.of(1, 7)
    async with house() as home:
        embedded = await _on_sqlite(home, batches, turns)
    bars = [_bar("SQLite", embedded)]
    figures = [Figure("records a batch", _RECORDS, ""), Figure("rows a batch", embedded.rows, "")]
    figures += _figures("SQLite", embedded)
    version = None
    async with database() as made:
        if made is not None:
            url, version = made
            async with house(database_url=url) as home:
                server = await _on_postgres(home, url, batches=batches, turns=turns)
            bars.append(_bar("PostgreSQL", server))
            figures += _figures("PostgreSQL", server)
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=tuple(bars),
        figures=tuple(figures),
        machine=machine(version),
    )


def _bar(store: str, turns: _Turns) -> Bar:
    return Bar(name=f"{store}: rate, against the bare insert", measured=turns.ratio, wanted=_AT_LEAST, at_most=False)


def _figures(store: str, turns: _Turns) -> Sequence[Figure]:
    return (
        *middle(f"{store}: Muster, records", turns.ours, "/s"),
        Figure(f"{store}: Muster, batches", median(turns.ours) / _RECORDS, "/s"),
        *middle(f"{store}: bare insert, records", turns.bare, "/s"),
        *_by_copy(store, turns),
        Figure(f"{store}: processor time a record", 1e6 * turns.cpu, "µs"),
        Figure(f"{store}: peak memory of the server", turns.peak, "MiB"),
    )


def _by_copy(store: str, turns: _Turns) -> Sequence[Figure]:
    if not turns.copied:
        return ()
    ratio = median(turns.ours) / median(turns.copied)
    told = middle(f"{store}: bare COPY, records", turns.copied, "/s")
    return (*told, Figure(f"{store}: rate, against the bare COPY", ratio, ""))


async def _on_sqlite(home: House, batches: int, turns: int) -> _Turns:
    home.server = await home.serve()
    async with calling(home, await rent(home)) as http:
        await _make(http, _bodies(0, batches))
        bare = BareSqlite(home.folder / "bare.db", like=home.database)
        ours, theirs, rows, busy = list[float](), list[float](), 0, 0.0
        for turn in range(1, turns + 1):
            before = cpu_seconds(home.server)
            ours.append(await _make(http, _bodies(turn, batches)))
            busy += cpu_seconds(home.server) - before
            left = bare.look(batches)
            rows = sum(map(len, left[0].values()))
            theirs.append(batches * _RECORDS / await bare.take(left))
        bare.close()
    cpu = busy / (turns * batches * _RECORDS)
    return _Turns(ours=ours, bare=theirs, rows=rows, cpu=cpu, peak=peak_mib(home.server))


async def _on_postgres(home: House, url: str, *, batches: int, turns: int) -> _Turns:
    home.server = await home.serve()
    async with calling(home, await rent(home)) as http:
        await _make(http, _bodies(0, batches))
        inserting, copying = [await BarePostgres.open(url, schema) for schema in ("bare", "bare_copy")]
        ours, theirs, copied, rows, busy = list[float](), list[float](), list[float](), 0, 0.0
        for turn in range(1, turns + 1):
            before = cpu_seconds(home.server)
            ours.append(await _make(http, _bodies(turn, batches)))
            busy += cpu_seconds(home.server) - before
            left = await inserting.look(batches)
            rows = sum(map(len, left[0].values()))
            theirs.append(batches * _RECORDS / await inserting.take(left))
            copied.append(batches * _RECORDS / await copying.take(left, copied=True))
        await inserting.close()
        await copying.close()
    cpu = busy / (turns * batches * _RECORDS)
    return _Turns(ours=ours, bare=theirs, copied=copied, rows=rows, cpu=cpu, peak=peak_mib(home.server))


def _bodies(turn: int, batches: int) -> Sequence[bytes]:
    """What is sent in one turn, ready made."""
    first = turn * batches * _RECORDS
    return [
        msgspec.json.encode(
            {
                "method": "POST",
                "records": {str(CATALOG_ITEM): [draft(first + batch * _RECORDS + i) for i in range(_RECORDS)]},
            }
        )
        for batch in range(batches)
    ]


async def _make(http: aiohttp.ClientSession, bodies: Sequence[bytes]) -> float:
    """Have all of them made; records a second."""
    waiting: deque[int] = deque()
    began = time.perf_counter()
    for body in bodies:
        if len(waiting) == _OPEN:
            await _read(http, waiting.popleft())
        async with http.post(BATCHES, data=body) as answer:
            if answer.status != 202:  # noqa: PLR2004 - Accepted
                raise StageError(f"{answer.status}: {await answer.text()}")
            waiting.append((await answer.json())["batchId"])
    while waiting:
        await _read(http, waiting.popleft())
    return len(bodies) * _RECORDS / (time.perf_counter() - began)


async def _read(http: aiohttp.ClientSession, number: int) -> None:
    """Ask for the batch until it is complete. Raises StageError where a record was not made."""
    while True:
        async with http.get(f"{BATCHES}/{number}") as answer:
            told = msgspec.json.decode(await answer.read())
        if told["batchStatus"] not in {wire.CREATED, wire.IN_PROGRESS}:
            break
        await asyncio.sleep(_GLANCE_SECONDS)
    results = told["batchResults"]["records"].get(str(CATALOG_ITEM), [])
    if told["batchStatus"] != wire.COMPLETE or [one["code"] for one in results] != [200] * _RECORDS:
        raise StageError(f"{told['batchStatus']}: {results[:1]}")
