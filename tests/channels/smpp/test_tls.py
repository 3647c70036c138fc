"""The channel over TLS, with a certificate made on the spot."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from muster.domain.errors import ChannelDown
from muster.domain.outcome import Carried
from muster.drill.smsc import Smsc
from tests.channels.smpp.desk import a_channel, one, to


def a_certificate() -> tuple[str, str]:
    """A certificate for 127.0.0.1 and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smsc")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def a_context(tmp_path: Path, certificate: str, key: str) -> ssl.SSLContext:
    """What the SMSC shows."""
    file = tmp_path / "smsc.pem"
    file.write_text(certificate + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


async def test_an_smsc_with_a_trusted_certificate_is_spoken_to(tmp_path: Path) -> None:
    certificate, key = a_certificate()
    async with (
        Smsc(tls=a_context(tmp_path, certificate, key)) as smsc,
        a_channel(smsc.port, tls="yes", tls_ca=certificate) as channel,
    ):
        assert isinstance(await one(channel, to("99")), Carried)


async def test_an_smsc_with_another_certificate_gets_nothing(tmp_path: Path) -> None:
    shown, trusted = a_certificate(), a_certificate()
    async with (
        Smsc(tls=a_context(tmp_path, *shown)) as smsc,
        a_channel(smsc.port, tls="yes", tls_ca=trusted[0], connect_timeout="1") as channel,
    ):
        with pytest.raises(ChannelDown):
            await one(channel, to("99"))
        assert not smsc.arrivals
