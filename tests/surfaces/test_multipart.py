"""Bodies of several parts."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, post

from muster.surfaces.access import Call
from muster.surfaces.bodies import Limits
from muster.surfaces.multipart import Part, fingerprint, read_parts
from muster.surfaces.notifications.problems import Problems

Answer = Any
"""JSON: a list of parts, or a problem."""
LIMITS = Limits(body_bytes=10_000)
HEAD = b'--x\r\nContent-Disposition: form-data; name="'


@post("/", request_max_body_size=None)
async def take(request: Call) -> list[list[str | None]]:
    """Say what came."""
    parts = await read_parts(request, LIMITS, most=4)
    return [[part.name, part.file_name, part.content_type, part.content.decode("latin-1")] for part in parts]


APP = Litestar(route_handlers=[take], exception_handlers={Exception: Problems(uuid4)}, logging_config=None)


async def sent(body: bytes | AsyncIterator[bytes], content_type: str = "multipart/form-data; boundary=x") -> Answer:
    """The answer to a body."""
    transport = httpx.ASGITransport(cast("Any", APP), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://muster") as client:
        answer = await client.post("/", content=body, headers={"Content-Type": content_type})
    return answer.json()


def a_part(head: str, content: bytes = b"") -> bytes:
    return b"--x\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def a_form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--x--\r\n"


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


FIELD = a_part('Content-Disposition: form-data; name="batch"\r\nContent-Type: application/json; charset=utf-8', b"{}")
FILE = a_part(
    'Content-Disposition: form-data; name="f"; filename="réport.pdf"\r\nContent-Type: image/PNG', b"\r\n--\xff\r\n-"
)


async def test_fields_and_files_come_in_their_order() -> None:
    assert await sent(a_form(FILE, FIELD)) == [
        ["f", "réport.pdf", "image/png", "\r\n--\xff\r\n-"],
        ["batch", None, "application/json", "{}"],
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
async def test_it_does_not_matter_in_which_pieces_they_come(size: int) -> None:
    form = a_form(FILE, FIELD)
    assert await sent(in_pieces(form, size)) == await sent(form)


async def test_a_file_without_a_media_type_is_plain_octets() -> None:
    form = a_form(a_part('Content-Disposition: form-data; name="f"; filename="upload"', b"1"))
    assert await sent(form) == [["f", "upload", "application/octet-stream", "1"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        FIELD,
        a_form(a_part("Content-Type: text/plain")),
        a_form(a_part('Content-Disposition: attachment; name="f"')),
        a_form(a_part("no header at all")),
        a_form(a_part('Content-Disposition: form-data; name="f"\r\nX: ' + "y" * 3_000)),
        a_form(a_part("".join(f"X{n}: y\r\n" for n in range(20)) + 'Content-Disposition: form-data; name="f"')),
        HEAD + b'\xff"\r\n\r\n\r\n--x--',
        a_form(*[FIELD] * 5),
    ],
)
async def test_what_is_no_form_is_malformed(body: bytes) -> None:
    problem = await sent(body)
    assert problem["status"] == 400
    assert problem["detail"].startswith("The body is not sound")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'x' * 201}", 400),
        ('multipart/form-data; charset=utf-8; boundary="x"', 201),
    ],
)
async def test_the_boundary_is_named_in_the_media_type(content_type: str, status: int) -> None:
    answer = await sent(a_form(FIELD), content_type)
    assert (answer["status"] if isinstance(answer, dict) else 201) == status


@pytest.mark.parametrize(
    "body", [a_form(a_part('Content-Disposition: form-data; name="f"', bytes(10_000))), bytes(90_000)]
)
async def test_a_body_that_is_too_large_is_refused_and_still_read_a_little(body: bytes) -> None:
    taken = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal taken
        async for piece in in_pieces(body, 1_000):
            taken += len(piece)
            yield piece

    problem = await sent(pieces())
    assert (problem["status"], problem["detail"]) == (400, "The body is larger than 10000 bytes")
    assert taken <= max(len(body), 30_000)


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\%'), max_size=20)
PARTS = st.lists(
    st.builds(
        Part,
        name=NAMES,
        file_name=st.none() | NAMES,
        content_type=st.sampled_from(["image/png", "text/plain"]),
        content=st.binary(max_size=50).filter(lambda content: b"--x" not in content),
    ),
    max_size=4,
)


def spelled(part: Part) -> bytes:
    file = "" if part.file_name is None else f'; filename="{part.file_name}"'
    head = f'Content-Disposition: form-data; name="{part.name}"{file}\r\nContent-Type: {part.content_type}'
    return a_part(head, part.content)


@given(parts=PARTS, size=st.integers(1, 200))
async def test_every_form_is_read_as_it_was_written(parts: Sequence[Part], size: int) -> None:
    expected = [[one.name, one.file_name, one.content_type, one.content.decode("latin-1")] for one in parts]
    assert await sent(in_pieces(a_form(*map(spelled, parts)), size)) == expected


def test_a_fingerprint_tells_forms_apart() -> None:
    one = Part(name="a", file_name="b", content_type="c/d", content=b"e")
    two = Part(name="a", file_name=None, content_type="c/d", content=b"e")
    assert fingerprint([one, two]) == fingerprint([one, two])
    assert len({fingerprint(parts) for parts in ([one, two], [two, one], [one], [one, one], [])}) == 5
