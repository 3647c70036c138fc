"""Posting to a real web server on loopback."""

import socket
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from muster.channels.webhook.guard import Guard
from muster.channels.webhook.push import HttpPush
from tests.channels.webhook.receiver import Receiver, answering, pouring, receiving
from tests.fakes.clock import FakeClock

ALLOWED = Guard(networks=["127.0.0.0/8"], hosts=["sink.internal"])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def push(clock: FakeClock) -> AsyncIterator[HttpPush]:
    async with HttpPush(ALLOWED, clock, deadline=timedelta(seconds=0.5)) as one:
        yield one


class Names:
    """A name server whose answers change from one question to the next; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int) -> Sequence[tuple[socket.AddressFamily, str]]:
        """Answer the next question."""
        del port
        self.asked.append(host)
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, address) for address in answer]


async def test_a_message_arrives_with_its_body_and_headers(push: HttpPush, receiver: Receiver) -> None:
    result = await push.post(receiver.url, b'{"a":1}', {"webhook-id": "msg_1"})

    assert (result.status, result.taken) == (204, True)
    assert [(one.body, one.id) for one in receiver.arrivals] == [(b'{"a":1}', "msg_1")]


async def test_a_redirect_is_not_followed(push: HttpPush, receiver: Receiver) -> None:
    receiver.answers = [answering(307, {"Location": receiver.url + "/elsewhere"})]

    result = await push.post(receiver.url, b"{}", {})

    assert (result.status, result.taken, len(receiver.arrivals)) == (307, False, 1)


async def test_a_receiver_that_drips_is_cut_off(push: HttpPush, receiver: Receiver) -> None:
    receiver.answers = [pouring(b".", pause_s=0.05, pieces=1000)]

    result = await push.post(receiver.url, b"{}", {})

    assert result.status is None
    assert result.detail == "no full answer within 0.5 seconds"


async def test_a_receiver_that_talks_without_end_is_cut_off_but_believed(push: HttpPush, receiver: Receiver) -> None:
    receiver.answers = [pouring(b"x" * 16384, pause_s=0.001, pieces=100_000)]

    result = await push.post(receiver.url, b"{}", {})

    assert result.taken


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), ("Mon, 02 Mar 2026 09:01:00 GMT", 60), ("soon", None)])
async def test_the_receivers_wish_to_wait_is_read(
    *, push: HttpPush, receiver: Receiver, value: str, seconds: int | None
) -> None:
    receiver.answers = [answering(503, {"Retry-After": value})]

    result = await push.post(receiver.url, b"{}", {})

    assert result.retry_after == (None if seconds is None else timedelta(seconds=seconds))


async def test_nobody_listening_is_a_result_and_not_an_error(push: HttpPush) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        result = await push.post(f"http://127.0.0.1:{port}/", b"{}", {})

    assert (result.status, result.detail) == (None, "no connection could be made")


async def test_an_untrusted_certificate_is_not_accepted_and_plain_http_is_no_tls(
    push: HttpPush, receiver: Receiver
) -> None:
    result = await push.post(receiver.url.replace("http:", "https:"), b"{}", {})

    assert result.status is None
    assert receiver.arrivals == []


async def test_a_name_that_leads_home_is_refused_and_nothing_is_sent(clock: FakeClock, receiver: Receiver) -> None:
    port = receiver.url.rsplit(":", 1)[1]
    async with HttpPush(Guard(), clock, look_up=Names(["127.0.0.1"])) as push:
        result = await push.post(f"https://evil.example:{port}", b"{}", {})

    assert (result.status, result.detail) == (None, "the host does not resolve to public addresses only")
    assert receiver.arrivals == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:10.0.0.1"])
async def test_one_address_at_home_among_public_ones_refuses_the_name(clock: FakeClock, address: str) -> None:
    async with HttpPush(Guard(), clock, look_up=Names(["8.8.8.8", address])) as push:
        assert await push.refusal("https://mixed.example/") is not None
        assert (await push.post("https://mixed.example/", b"{}", {})).status is None


async def test_a_name_that_changes_after_the_check_gains_nothing(clock: FakeClock, receiver: Receiver) -> None:
    port = receiver.url.rsplit(":", 1)[1]
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    async with HttpPush(Guard(), clock, look_up=names) as push:
        assert await push.refusal(f"https://rebind.example:{port}") is None
        result = await push.post(f"https://rebind.example:{port}", b"{}", {})

    assert result.status is None
    assert receiver.arrivals == []
    assert names.asked == ["rebind.example", "rebind.example"]


async def test_a_listed_host_is_reached_at_the_address_that_was_looked_up_once(
    clock: FakeClock, receiver: Receiver
) -> None:
    port = receiver.url.rsplit(":", 1)[1]
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with HttpPush(ALLOWED, clock, look_up=names) as push:
        result = await push.post(f"http://sink.internal:{port}", b"{}", {})

    assert result.taken
    assert names.asked == ["sink.internal"]


async def test_a_url_is_refused_with_a_sentence_for_its_owner(push: HttpPush) -> None:
    assert await push.refusal("http://example.com/") == "the URL must begin with https://"
    assert await push.refusal("http://127.0.0.1:9/") is None
