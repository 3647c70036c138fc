"""What the channel refuses before, or instead of, asking the server."""

import pytest

from muster.domain.letter import Letter
from muster.domain.outcome import Carried, Refused
from muster.drill.mail import MailOptions, MailServer
from tests.channels.smtp.post_office import LETTER, a_channel, one, to


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("not an address", "invalid_address"),
        ("a@b@c d", "invalid_address"),
        ("a\r\nRCPT TO:<b@c.example>@d.example", "invalid_address"),
        ("a>@shop.example", "invalid_address"),
        ("", "invalid_address"),
    ],
)
async def test_what_is_no_address_is_refused_and_never_told(address: str, code: str) -> None:
    parcel = to("x@y.example")
    async with MailServer() as server, a_channel(server.port) as channel:
        outcome = await one(channel, type(parcel)(parcel.key, address, "", letter=LETTER))
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    assert server.arrivals == ()


async def test_a_parcel_without_a_letter_is_refused() -> None:
    async with MailServer() as server, a_channel(server.port) as channel:
        outcome = await one(channel, to("someone", letter=None))
    assert isinstance(outcome, Refused)
    assert outcome.code == "no_letter"


async def test_a_domain_beyond_ascii_is_spelled_in_ascii() -> None:
    async with MailServer(MailOptions(smtputf8=False)) as server, a_channel(server.port) as channel:
        assert isinstance(await one(channel, to("info@bücher.example")), Carried)
    assert server.taken[0].recipient == "info@xn--bcher-kva.example"


async def test_a_mailbox_beyond_ascii_needs_a_server_that_can() -> None:
    parcel = to("jürgen@bücher.example")
    async with MailServer(MailOptions(smtputf8=False)) as server, a_channel(server.port) as channel:
        outcome = await one(channel, parcel)
        assert isinstance(outcome, Refused)
        assert outcome.code == "no_smtputf8"
    async with MailServer() as server, a_channel(server.port) as channel:
        assert isinstance(await one(channel, parcel), Carried)
    assert server.taken[0].recipient == "jürgen@xn--bcher-kva.example"


async def test_a_message_that_the_server_finds_too_large_is_not_even_begun() -> None:
    async with MailServer(MailOptions(size=1000)) as server, a_channel(server.port) as channel:
        big = Letter(key="big", subject="s", html="x" * 2000, text="t")
        outcome = await one(channel, to("someone", letter=big))
    assert isinstance(outcome, Refused)
    assert outcome.code == "message_too_large"
    assert server.arrivals == ()
