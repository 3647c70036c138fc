"""What is true of every request, whatever door it comes through."""

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import aiohttp
import pytest
from litestar import Response, Router, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp

from muster.app.http import Door, Vitals, application
from muster.app.listener import Listener
from muster.app.settings import Settings, load
from muster.domain.errors import NotFound, Unavailable
from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits, read_object
from muster.surfaces.problems import status_of
from muster.telemetry.logs import configure
from muster.telemetry.metrics import PrometheusMeter


class Patient:
    """A process that is well until told otherwise."""

    def __init__(self) -> None:
        self.lack = ""
        self.meter = PrometheusMeter()

    async def check(self) -> None:
        if self.lack:
            raise Unavailable(self.lack)

    def application(self) -> ASGIApp:
        vitals = Vitals(check=self.check, figures=self.meter.text)
        return application([a_door()], vitals, meter=self.meter, body_limit=1024, client_timeout=0.2)


def a_door() -> Door:
    @get("/door/{name:str}", sync_to_thread=False)
    def things(name: FromPath[str]) -> str:
        if name == "crash":
            raise ValueError("bad +15551231234")
        raise NotFound(f"no {name}")

    @post("/door/echo")
    async def echo(request: Call) -> bytes:
        return await request.body()

    @post("/door/object", include_in_schema=False)
    async def object_(request: Call) -> bytes:
        return (await read_object(request, Limits())).fingerprint

    handlers: list[HTTPRouteHandler] = [things, echo, object_]

    def routers() -> Sequence[Router]:
        return [Router("/", route_handlers=handlers, exception_handlers={HTTPException: problem})]

    def problem(_call: Call, error: Exception) -> Response[object]:
        return Response({"door": "says no"}, status_code=status_of(error))

    return Door(name="door", title="A door", routers=routers, problems={"/door": problem})


@pytest.fixture
def patient() -> Patient:
    return Patient()


@pytest.fixture
def settings() -> Settings:
    environment = {"MUSTER_PORT": "0", "MUSTER_CLIENT_TIMEOUT_SECONDS": "0.3", "MUSTER_DRAIN_SECONDS": "1"}
    return load(environment=environment)


@pytest.fixture
async def client(patient: Patient, settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    listener = Listener(patient.application(), settings)
    serving = asyncio.create_task(listener.run())
    async with aiohttp.ClientSession(f"http://127.0.0.1:{listener.port}") as session:
        yield session
    listener.stop()
    await serving


async def test_every_answer_carries_an_id_and_a_clients_own_is_kept(client: aiohttp.ClientSession) -> None:
    async with client.get("/health/live") as answer:
        assert str(UUID(answer.headers["x-request-id"])) == answer.headers["x-request-id"]
    async with client.get("/health/live", headers={"X-Request-Id": "mine-1"}) as answer:
        assert answer.headers["x-request-id"] == "mine-1"
    async with client.get("/health/live", headers={"X-Request-Id": "x" * 65}) as answer:
        assert answer.headers["x-request-id"] != "x" * 65


async def test_readiness_says_what_is_lacking(client: aiohttp.ClientSession, patient: Patient) -> None:
    async with client.get("/health/ready") as answer:
        assert answer.status == 200
    patient.lack = "the store is away"
    async with client.get("/health/ready") as answer:
        assert (answer.status, await answer.text()) == (503, "the store is away")


async def test_an_unknown_path_or_verb_below_a_door_is_answered_in_its_words(client: aiohttp.ClientSession) -> None:
    async with client.get("/door/a/b") as answer:
        assert (answer.status, await answer.json()) == (404, {"door": "says no"})
    async with client.put("/door/echo") as answer:
        assert (answer.status, await answer.json()) == (405, {"door": "says no"})


async def test_a_path_of_no_door_is_answered_plainly(client: aiohttp.ClientSession) -> None:
    async with client.get("/nowhere") as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "http_error")


async def test_a_body_far_above_the_limit_is_refused(client: aiohttp.ClientSession) -> None:
    async with client.post("/door/echo", data=b"x" * 8192) as answer:
        assert answer.status == 413


async def test_a_body_that_stops_half_way_is_given_up(client: aiohttp.ClientSession) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with client.post("/door/echo", data=half()) as answer:
        assert (answer.status, (await answer.json())["code"]) == (408, "request_timeout")


async def test_a_door_may_say_in_its_own_words_that_a_body_came_too_slowly(client: aiohttp.ClientSession) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with client.post("/door/object", data=half(), headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, await answer.json()) == (408, {"door": "says no"})
        assert answer.headers["connection"] == "close"


async def test_a_head_that_never_ends_is_cut_off(patient: Patient, settings: Settings) -> None:
    listener = Listener(patient.application(), settings)
    serving = asyncio.create_task(listener.run())
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"GET /health/live HT")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await writer.wait_closed()
    listener.stop()
    await serving


async def test_a_head_that_is_too_large_is_refused_before_it_is_whole(patient: Patient, settings: Settings) -> None:
    listener = Listener(patient.application(), settings)
    serving = asyncio.create_task(listener.run())
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 70_000)
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 431 ")
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    listener.stop()
    await serving


async def test_the_log_and_the_figures_name_the_template_and_never_the_path(
    client: aiohttp.ClientSession, patient: Patient
) -> None:
    stream = io.StringIO()
    configure("json", "info", stream=stream)
    async with client.get("/door/+15551231234?token=hush"):
        pass
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    answered = [line for line in lines if line["event"] == "request_answered"]
    assert [(line["route"], line["status"]) for line in answered] == [("/door/{name}", 404)]
    assert b'route="/door/{name}",status="404"' in patient.meter.text()
    for written in (stream.getvalue(), patient.meter.text().decode()):
        assert "5551231234" not in written
        assert "hush" not in written


async def test_each_door_has_its_document(client: aiohttp.ClientSession) -> None:
    async with client.get("/openapi/door.json") as answer:
        document = await answer.json(content_type=None)
    assert set(document["paths"]) == {"/door/{name}", "/door/echo"}
