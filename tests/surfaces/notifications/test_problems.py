"""The vendor's error object."""

import re
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.testing import AsyncTestClient

from muster.domain import errors
from muster.domain.fault import Fault
from muster.surfaces.notifications.problems import ExportTooLarge, Problems

TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00")
RAISED: dict[str, Exception] = {
    "bad": errors.BadInput(
        "One or more validation errors occurred.",
        [Fault("subject", "A", "is missing"), Fault("contacts[0]", "B", "is empty"), Fault("subject", "C", "is odd")],
    ),
    "malformed": errors.MalformedBody("The body is not valid JSON."),
    "large": errors.TooLarge("The request body is too large"),
    "export": ExportTooLarge("A stream has at most 500000 rows"),
    "nobody": errors.NotAuthenticated(),
    "forbidden": errors.NotAllowed(),
    "missing": errors.NotFound("There is no such batch"),
    "conflict": errors.Conflict(),
    "state": errors.WrongState("The category is published already"),
    "often": errors.RateLimited("Slow down", 2.5),
    "later": errors.Unavailable(),
    "bug": RuntimeError("secret"),
    "media": HTTPException(status_code=415, detail="The Content-Type must be application/json"),
    "format": HTTPException(status_code=406, detail="A stream is application/jsonl or application/json"),
    "unoffered": HTTPException(status_code=501, detail="Templates are not offered"),
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
    ("name", "status", "title", "section"),
    [
        ("bad", 400, "Bad Request", "15.5.1"),
        ("malformed", 400, "Bad Request", "15.5.1"),
        ("large", 400, "Bad Request", "15.5.1"),
        ("state", 400, "Bad Request", "15.5.1"),
        ("nobody", 401, "Unauthorized", "15.5.2"),
        ("forbidden", 403, "Forbidden", "15.5.4"),
        ("missing", 404, "Not Found", "15.5.5"),
        ("format", 406, "Not Acceptable", "15.5.7"),
        ("conflict", 409, "Conflict", "15.5.10"),
        ("export", 413, "Request Entity Too Large", "15.5.14"),
        ("media", 415, "Unsupported Media Type", "15.5.16"),
        ("often", 429, "Too Many Requests", "rfc6585"),
        ("bug", 500, "Internal Server Error", "15.6.1"),
        ("unoffered", 501, "Not Implemented", "15.6.2"),
        ("later", 503, "Service Unavailable", "15.6.4"),
    ],
)
async def test_every_error_is_a_problem_object(*, name: str, status: int, title: str, section: str) -> None:
    answer = await answered(f"/raise/{name}")
    problem = answer.json()

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["title"]) == (status, title)
    assert section in problem["type"]
    assert problem["detail"]
    assert TRACE.fullmatch(problem["traceId"])


async def test_faults_are_a_map_from_paths_to_sentences() -> None:
    problem = (await answered("/raise/bad")).json()

    assert problem["errors"] == {"subject": ["is missing", "is odd"], "contacts[0]": ["is empty"]}


async def test_an_export_that_is_too_large_tells_the_limit() -> None:
    assert (await answered("/raise/export")).json()["maxExportKeys"] == 500_000
    assert "maxExportKeys" not in (await answered("/raise/large")).json()


async def test_who_calls_too_often_is_told_when_to_come_back() -> None:
    assert (await answered("/raise/often")).headers["retry-after"] == "3"


async def test_what_went_wrong_inside_is_not_told() -> None:
    assert "secret" not in (await answered("/raise/bug")).text


@pytest.mark.parametrize(("path", "method", "status"), [("/nowhere", "GET", 404), ("/raise/bad", "PUT", 405)])
async def test_unknown_paths_and_verbs_are_problems_too(path: str, method: str, status: int) -> None:
    answer = await answered(path, method)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert status != 405 or "GET" in answer.headers["allow"]


async def test_every_problem_has_a_trace_of_its_own() -> None:
    traces = {(await answered("/raise/missing")).json()["traceId"] for _ in range(3)}

    assert len(traces) == 3
