"""Signatures, checked by others' code."""

import base64
import shutil
import subprocess
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it has no types
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.channels.smtp.address import Mailbox
from muster.channels.smtp.compose import Composed, Stationery
from muster.channels.smtp.dkim import BadKey, Signer, read_key, relaxed
from muster.domain.letter import Enclosure, Letter
from muster.domain.parcel import Parcel
from muster.drill.mail import MailServer
from tests.channels.smtp.post_office import NOON, a_channel, entry, kinds, plain, within

RSA = generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()
KEYS = [RSA, ED25519]
MIXED = st.text(st.sampled_from("ab \t\r\n.=é漢"), max_size=120)


def record(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    """What the domain says of the key in the DNS."""
    if isinstance(key, RSAPrivateKey):
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)


def verified(octets: bytes, key: RSAPrivateKey | Ed25519PrivateKey) -> bool:
    """As dkimpy sees it."""
    found: bool = dkim.verify(octets, dnsfunc=lambda name, timeout=5: record(key))  # noqa: ARG005 - as it calls
    return found


def signed(letter: Letter, key: RSAPrivateKey | Ed25519PrivateKey, *, name: str = "", link: str = "") -> bytes:
    """The message as it travels."""
    stationery = Stationery(Mailbox("news", "muster.example"), "Müster", Signer("muster.example", "s1", key))
    contents = [b"content" * 50 for _ in letter.enclosures]
    parcel = Parcel(entry(1), "a@b.example", "", name=name, opt_out=link)
    made = Composed(letter, contents, stationery).addressed(parcel, Mailbox("a", "b.example"), at=NOON)
    assert made is not None
    return b"".join(made.pieces)[:-3].replace(b"\r\n..", b"\r\n.")


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=30)
@given(words=st.tuples(MIXED, MIXED, MIXED), link=st.sampled_from(["", "https://a.example/u/x?y=1&z=2"]))
def test_any_letter_verifies(key: RSAPrivateKey | Ed25519PrivateKey, words: tuple[str, str, str], link: str) -> None:
    subject, name, text = words
    letter = Letter(key="k", subject=subject, html=text, text=text, footer=name)
    octets = signed(letter, key, name=name, link=link)
    assert verified(octets, key)
    assert not verified(octets.replace(b"muster.example>", b"master.example>", 1), key)


@pytest.mark.parametrize("key", KEYS)
def test_a_letter_with_files_verifies_and_a_changed_one_does_not(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    enclosure = Enclosure(file_name="f", content_type="image/png", size=1, key="f")
    octets = signed(Letter(key="k", subject="s", html="h", text="t", enclosures=(enclosure,)), key)
    assert verified(octets, key)
    assert not verified(octets.replace(b"Y29udGVudG", b"Y29udGVudH"), key)


def test_the_way_to_opt_out_is_signed_and_no_second_sender_can_be_added() -> None:
    octets = signed(Letter(key="k", subject="s", html="h", text="t"), ED25519, link="https://a.example/u/x")
    names = octets.partition(b" h=")[2].partition(b";")[0].split(b":")
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"from", b"to", b"subject", b"date"} <= set(names)
    assert names.count(b"from") == 2
    assert not verified(b"From: Someone Else <x@y.example>\r\n" + octets, ED25519)


def test_a_letter_verifies_by_another_implementation(tmp_path: Path) -> None:
    """Debian's Mail::DKIM knows RSA only."""
    perl = shutil.which("perl")
    if perl is None or subprocess.run([perl, "-MMail::DKIM::Verifier", "-e1"], check=False).returncode:  # noqa: S603
        pytest.skip("Mail::DKIM (libmail-dkim-perl) is not installed")
    message = tmp_path / "message.eml"
    message.write_bytes(
        signed(Letter(key="k", subject="Größe", html="h\n.x", text="t"), RSA, link="https://a.example/u/x")
    )
    script = tmp_path / "verify.pl"
    script.write_text(_PERL)
    run = subprocess.run(  # noqa: S603
        [perl, str(script), str(message), record(RSA).decode()], check=True, capture_output=True, text=True
    )
    assert run.stdout == "pass", run.stderr


_PERL = """
use strict; use Mail::DKIM::Verifier; use Net::DNS::RR;
no warnings 'redefine';
*Mail::DKIM::DNS::query_async = sub {
    my ($host, $type, %prms) = @_;
    my @pieces = $ARGV[1] =~ /(.{1,200})/g;
    my $found = $prms{Callbacks}{Success}->(Net::DNS::RR->new(owner => $host, type => $type, txtdata => \\@pieces));
    return sub { return $found };
};
my $dkim = Mail::DKIM::Verifier->new();
open my $in, '<:raw', $ARGV[0] or die;
while (<$in>) { s/\\015?\\012$//; $dkim->PRINT("$_\\015\\012"); }
$dkim->CLOSE;
print $dkim->result_detail;
"""


@pytest.mark.parametrize("key", KEYS)
async def test_the_channel_signs_what_it_sends(key: RSAPrivateKey | Ed25519PrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    options = {"dkim_domain": "muster.example", "dkim_selector": "s1", "dkim_key": pem.replace("\n", "\\n")}
    async with MailServer() as server, a_channel(server.port, options) as channel:
        outcomes = await channel.carry(plain(40), deadline=within(10))
    assert kinds(outcomes) == ["Carried"] * 40
    assert all(verified(arrival.content, key) for arrival in server.taken[:10])


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_what_is_no_key_is_named_as_such(text: str) -> None:
    with pytest.raises(BadKey):
        read_key(text)


@pytest.mark.parametrize(("value", "as_signed"), [(b" a  b\t c ", b"a b c"), (b"a\r\n b", b"a b"), (b"", b"")])
def test_a_value_is_signed_unfolded_and_with_single_blanks(value: bytes, as_signed: bytes) -> None:
    assert relaxed(value) == as_signed
