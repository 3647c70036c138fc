"""Answers that are lists: a page in an envelope, or the whole list as a stream."""

import asyncio
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import msgspec
import structlog
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Message, Receive, Send

from muster.domain.directory import Acting
from muster.domain.errors import MusterError
from muster.domain.ids import BuyerNumber, CategoryNumber, PartyNumber
from muster.lookup.shelves import Found, ShelfLookup, ShelfName, Wants
from muster.surfaces.access import Call
from muster.surfaces.notifications.problems import MOST_EXPORTED, ExportTooLarge
from muster.surfaces.notifications.translate.objects import render, render_gone
from muster.surfaces.notifications.translate.query import MOST_ROWS, Asked, read_query
from muster.surfaces.notifications.translate.select import Selection
from muster.surfaces.notifications.wire.streaming import COUNT_HEADER, JSON, JSON_LINES, STREAMING_HEADER, acceptable

log = structlog.get_logger(__name__)

ROWS_AT_ONCE: Final = 500
"""Rows of a stream that are in memory together."""
_BODIES_AT_ONCE: Final = 100
"""Where each may bring a text of any length."""
_PIECE: Final = 64 * 1024
"""Bytes that a stream hands over at once; a single row may be longer."""
_WHOLE: Final = 1 << 20
"""Bytes up to which a page is made before it is sent; of a larger one only a piece is in memory."""
PAGE_TYPE: Final = f"{JSON}; charset=utf-8"
PATIENCE: Final = 60.0
"""Seconds that a client may let a piece of a stream wait."""


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """A list that can be asked for."""

    shelf: ShelfName
    find: Callable[[Asked], Awaitable[Found]]
    numbers: Callable[[Asked, int], Awaitable[Sequence[int]]]
    """Of all that match, in order, whatever part is asked for; at most so many."""
    several: Callable[[Sequence[int], Wants], Awaitable[Found]]
    buyers: bool = False
    """Whether a query may name a buyer."""


class StreamBroken(MusterError):
    """A client took no more of a stream: nothing is left to be said to it."""


def of_shelf(shelves: ShelfLookup, acting: Acting, shelf: ShelfName) -> Collection:
    """One of the lists, as far as the caller may see it."""
    return Collection(
        shelf=shelf,
        find=lambda asked: shelves.find(acting, shelf, asked.query, wants=asked.selection.wants),
        numbers=lambda asked, most: shelves.numbers(acting, shelf, asked.query, most=most),
        several=lambda numbers, wants: shelves.several(acting, shelf, numbers, wants=wants),
    )


def of_recipients(shelves: ShelfLookup, acting: Acting, *, party: PartyNumber, category: CategoryNumber) -> Collection:
    """The contacts that a mailing of `category` to `party` reaches."""

    async def find(asked: Asked) -> Found:
        buyer = None if asked.buyer is None else BuyerNumber(asked.buyer)
        wants = asked.selection.wants
        return await shelves.recipients(acting, party, category, buyer=buyer, query=asked.query, wants=wants)

    async def numbers(asked: Asked, most: int) -> Sequence[int]:
        whole = msgspec.structs.replace(asked.query, offset=0, limit=most)
        found = await find(msgspec.structs.replace(asked, query=whole))
        return array("q", (row.number for row in found.rows))

    return Collection(
        shelf=ShelfName.CONTACTS,
        find=find,
        numbers=numbers,
        several=lambda several, wants: shelves.several(acting, ShelfName.CONTACTS, several, wants=wants),
        buyers=True,
    )


async def answer(
    call: Call, collection: Collection, *, turns: asyncio.Semaphore, patience: float = PATIENCE
) -> ASGIResponse:
    """The page, or the stream, that the call asks for. Raises BadInput, ExportTooLarge, HTTPException 406.

    A stream makes each of its pieces in one of the `turns`, and is broken off where its client takes nothing for
    `patience` seconds.
    """
    if call.headers.get(STREAMING_HEADER, "").strip().lower() == "true":
        return await _stream(call, collection, turns=turns, patience=patience)
    asked = read_query(collection.shelf, _query_string(call), buyers=collection.buyers)
    query, step = asked.query, _at_once(collection, asked.selection.wants, most=MOST_ROWS)
    first = await collection.find(_part(asked, query.offset, min(step, query.limit)))
    meta = _meta(query.offset, query.limit, first.total, omitted=asked.selection.omitted)
    pieces = _pieces(_in_envelope(_page(collection, asked, first, step=step), meta))
    beginning: list[bytes] = []
    async for piece in pieces:
        beginning.append(piece)
        if sum(map(len, beginning)) > _WHOLE:
            return _Patient(patience, iterator=_after(beginning, pieces), media_type=PAGE_TYPE, headers={})
    return ASGIResponse(body=b"".join(beginning), media_type=PAGE_TYPE, status_code=200)


async def _page(collection: Collection, asked: Asked, found: Found, *, step: int) -> AsyncIterator[bytes]:
    """One JSON object for each row of a page, of which `found` is the first part."""
    selection, beyond = asked.selection, asked.query.offset + asked.query.limit
    end = min(beyond, found.total)
    for start in range(asked.query.offset, end, step):
        if start > asked.query.offset:
            found = await collection.find(_part(asked, start, min(step, beyond - start)))
        for row in found.rows:
            yield msgspec.json.encode(selection.prune(render(row, found.related)))


def _part(asked: Asked, offset: int, limit: int) -> Asked:
    return msgspec.structs.replace(asked, query=msgspec.structs.replace(asked.query, offset=offset, limit=limit))


async def _after(beginning: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while beginning:
        yield beginning.pop(0)
    async for piece in rest:
        yield piece


def _at_once(collection: Collection, wants: Wants, *, most: int) -> int:
    """How many rows may be in memory together."""
    # The rows of this list have their texts, wanted or not.
    heavy = wants.bodies or collection.shelf is ShelfName.MAILINGS
    return min(_BODIES_AT_ONCE, most) if heavy else most


async def _stream(call: Call, collection: Collection, *, turns: asyncio.Semaphore, patience: float) -> ASGIResponse:
    media_type = acceptable(call.headers.get("accept", ""))
    if media_type is None:
        raise HTTPException(status_code=406, detail=f"A stream is {JSON_LINES} or {JSON}")
    asked = read_query(collection.shelf, _query_string(call), streaming=True, buyers=collection.buyers)
    async with turns:
        numbers = await _members(collection, asked)
    total, first = len(numbers), asked.query.offset
    chosen = numbers[first:] if asked.most is None else numbers[first : first + asked.most]
    rows = _rows(collection, chosen, asked.selection)
    if media_type == JSON:
        meta = _meta(first, len(chosen), total, omitted=asked.selection.omitted)
        rows = _in_envelope(rows, meta)
    else:
        rows = _in_lines(rows)
    return _Patient(
        patience,
        iterator=_in_turn(_pieces(rows), turns),
        media_type=media_type,
        headers={STREAMING_HEADER: "true", COUNT_HEADER: str(len(chosen))},
    )


async def _members(collection: Collection, asked: Asked) -> Sequence[int]:
    """The numbers of everything that matches, now: what happens later changes nothing of which rows are sent."""
    numbers = array("q", await collection.numbers(asked, MOST_EXPORTED + 1))
    beyond = asked.most is None or asked.query.offset + asked.most > MOST_EXPORTED
    if len(numbers) > MOST_EXPORTED and beyond:
        raise ExportTooLarge(f"A stream has at most {MOST_EXPORTED} rows")
    return numbers


async def _rows(collection: Collection, numbers: Sequence[int], selection: Selection) -> AsyncIterator[bytes]:
    """One JSON object for each number, in order."""
    wants, encode = selection.wants, msgspec.json.encode
    at_once = _at_once(collection, wants, most=ROWS_AT_ONCE)
    for start in range(0, len(numbers), at_once):
        part = numbers[start : start + at_once]
        found = await collection.several(part, wants)
        rows = {int(row.number): row for row in found.rows}
        for number in part:
            row = rows.get(number)
            if row is None:
                yield encode(render_gone(collection.shelf, number))
            else:
                yield encode(selection.prune(render(row, found.related)))


async def _in_lines(rows: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for row in rows:
        yield row + b"\n"


async def _in_envelope(rows: AsyncIterator[bytes], meta: dict[str, object]) -> AsyncIterator[bytes]:
    yield b'{"$meta":' + msgspec.json.encode(meta) + b',"data":['
    between = b""
    async for row in rows:
        yield between + row
        between = b","
    yield b"]}"


async def _pieces(rows: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in fewer pieces."""
    waiting: list[bytes] = []
    size = 0
    async for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    yield b"".join(waiting)


async def _in_turn(pieces: AsyncIterator[bytes], turns: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """The same pieces, each made in a turn; while it is sent, others have theirs."""
    while True:
        async with turns:
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece


class _Patient(ASGIStreamingResponse):
    """A stream that is broken off when its client takes nothing for a while; its connection ends without an end."""

    def __init__(
        self, patience: float, *, iterator: AsyncIterator[bytes], media_type: str, headers: dict[str, str]
    ) -> None:
        # The framework leaves open what its streams are made of.
        super().__init__(iterator=iterator, media_type=media_type, headers=headers, status_code=200)  # pyright: ignore[reportUnknownMemberType]
        self._patience = patience

    async def send_body(self, send: Send, receive: Receive) -> None:
        async def wait_for(message: Message) -> None:
            try:
                async with asyncio.timeout(self._patience):
                    await send(message)
            except TimeoutError:
                raise StreamBroken from None

        try:
            await super().send_body(wait_for, receive)
        except* StreamBroken:
            # The server closes a connection whose answer has no end.
            log.info("stream_given_up", seconds=self._patience)


def _meta(offset: int, limit: int, total: int, *, omitted: Sequence[str]) -> dict[str, object]:
    # Exactly these three: the vendor's client fails at a fourth.
    return {"pagination": {"offset": offset, "limit": limit, "total": total}, "omitted": omitted}


def _query_string(call: Call) -> bytes:
    return call.scope["query_string"]
