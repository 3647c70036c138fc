"""E-mail while something breaks: the server is killed, or the mail server falls silent or cuts the line."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from muster.domain.chunk import WINDOW_SIZE
from muster.drill.mail import Arrival, MailServer
from muster.drill.stage import kill
from muster.surfaces.notifications.wire.paths import CATEGORIES
from tests.channels.smtp.returned_mail import a_dsn
from tests.flows.mail_town import MailTown, an_account, closed

pytestmark = pytest.mark.slow
SIZE, CUTS = 10_000, 3
SHARED_SIZE, SHARED_CUTS = 4_000, 1
"""On the shared store: there a server waits for what the dead one had in hand, half a minute at times."""
CHUNKS_AT_WORK = 4
"""Of one account, with 16 workers."""
BOUNCES = 60
SETTINGS = {
    "MUSTER_UPKEEP_SECONDS": "0.2",
    "MUSTER_REST_SECONDS": "0.2",
    # Where several processes may share the store, the lease of a dead one must run out before the next one goes on.
    "MUSTER_LEASE_SECONDS": "2",
    "MUSTER_CARRY_SECONDS": "1.5",
}


@asynccontextmanager
async def a_town(
    folder: Path, sink: MailServer, *, database_url: str | None = None, **more: str
) -> AsyncGenerator[MailTown]:
    """A server that sends to `sink`; `more` are options of its channel."""
    channel = to(sink, **more)
    async with MailTown.open(folder, channel=channel, settings=SETTINGS, database_url=database_url) as town:
        yield town
        # Not asked to drain: it would wait for mail servers that do not answer.
        await kill(town.server)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest) -> str | None:
    """The database of the server; None for the embedded one."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url.replace("+asyncpg", "")


@pytest.fixture
async def sink() -> AsyncIterator[MailServer]:
    """Where the letters go."""
    async with MailServer() as server:
        yield server


def to(sink: MailServer, **more: str) -> Mapping[str, str]:
    """The options of a channel to it."""
    return {"host": "127.0.0.1", "port": str(sink.port), "security": "none", **more}


def copies(sink: MailServer) -> Counter[str]:
    """How many letters each recipient has got."""
    return Counter(one.recipient for one in sink.taken)


def has(things: Callable[[], Sequence[object]], count: int) -> bool:
    """Whether there are so many of them by now."""
    return len(things()) >= count


async def until(truth: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for something that happens elsewhere."""
    async with asyncio.timeout(seconds):
        while not truth():
            await asyncio.sleep(0.02)


async def test_a_killed_server_sends_nobody_the_same_letter_twice(  # noqa: PLR0917 - pytest passes fixtures by name
    where: str | None, sink: MailServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    size, cuts = (SIZE, CUTS) if where is None else (SHARED_SIZE, SHARED_CUTS)
    # Slow enough that each cut falls into the middle, however late this process gets its turn.
    async with a_town(tmp_path, sink, database_url=where, rate=str(size // 3)) as town:
        batch = await town.send(*(f"reader{position}@example.com" for position in range(size)))
        for number in range(1, cuts + 1):
            await until(partial(has, lambda: sink.taken, size * number // (cuts + 2)))
            await kill(town.server)
            assert len(sink.taken) < size
            town.server = await town.stage.serve()
        shown = await town.completed(batch)

        arrived, states = copies(sink), Counter(await town.states())
        record_property("figures", f"{cuts} power cuts: {dict(states)}, {arrived.total()} arrivals")
        assert max(arrived.values()) == 1
        assert sum(shown.values()) == size
        assert set(states) <= {"delivered", "unknown"}
        assert Counter(shown) == Counter({"Sent": states["delivered"], "Failed": states["unknown"]})
        assert states["unknown"] <= cuts * CHUNKS_AT_WORK * WINDOW_SIZE
        delivered = await town.ask("SELECT address FROM entries WHERE state = 'delivered'")
        assert {address for (address,) in delivered} <= set(arrived)
        today = await town.today()
        assert (today["sent"], today["failed"], today["total"]) == (shown["Sent"], states["unknown"], size)


async def test_bounces_that_are_told_again_after_a_kill_count_once(sink: MailServer, tmp_path: Path) -> None:
    async with a_town(tmp_path, sink) as town:
        batch = await town.send(*(f"reader{position}@example.com" for position in range(BOUNCES)))
        await town.completed(batch)
        told: list[str] = []
        returning = asyncio.create_task(every(sink.taken, lambda one: returned(town, one.sender, told=told)))
        for moment in (BOUNCES // 4, BOUNCES // 2):
            await until(partial(has, lambda: told, moment))
            await kill(town.server)
            town.server = await town.stage.serve()
        await returning
        assert await town.counts(batch) == {"Bounced": BOUNCES}
        assert (await town.today())["bounced"] == BOUNCES

        await every(sink.taken[:10], lambda one: returned(town, one.sender, told=told))
        assert (await town.today())["bounced"] == BOUNCES
        assert await town.ask("SELECT count(*) FROM suppressions") == [(BOUNCES,)]
        assert await town.ask("SELECT state, count(*) FROM contacts GROUP BY state") == [("blocked", BOUNCES)]


@pytest.mark.parametrize("fate", ["dropkept", "droplost"])
async def test_a_line_cut_after_the_final_dot_leaves_one_copy_or_none(
    fate: str, sink: MailServer, tmp_path: Path
) -> None:
    async with a_town(tmp_path, sink) as town:
        batch = await town.send("ann@example.com", f"{fate}@example.com")
        assert await town.completed(batch) == {"Sent": 1, "Failed": 1}
        assert (await town.states()) == {"delivered": 1, "unknown": 1}
        assert copies(sink)[f"{fate}@example.com"] == (1 if fate == "dropkept" else 0)


async def test_who_prefers_arrival_gets_a_second_copy_that_is_marked(sink: MailServer, tmp_path: Path) -> None:
    async with a_town(tmp_path, sink, unknown="prefer_arrival") as town:
        batch = await town.send("ann@example.com", "dropkept@example.com")
        assert await town.completed(batch) == {"Sent": 1, "Failed": 1}
        assert copies(sink) == {"ann@example.com": 1, "dropkept@example.com": 2}
        first, second = (one.message_id for one in sink.taken if one.recipient == "dropkept@example.com")
        assert (first.replace(".1@", ".2@"), first) == (second, first)
        assert await town.ask("SELECT state, repeats FROM entries ORDER BY position") == [
            ("delivered", 0),
            ("unknown", 1),
        ]


@pytest.mark.parametrize("fate", ["silent", "bytes"])
async def test_a_mail_server_that_does_not_answer_holds_up_only_its_own_tenant(
    fate: str, sink: MailServer, tmp_path: Path
) -> None:
    async with (
        MailServer() as stuck,
        a_town(tmp_path, sink) as town,
        closed(await an_account(town.stage, "Southwind", to(stuck), database_url=town.database_url)) as slow,
    ):
        category = await slow.call("POST", CATEGORIES, {"name": "News"})
        for _ in range(3):
            await town.send(*many(fate), client=slow, category=str(category["id"]))
        await until(partial(has, lambda: stuck.taken, 1))

        batch = await town.send(*many("reader"))
        assert await town.completed(batch) == {"Sent": len(many("reader"))}
        assert (await town.states())["accepted"] > len(many(fate))


def many(name: str) -> Sequence[str]:
    return [f"{name}+{number}@example.com" for number in range(1_000)]


async def every(arrivals: Sequence[Arrival], act: Callable[[Arrival], Awaitable[None]]) -> None:
    """Do something with each, four at a time."""
    some = asyncio.Semaphore(4)

    async def one(arrival: Arrival) -> None:
        async with some:
            await act(arrival)

    async with asyncio.timeout(90):
        await asyncio.gather(*(one(arrival) for arrival in arrivals))


async def returned(town: MailTown, return_path: str, *, told: list[str]) -> None:
    """Return a letter as a mail server does: again and again, until the bounce is taken."""
    while True:
        try:
            answer = await handed_over(town.mail_port, return_path)
        except (OSError, EOFError):
            answer = ""
        if answer.startswith("250"):
            told.append(return_path)
            return
        assert not answer.startswith("5"), answer
        await asyncio.sleep(0.05)


async def handed_over(port: int, return_path: str) -> str:
    """Hand over one bounce; the last answer. Raises OSError, EOFError when the line breaks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = a_dsn().replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
    try:
        line = await reader.readuntil(b"\r\n")
        commands = (b"HELO mx.example.com", b"MAIL FROM:<>", b"RCPT TO:<%b>" % return_path.encode(), b"DATA")
        for said in (*commands, content + b"."):
            if line[:1] in b"45":
                break
            writer.write(said + b"\r\n")
            line = await reader.readuntil(b"\r\n")
        return line.decode()
    finally:
        writer.close()
