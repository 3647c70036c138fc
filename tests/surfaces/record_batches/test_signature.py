"""Signatures, checked against those of an independent signer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, quote_plus, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.surfaces.record_batches.translate.signature import (
    MOST_SIGNED,
    Asked,
    Headers,
    Signed,
    claims_signature,
    read_claim,
    verifies,
)
from tests.surfaces.record_batches.signing import ACCESS_KEY, Lines, Sent, Spoilt, signed

SECRET = "kWcrlUX5JEDGM/LtmEENI/aVmYvHNif5zB+d9+ct"  # noqa: S105 - nobody's
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
SEGMENTS = (
    st.sampled_from(
        ["", ".", "..", "...", "a", "contact", "%2F", "%2e%2e", "a+b", "a%20b", "~", "*", "(1)", "a;b", "%"]
    )
    | WORDS.map(lambda word: quote(word, safe=""))
    | WORDS.map(quote_plus)
    | st.text("abc-._~!$&'()*+,;=:@", max_size=5)
)
PATHS = st.lists(SEGMENTS, max_size=5).map(lambda parts: "/v4/" + "/".join(parts))
TOKENS = (
    WORDS.map(lambda word: quote(word, safe="")) | WORDS.map(quote_plus) | st.text("ab-._~!$'()*+,;:@/?", max_size=4)
)
PAIRS = st.tuples(TOKENS, TOKENS).map("=".join) | TOKENS
QUERIES = st.lists(PAIRS, max_size=5).map("&".join)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(" \t"), max_size=20)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["X-One", "x-two", "CONTENT-TYPE", "X-Api-Key", "Accept-Language"]), VALUES), max_size=6
)
HOSTS = st.sampled_from(["muster.example", "muster.example:8080", "127.0.0.1:1", "[::1]:9000", "muster.example:80"])


def received(request: Sent, text: str = "utf-8") -> Asked:
    """What a server receives of a request: the raw bytes."""
    parts = urlsplit(request.url)
    host = parts.netloc.removesuffix(":80")
    lines = [("host", host), *request.headers]
    return Asked(
        method=request.method,
        path=parts.path.encode(),
        query=parts.query.encode(),
        headers=[(name.lower().encode(), value.encode(text)) for name, value in lines],
        body_hash=sha256(request.body).hexdigest(),
    )


def claim_of(asked: Asked) -> Signed:
    (header,) = [value for name, value in asked.headers if name == b"authorization"]
    found = read_claim(header.decode())
    assert found is not None
    return found


def believed(
    asked: Asked,
    claim: Signed | None = None,
    *,
    secret: str = SECRET,
    now: datetime = NOW,
    skew: timedelta = FIVE_MINUTES,
) -> bool:
    return verifies(asked, claim or claim_of(asked), secret, now=now, skew=skew)


def a_request(**changes: object) -> Asked:
    """A signed request of the kind that clients send."""
    sent: dict[str, object] = {
        "method": "POST",
        "url": "http://muster.example/v4/contact/5?b=2&a=1&a=0&c",
        "data": b'{"title": "x"}',
        "headers": [("x-api-key", "k"), ("content-type", "application/json"), ("x-note", "a  b"), ("x-note", "c")],
        "at": NOW,
        **changes,
    }
    return received(signed(SECRET, **sent))  # type: ignore[arg-type] # the tests below say what they change


def with_header(asked: Asked, name: str, *values: str) -> Asked:
    """`asked` with these lines of a header in place of those it has."""
    others = [(held, value) for held, value in asked.headers if held != name.encode()]
    return msgspec.structs.replace(asked, headers=[*others, *((name.encode(), value.encode()) for value in values)])


@given(host=HOSTS, path=PATHS, query=QUERIES, headers=HEADERS, body=st.binary(max_size=30))
def test_what_is_signed_for_the_address_as_it_is_sent_is_believed(
    *, host: str, path: str, query: str, headers: Lines, body: bytes
) -> None:
    url = f"http://{host}{path}?{query}" if query else f"http://{host}{path}"

    assert believed(received(signed(SECRET, "PUT", url, data=body, headers=headers, at=NOW)))


@given(PATHS, st.lists(st.tuples(WORDS, WORDS), max_size=5), st.sampled_from([quote_plus, quote]))
def test_what_is_signed_for_parameters_that_are_encoded_later_is_believed(
    path: str, parameters: Lines, encode: Callable[[str], str]
) -> None:
    url = f"http://muster.example{path}"
    asked = received(signed(SECRET, "GET", url, params=parameters, at=NOW))

    sent = "&".join(f"{encode(name)}={encode(value)}" for name, value in parameters)

    assert believed(msgspec.structs.replace(asked, query=sent.encode()))


@given(
    path=PATHS,
    query=QUERIES,
    body=st.binary(max_size=10),
    changed=st.sampled_from(["method", "path", "query", "body"]),
)
def test_any_other_request_is_not(*, path: str, query: str, body: bytes, changed: str) -> None:
    asked = received(signed(SECRET, "PUT", f"http://muster.example{path}?{query}", data=body, at=NOW))

    other = {
        "method": msgspec.structs.replace(asked, method="POST"),
        "path": msgspec.structs.replace(asked, path=asked.path + b"x"),
        "query": msgspec.structs.replace(asked, query=asked.query + b"x"),
        "body": msgspec.structs.replace(asked, body_hash=sha256(body + b"x").hexdigest()),
    }[changed]

    assert believed(asked)
    assert not believed(other)


@given(st.data(), VALUES)
def test_a_signed_header_stands_as_it_was_signed(data: st.DataObject, value: str) -> None:
    asked = a_request()
    name = data.draw(st.sampled_from(claim_of(asked).headers))
    before = [held.decode() for header, held in asked.headers if header == name.encode()]

    assert believed(with_header(asked, name, *before))
    if value.split() != ",".join(before).split():
        assert not believed(with_header(asked, name, value))
    assert not believed(with_header(asked, name))
    assert not believed(with_header(asked, name, *before, "more"))


@given(st.text(max_size=50))
def test_another_secret_signs_nothing(secret: str) -> None:
    assert not believed(a_request(), secret=secret)


def test_headers_that_are_not_signed_do_not_matter() -> None:
    asked = a_request(unsigned=[("X-Forwarded-For", "192.0.2.1"), ("content-length", "14")])

    assert believed(asked)
    assert believed(with_header(asked, "user-agent", "anything", "else"))


def test_lines_of_one_header_keep_their_order() -> None:
    asked = a_request()

    assert believed(with_header(asked, "x-note", " a   b ", "c"))
    assert believed(with_header(asked, "x-note", "a b,c"))
    assert not believed(with_header(asked, "x-note", "c", "a  b"))


def test_a_header_in_the_older_encoding_is_what_was_signed() -> None:
    asked = received(signed(SECRET, "GET", "http://h/v4/limits", headers=[("x-name", "Zoë")], at=NOW), "latin-1")

    assert believed(asked)


def test_a_plus_is_a_space_and_never_the_sign_itself() -> None:
    asked = a_request(method="GET", url="http://h/v4/limits?name=a%20b", data=b"")
    sign = a_request(method="GET", url="http://h/v4/limits?name=a%2Bb", data=b"")

    assert believed(msgspec.structs.replace(asked, query=b"name=a+b"))
    assert not believed(msgspec.structs.replace(sign, query=b"name=a+b"))
    assert not believed(msgspec.structs.replace(sign, query=b"name=a%20b"))


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert believed(a_request(at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-86_400, -3600, -301, 301, 3600, 86_400])
def test_a_replay_outside_the_window_is_refused(seconds: int) -> None:
    assert not believed(a_request(at=NOW + timedelta(seconds=seconds)))


def test_a_later_date_does_not_renew_a_request() -> None:
    old = a_request(at=NOW - timedelta(minutes=10))

    assert not believed(with_header(old, "x-amz-date", "20260302T090000Z"))
    assert not believed(with_header(old, "x-amz-date", "20260302T085000Z", "20260302T090000Z"))


def test_the_scope_is_of_the_day_of_the_request() -> None:
    midnight = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    asked = a_request(at=midnight)

    assert believed(asked, now=midnight - timedelta(minutes=1))
    assert not believed(a_request(at=midnight, spoilt=Spoilt(day="20260301")), now=midnight)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "20260302",
        "20260302T090000",
        "2026-03-02T09:00:00Z",
        "20261302T090000Z",
        "\u0662\u0660\u0662\u0666\u0660\u0663\u0660\u0662T090000Z",
    ],
)
def test_a_date_that_cannot_be_read_is_refused(written: str) -> None:
    assert not believed(a_request(spoilt=Spoilt(date=written, day="20260302")))


@pytest.mark.parametrize("name", ["host", "x-amz-date"])
def test_host_and_date_must_be_signed(name: str) -> None:
    assert not believed(a_request(spoilt=Spoilt(omit=name)))


def test_the_service_is_ours_and_the_region_is_any() -> None:
    for region in ("us-west-2", "eu-central-1", "us-east-1", "here"):
        assert believed(a_request(region=region))
    assert not believed(a_request(service="s3"))


def test_the_declared_hash_of_the_body_is_the_real_one() -> None:
    real = sha256(b'{"title": "x"}').hexdigest()
    headers = [("x-amz-content-sha256", real)]

    assert believed(a_request(headers=headers))
    for declared in ("UNSIGNED-PAYLOAD", sha256(b"").hexdigest(), real.upper(), ""):
        assert not believed(a_request(headers=[("x-amz-content-sha256", declared)]))
        assert not believed(a_request(unsigned=[("x-amz-content-sha256", declared)]))


SCOPE = "k/20260302/r/execute-api/aws4_request"


@pytest.mark.parametrize(
    "rest",
    [
        "",
        f"Credential={SCOPE}, SignedHeaders=host",
        f"Credential={SCOPE}, SignedHeaders=host, Signature=a, Signature=b",
        f"Credential={SCOPE}, SignedHeaders=host, Signature=a, More=b",
        f"Credential={SCOPE}, SignedHeaders=x-amz-date;host, Signature=a",
        f"Credential={SCOPE}, SignedHeaders=host;host, Signature=a",
        f"Credential=a/{SCOPE}, SignedHeaders=host, Signature=a",
        "Credential=k/20260302/r/execute-api, SignedHeaders=host, Signature=a",
        "Credential=k/20260302/r/execute-api/aws5, SignedHeaders=host, Signature=a",
        "," * 60_000,
        f"Credential={SCOPE}, SignedHeaders={';'.join(f'a{n:04}' for n in range(MOST_SIGNED + 1))}, Signature=a",
    ],
)
def test_a_header_of_another_form_claims_nothing(rest: str) -> None:
    assert read_claim(f"AWS4-HMAC-SHA256 {rest}") is None


@pytest.mark.parametrize("algorithm", ["", "Bearer", "AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA1", "aws4-hmac-sha256"])
def test_there_is_one_algorithm(algorithm: str) -> None:
    assert read_claim(f"{algorithm} Credential={SCOPE}, SignedHeaders=host, Signature=a") is None


def test_a_claim_is_read_with_and_without_spaces_and_in_any_order() -> None:
    credential = f"Credential={ACCESS_KEY}/20260302/us-west-2/execute-api/aws4_request"
    expected = Signed(
        access_key=ACCESS_KEY,
        day="20260302",
        region="us-west-2",
        service="execute-api",
        headers=("host", "x-amz-date"),
        signature="abc",
    )

    for parts in ((credential, "SignedHeaders=host;x-amz-date", "Signature=abc"), ("Signature=abc", credential)):
        for comma in (",", ", ", " ,  "):
            missing = [] if len(parts) == 3 else ["SignedHeaders=host;x-amz-date"]
            header = f"AWS4-HMAC-SHA256 {comma.join([*parts, *missing])}"
            assert claims_signature(header)
            assert read_claim(header) == expected


@given(st.text(max_size=80), st.text(max_size=70))
def test_any_header_is_read_or_not_and_breaks_nothing(header: str, signature: str) -> None:
    read_claim(header)
    read_claim(f"AWS4-HMAC-SHA256 {header}")
    asked = a_request()
    claim = msgspec.structs.replace(claim_of(asked), signature=signature)
    assert not believed(asked, claim)


def test_hostile_headers_take_no_time() -> None:
    many: Headers = [(b"a%04d" % n, b" " * 500) for n in range(1000)]
    claim = msgspec.structs.replace(claim_of(a_request()), headers=tuple(f"a{n:04}" for n in range(MOST_SIGNED)))

    assert not believed(msgspec.structs.replace(a_request(), headers=many), claim)
