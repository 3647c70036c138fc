"""Muster behind a mail server that nobody here wrote: signed mail goes out through it, its bounces come back."""

import asyncio
import base64
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from email import message_from_bytes, policy
from pathlib import Path

import aiohttp
import dkim  # type: ignore[import-untyped]  # it has no types
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from muster.drill.mail.arrivals import Arrival
from muster.drill.mail.options import MailOptions
from muster.drill.mail.server import MailServer
from muster.drill.stage import free_port
from tests.flows.mail_town import RETURNS, SENDER, MailTown
from tests.peers.postfix import Postfix, a_certificate, why_not

KEY_NAME = "s1._domainkey.northwind.example"
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
PERL = shutil.which("perl") or "perl"
VERIFY = Path(__file__).parents[1] / "peers" / "dkim-verify"
ANN, BEN, GONE = "ann@example.com", "ben@example.com", "unknown@example.com"


class Road:
    """From Muster through Postfix to the server of the recipients, and back."""

    def __init__(self, town: MailTown, *, postfix: Postfix, sink: MailServer, record: str) -> None:
        self.town = town
        self.postfix = postfix
        self.sink = sink
        self.record = record
        """What the sender's domain says of its key in the DNS."""
        self._seen = 0

    async def arrived(self, *addresses: str) -> Mapping[str, Arrival]:
        """What reached the recipients' server since this was last asked, once there is one message for each address."""
        async with asyncio.timeout(30):
            while len(self.sink.taken) < self._seen + len(addresses):
                await asyncio.sleep(0.02)
        found = self.sink.taken[self._seen :]
        self._seen += len(found)
        assert sorted(one.recipient for one in found) == sorted(addresses)
        return {one.recipient: one for one in found}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def laid(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Road]:
    """Everything in its place, for all tests here: it takes its time to start."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("relay")
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    chain, authority = a_certificate()
    port = free_port()
    channel = {
        "host": "127.0.0.1", "port": str(port), "security": "starttls", "tls_ca": authority,
        "dkim_domain": "northwind.example", "dkim_selector": "s1", "dkim_key": pem,
    }  # fmt: skip
    async with (
        MailServer(MailOptions()) as sink,
        MailTown.open(folder, channel=channel, settings={"MUSTER_UPKEEP_SECONDS": "0.1"}, lmtp=True) as town,
        Postfix.open(port, chain=chain, transports={
            "example.com": f"smtp:[127.0.0.1]:{sink.port}",
            RETURNS: f"lmtp:inet:[127.0.0.1]:{town.mail_port}",
        }) as postfix,
    ):  # fmt: skip
        yield Road(town, postfix=postfix, sink=sink, record=f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}")


@pytest_asyncio.fixture(loop_scope="module")
async def road(laid: Road) -> Road:
    """The same with a category of the test's own."""
    laid.town.category = await laid.town.new_category("News")
    return laid


async def test_mail_arrives_signed_for_two_verifiers(road: Road) -> None:
    if subprocess.run([PERL, "-MMail::DKIM::Verifier", "-e1"], check=False, capture_output=True).returncode:  # noqa: ASYNC221, S603
        pytest.skip("Mail::DKIM is not installed (`make test` installs it where it runs as root on Debian)")
    batch = await road.town.send(ANN, BEN)
    for arrival in (await road.arrived(ANN, BEN)).values():
        assert b"Received:" in arrival.content
        assert dkim.verify(arrival.content, dnsfunc=lambda *_, **__: road.record.encode())
        assert perls_verdict(arrival.content, road.record) == ["pass", "pass"]
        assert perls_verdict(arrival.content.replace(b"Good news", b"Bad news!"), road.record)[-1].startswith("fail")
        message = message_from_bytes(arrival.content, policy=policy.default)
        assert (message["From"].addresses[0].addr_spec, message["To"]) == (SENDER, arrival.recipient)
        assert re.fullmatch(rf"b-[a-z2-7]{{52}}@{RETURNS}", arrival.sender)
    assert await road.town.completed(batch) == {"Sent": 2}


async def test_one_click_in_a_letter_that_arrived_opts_out(road: Road) -> None:
    await road.town.send(ANN, BEN)
    letters = await road.arrived(ANN, BEN)
    assert await one_click(letters[ANN].content) == 200
    assert [one["id"] for one in (await road.town.contact(ANN))["optOuts"]] == [road.town.category]

    batch = await road.town.send(ANN, BEN, subject="More news")
    await road.arrived(BEN)
    assert await road.town.completed(batch) == {"Sent": 1, "Discarded": 1}
    assert (await road.town.messages(batch))[ANN] == "Discarded"
    assert (await road.town.today())["discarded"] == 1


async def test_a_bounce_that_comes_back_blocks_the_contact(road: Road) -> None:
    town = road.town
    batch = await town.send(ANN, GONE)
    await road.arrived(ANN)
    await town.until(batch, "Bounced", address=GONE)
    assert await town.completed(batch) == {"Sent": 1, "Bounced": 1}
    today = await town.today()
    assert (today["sent"], today["bounced"]) == (1, 1)
    contact = await town.contact(GONE)
    assert (contact["status"], contact["blockedReason"]) == ("Blocked", "Bounced")
    (listed,) = (await town.stage.run("suppression", "list", "Northwind"))["suppressions"]
    assert (listed["address"], listed["source"]) == (GONE, "bounced")
    assert re.fullmatch(r"[0-9a-f-]{36}/1", listed["origin"])

    again = await town.send(ANN, GONE, subject="More news")
    assert await town.completed(again) == {"Sent": 1, "Discarded": 1}
    await road.arrived(ANN)
    assert [one.recipient for one in road.sink.arrivals].count(GONE) == 1


async def one_click(letter: bytes) -> int:
    """Do what a reader's mail program does at its Unsubscribe button; how it is answered."""
    message = message_from_bytes(letter, policy=policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.search(r"<(http[^>]+)>", message["List-Unsubscribe"])
    assert link is not None
    async with aiohttp.ClientSession() as http, http.post(link[1], data={"List-Unsubscribe": "One-Click"}) as answer:
        return answer.status


def perls_verdict(letter: bytes, record: str) -> Sequence[str]:
    """What Mail::DKIM says of each signature, and in the end of all."""
    run = subprocess.run(  # noqa: S603
        [PERL, str(VERIFY), KEY_NAME, record], input=letter, capture_output=True, check=True, timeout=30
    )
    return run.stdout.decode().splitlines()
