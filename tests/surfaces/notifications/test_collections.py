"""Lists as pages and as streams, whatever they are lists of."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar, get
from litestar.response.base import ASGIResponse

from muster.domain.category import Category
from muster.domain.ids import CategoryNumber
from muster.domain.mark import Mark
from muster.lookup.shelves import Found, Related, ShelfName, Wants
from muster.surfaces.access import Call
from muster.surfaces.notifications.problems import MOST_EXPORTED, Problems
from muster.surfaces.notifications.routes.collections import Collection, answer
from muster.surfaces.notifications.routes.door import STREAMS_AT_WORK
from muster.surfaces.notifications.translate.query import Asked
from muster.surfaces.notifications.wire.streaming import acceptable

NOTHING = Related(categories={}, parties={}, contacts={}, people={}, groups={}, tokens={}, mailings={}, statistics={})
Answer = dict[str, Any]
STREAM = {"MPT-Streaming": "true"}
LINES = {**STREAM, "Accept": "application/jsonl"}
JSON = {**STREAM, "Accept": "application/json"}


class Rows:
    """A list of so many categories; those of `gone` vanish once the list was drawn up."""

    def __init__(self, count: int, *, gone: Sequence[int] = (), patience: float = 5, note: str = "") -> None:
        self.count = count
        self.gone = frozenset(gone)
        self.patience = patience
        self.note = note
        self.read: list[int] = []
        self.at_work = self.most_at_work = 0
        self.fails_at: int | None = None

    @property
    def app(self) -> Litestar:
        turns = asyncio.Semaphore(STREAMS_AT_WORK)

        @get("/")
        async def find(request: Call) -> ASGIResponse:
            shelf = ShelfName.CATEGORIES
            mine = Collection(shelf=shelf, find=self._find, numbers=self._numbers, several=self._several)
            return await answer(request, mine, turns=turns, patience=self.patience)

        return Litestar([find], exception_handlers={Exception: Problems(uuid4)}, logging_config=None)

    async def get(self, query: str = "", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(cast("Any", self.app))
        async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
            return await client.get(f"/?{query}", headers=headers)

    async def _find(self, asked: Asked) -> Found:
        first, limit = asked.query.offset, asked.query.limit
        rows = [category(number, self.note) for number in range(1, self.count + 1)]
        return Found(total=self.count, rows=rows[first : first + limit], related=NOTHING)

    async def _numbers(self, asked: Asked, most: int) -> Sequence[int]:
        assert asked.query is not None
        return range(1, min(self.count, most) + 1)

    async def _several(self, numbers: Sequence[int], wants: Wants) -> Found:
        assert not wants.statistics
        self.read.append(len(numbers))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0)
        self.at_work -= 1
        if len(self.read) == self.fails_at:
            raise ConnectionResetError
        rows = [category(number) for number in numbers if number not in self.gone]
        return Found(total=len(rows), rows=rows, related=NOTHING)


def category(number: int, note: str = "") -> Category:
    made = datetime(2026, 1, 8, tzinfo=UTC)
    return Category(number=CategoryNumber(number), name=f"{number}", note=note, marks={"created": Mark(made)})


def lines(text: str) -> list[Answer]:
    return [json.loads(line) for line in text.splitlines()]


async def test_a_page_comes_in_an_envelope_of_exactly_three_numbers() -> None:
    found = await Rows(5).get("limit=2&offset=1")

    assert found.headers["content-type"] == "application/json; charset=utf-8"
    assert found.json()["$meta"] == {
        "pagination": {"offset": 1, "limit": 2, "total": 5},
        "omitted": ["statistics", "audit"],
    }
    assert [one["id"] for one in found.json()["data"]] == ["NTC-0000-0002", "NTC-0000-0003"]


async def test_a_page_shows_what_was_selected() -> None:
    found = (await Rows(1).get("select=-*,id")).json()

    assert found["data"] == [{"id": "NTC-0000-0001"}]
    assert "name" in found["$meta"]["omitted"]


async def test_a_limit_beyond_the_cap_is_clamped_and_told() -> None:
    found = (await Rows(1001).get("limit=5000")).json()

    assert found["$meta"]["pagination"]["limit"] == len(found["data"]) == 1000


async def test_a_page_of_long_rows_is_sent_in_pieces() -> None:
    rows = Rows(1000, note="n" * 5000)

    found = await rows.get("limit=900&offset=50")

    assert "content-length" not in found.headers
    assert [one["id"][-4:] for one in found.json()["data"]] == [f"{number:04d}" for number in range(51, 951)]
    assert found.json()["$meta"]["pagination"] == {"offset": 50, "limit": 900, "total": 1000}


async def test_a_stream_of_lines_holds_the_whole_list() -> None:
    rows = Rows(1203)

    found = await rows.get("limit=-1", **LINES)

    assert found.headers["mpt-streaming"] == "true"
    assert found.headers["mpt-item-count"] == "1203"
    assert found.headers["content-type"].partition(";")[0] == "application/jsonl"
    assert [one["name"] for one in lines(found.text)] == [str(number) for number in range(1, 1204)]
    assert rows.read == [500, 500, 203]


async def test_a_stream_of_json_is_the_envelope() -> None:
    found = await Rows(501).get("select=name", **JSON)

    assert found.headers["content-type"].partition(";")[0] == "application/json"
    assert found.json()["$meta"]["pagination"] == {"offset": 0, "limit": 501, "total": 501}
    assert len(found.json()["data"]) == 501


@pytest.mark.parametrize("headers", [LINES, JSON])
async def test_an_empty_list_streams_too(headers: dict[str, str]) -> None:
    found = await Rows(0).get(**headers)

    assert found.headers["mpt-item-count"] == "0"
    assert found.text == "" or found.json()["data"] == []


async def test_a_part_of_a_list_can_be_streamed() -> None:
    found = await Rows(3000).get("offset=10&limit=1500", **LINES)

    assert found.headers["mpt-item-count"] == "1500"
    assert lines(found.text)[0]["id"] == "NTC-0000-0011"


@pytest.mark.parametrize("headers", [LINES, JSON])
async def test_a_row_that_vanished_meanwhile_is_told_and_counts(headers: dict[str, str]) -> None:
    found = await Rows(3, gone=[2]).get(**headers)
    shown = lines(found.text) if headers is LINES else found.json()["data"]

    assert found.headers["mpt-item-count"] == "3"
    assert shown[1] == {"id": "NTC-0000-0002", "$meta": {"deleted": True}}


async def test_a_stream_over_the_cap_is_refused_with_the_cap() -> None:
    found = await Rows(MOST_EXPORTED + 1).get("", **LINES)

    assert found.status_code == 413
    assert found.json()["maxExportKeys"] == MOST_EXPORTED
    assert (await Rows(MOST_EXPORTED + 1).get("limit=2", **LINES)).headers["mpt-item-count"] == "2"


@pytest.mark.parametrize("accept", ["text/csv", "application/xml, text/*", "application/jsonl;q=0"])
async def test_a_format_that_there_is_not_is_refused(accept: str) -> None:
    found = await Rows(1).get(**{**STREAM, "Accept": accept})

    assert found.status_code == 406
    assert found.json()["title"] == "Not Acceptable"


@pytest.mark.parametrize(
    ("accept", "format_"),
    [
        ("", "application/jsonl"),
        ("*/*", "application/jsonl"),
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("application/json;q=0.5, application/jsonl", "application/jsonl"),
        ("text/csv, application/json;q=0.1", "application/json"),
        ("application/json;q=much", None),
    ],
)
def test_the_format_is_the_one_that_is_preferred(accept: str, format_: str | None) -> None:
    assert acceptable(accept) == format_


async def test_a_query_is_checked_before_a_stream_begins() -> None:
    found = await Rows(1).get("eq(nope,1)", **LINES)

    assert found.status_code == 400
    assert found.json()["errors"] == {"nope": ["Invalid property path."]}


class Line:
    """A connection to the app, without a server between: what is sent, and when the client stops to take it."""

    def __init__(self, *, takes: int = 10**9) -> None:
        self.sent: list[Answer] = []
        self._takes = takes
        self._asked = False

    async def run(self, rows: Rows) -> None:
        headers = [(name.lower().encode(), value.encode()) for name, value in LINES.items()]
        scope: dict[str, object] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "server": ("muster", 80),
            "client": ("127.0.0.1", 1),
        }
        await rows.app(cast("Any", scope), cast("Any", self._receive), cast("Any", self._send))

    @property
    def ended(self) -> bool:
        return bool(self.sent) and not self.sent[-1].get("more_body", True)

    async def _receive(self) -> Answer:
        if self._asked:
            await asyncio.Event().wait()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Answer) -> None:
        if len(self.sent) >= self._takes:
            await asyncio.Event().wait()
        self.sent.append(message)


async def test_a_failure_in_the_middle_leaves_the_stream_without_an_end() -> None:
    rows, line = Rows(3000), Line()
    rows.fails_at = 4

    with pytest.raises(Exception, match="after response started"):
        await line.run(rows)

    assert line.sent[0]["status"] == 200
    assert not line.ended


async def test_a_client_that_stops_reading_is_given_up() -> None:
    rows, line = Rows(100_000, patience=0.05), Line(takes=3)

    async with asyncio.timeout(10):
        await line.run(rows)

    assert not line.ended
    assert sum(rows.read) < 5_000, "more was read than the client took"


async def test_of_many_streams_only_a_few_work_at_the_same_moment() -> None:
    rows = Rows(2000)
    transport = httpx.ASGITransport(cast("Any", rows.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
        found = await asyncio.gather(*(client.get("/", headers=LINES) for _ in range(10)))

    assert {len(lines(one.text)) for one in found} == {2000}
    assert rows.most_at_work == STREAMS_AT_WORK
