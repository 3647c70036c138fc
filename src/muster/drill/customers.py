"""Customers who open the links in their texts: they finish, decline, or ask for no more."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from muster.drill.stage import Client, Stage, StageError
from muster.surfaces.workflow_batches.wire import BATCHES

FINISH, DECLINE, STOP = 20, 3, 2
"""How many of them do what."""
_LINK = re.compile(r"https?://\S+")
_PATIENCE_SECONDS = 30
_NAME = {"first_name": "Jo", "last_name": "Doe", "email": "jo@example.com"}
# A number that the payment sandbox takes (docs/reference/payments.md).
_CARD = {"number": "4242 4242 4242 4242", "expires": "12/39", "holder": "Jo Doe"}


class Text(msgspec.Struct, frozen=True):
    """A text as it reached a phone."""

    phone: str
    link: str


def texts_in(log: Path, *, among: frozenset[str]) -> Sequence[Text]:
    """The texts with a link that the carrier delivered to the numbers `among` (digits only), oldest first."""
    found: list[Text] = []
    with log.open() as lines:
        for line in lines:
            arrival = msgspec.json.decode(line)
            link = _LINK.search(arrival["text"])
            phone = arrival["destination"].lstrip("+")
            if arrival["status"] == 0 and link is not None and phone in among:
                found.append(Text(phone, link[0]))
    return found


async def act(stage: Stage, client: Client, batch: str, *, phones: Sequence[str]) -> Mapping[str, int]:
    """Let the customers with these numbers act on their links; the batch's counts once all of it shows.

    Raises StageError when a page does not do what it should, TimeoutError when the counts do not follow.
    """
    digits = frozenset(phone.lstrip("+") for phone in phones)
    texts = texts_in(stage.arrivals, among=digits)[: FINISH + DECLINE + STOP]
    finishing, others = texts[:FINISH], texts[FINISH:]
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        for text in finishing:
            group.create_task(_finish(http, text.link))
        for text in others[:DECLINE]:
            group.create_task(_post(http, f"{text.link}/decline", {"reason": "unknown_business"}))
    for text in others[DECLINE:]:
        await stage.reply(f"+{text.phone}", "STOP")
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            shown: Mapping[str, Any] = await client.call("GET", f"{BATCHES}/{batch}")
            if (shown["completedRequestsCount"], shown["declinedRequestsCount"]) == (len(finishing), DECLINE):
                return {name.removesuffix("RequestsCount"): n for name, n in shown.items() if name.endswith("sCount")}
            await asyncio.sleep(0.05)


async def _finish(http: aiohttp.ClientSession, link: str) -> None:
    """Open the link, say who one is, add a card."""
    async with http.get(link) as page:
        if page.status != 200:  # noqa: PLR2004 - OK
            raise StageError(f"a link was answered {page.status}")
    await _post(http, f"{link}/steps/1", _NAME)
    await _post(http, f"{link}/steps/2", _CARD)


async def _post(http: aiohttp.ClientSession, url: str, form: Mapping[str, str]) -> None:
    async with http.post(url, data=form, allow_redirects=False) as answer:
        if answer.status != 303:  # noqa: PLR2004 - See Other
            raise StageError(f"a form was answered {answer.status}: {(await answer.text())[:300]}")
