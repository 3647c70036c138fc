"""Errors in the vendor's words."""

from uuid import uuid4

import httpx
import pytest
from litestar import Litestar, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.testing import AsyncTestClient

from muster.domain import errors
from muster.domain.fault import Fault
from muster.surfaces.record_batches.problems import Problems
from muster.surfaces.record_batches.wire.problems import Refused

RAISED: dict[str, Exception] = {
    "bad": errors.BadInput("Method is required."),
    "faults": errors.BadInput("It breaks rules", [Fault("a", "A", "is missing"), Fault("b", "B", "is odd")]),
    "malformed": errors.MalformedBody("Invalid JSON in request body."),
    "large": errors.TooLarge("The body is larger than 10 bytes"),
    "nobody": errors.NotAuthenticated("who?"),
    "forbidden": errors.NotAllowed("This service account may only read"),
    "missing": errors.NotFound("no such row"),
    "conflict": errors.Conflict("it changed meanwhile"),
    "state": errors.WrongState("It is closed"),
    "often": errors.RateLimited("Slow down", 2.5),
    "queue": errors.TooManyBatches("Slow down", 1),
    "later": errors.Unavailable(),
    "own": Refused(400, "Financial period is already Closed."),
    "silent": Refused(401, None),
    "media": HTTPException(status_code=415, detail="The body must not be compressed"),
    "bug": RuntimeError("secret"),
}


async def answered(path: str, method: str = "GET") -> httpx.Response:
    """What a request to an app is answered in which everything goes wrong."""

    @get("/raise/{name:str}")
    async def fail(name: FromPath[str]) -> None:
        raise RAISED[name]

    app = Litestar([fail], exception_handlers={Exception: Problems(uuid4)}, logging_config=None)
    async with AsyncTestClient(app) as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("name", "status", "message", "code"),
    [
        ("bad", 400, "Method is required.", "bad_input"),
        ("faults", 400, "It breaks rules\na: is missing\nb: is odd", "bad_input"),
        ("malformed", 400, "Invalid JSON in request body.", "malformed_body"),
        ("large", 413, "The body is larger than 10 bytes", "too_large"),
        ("nobody", 401, "Unauthorized", "not_authenticated"),
        ("forbidden", 403, "Access Denied.", "not_allowed"),
        ("missing", 404, "Resource Not Found", "not_found"),
        ("conflict", 409, "It changed meanwhile", "conflict"),
        ("state", 409, "It is closed", "wrong_state"),
        ("often", 429, "Too Many Requests", "rate_limited"),
        (
            "queue",
            429,
            "Too many batches in queued status. Please wait and try again.",
            "too_many_batches",
        ),
        ("later", 503, "The server cannot do this at the moment; try again.", "unavailable"),
        ("own", 400, "Financial period is already Closed.", "bad_input"),
        ("media", 415, "The body must not be compressed", "unsupported_media_type"),
        ("bug", 500, "Internal Server Error", "internal_error"),
    ],
)
async def test_every_error_is_a_message_and_a_code(*, name: str, status: int, message: str, code: str) -> None:
    answer = await answered(f"/raise/{name}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"message": message, "code": code}
    assert len(answer.headers["x-ris-request-id"]) == 36


@pytest.mark.parametrize(
    ("path", "method", "status", "message"),
    [("/elsewhere", "GET", 404, "Resource Not Found"), ("/raise/bad", "DELETE", 405, "Method Not Allowed")],
)
async def test_unknown_paths_and_verbs_are_told_the_same_way(
    *, path: str, method: str, status: int, message: str
) -> None:
    answer = await answered(path, method)

    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.headers["x-ris-request-id"]


async def test_an_answer_may_have_no_body() -> None:
    answer = await answered("/raise/silent")

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["x-ris-request-id"]


async def test_each_answer_has_a_number_of_its_own() -> None:
    numbers = {(await answered("/raise/bad")).headers["x-ris-request-id"] for _ in range(3)}

    assert len(numbers) == 3


async def test_who_is_told_to_wait_is_told_how_long() -> None:
    assert (await answered("/raise/often")).headers["retry-after"] == "3"
    assert (await answered("/raise/queue")).headers["retry-after"] == "1"
    assert (await answered("/raise/later")).headers["retry-after"] == "1"
