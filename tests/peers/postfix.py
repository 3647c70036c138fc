"""Postfix as it comes from Debian, run from a folder of its own: the system's own mail server is not touched.

It takes mail over STARTTLS only, asks no name server, and hands on by domain to what listens on loopback.
"""

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_PROGRAM = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_STOP_SECONDS = 20

_MAIN = """\
compatibility_level = 3.6
myhostname = mx.example.net
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {folder}/chain.pem
smtpd_tls_session_cache_database =
notify_classes =
transport_maps = inline:{{ {transports} }}
default_transport = error:nobody is known to take this
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
error     unix  - - n - - error
retry     unix  - - n - - error
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


def why_not() -> str:
    """Why it cannot run here; empty when it can."""
    if _PROGRAM is None:
        return "Postfix is not installed (`make test` installs it where it runs as root on Debian)"
    if os.geteuid() != 0:
        return "Postfix starts as root only"
    return ""


class Postfix:
    """Use `open`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int, *, chain: str, transports: Mapping[str, str]) -> AsyncGenerator[Self]:
        """Run it until the end.

        `chain` is its key and certificate as PEM text. `transports` tells by domain who takes mail for it, such as
        `lmtp:inet:[127.0.0.1]:2003`; mail for any other domain bounces.
        """
        with TemporaryDirectory(prefix="muster-postfix-") as folder:
            # Its programs run as users of their own; what nobody else may read is closed one by one.
            os.chmod(folder, 0o755)  # noqa: PTH101, S103
            made = cls(Path(folder), port)
            made._write(chain, transports)
            started = await made._command("start")
            if await started.wait() != 0:
                raise RuntimeError(f"Postfix does not start:\n{made.log()}")
            try:
                yield made
            finally:
                await made._stop()

    def log(self) -> str:
        """What it wrote."""
        files = [self.folder / name for name in ("postfix.out", "mail.log")]
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def _write(self, chain: str, transports: Mapping[str, str]) -> None:
        for name in ("conf", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix", "postfix")
        (self.folder / "chain.pem").touch(mode=0o600)
        (self.folder / "chain.pem").write_text(chain)
        told = ", ".join(f"{{ {domain} = {taker} }}" for domain, taker in transports.items())
        (self.folder / "conf" / "main.cf").write_text(_MAIN.format(folder=self.folder, transports=told))
        (self.folder / "conf" / "master.cf").write_text(_MASTER.format(port=self.port))

    async def _command(self, what: str) -> Process:
        assert _PROGRAM is not None
        with (self.folder / "postfix.out").open("ab") as output:
            return await asyncio.create_subprocess_exec(
                _PROGRAM, "-c", str(self.folder / "conf"), what, stdin=DEVNULL, stdout=output, stderr=output
            )

    async def _stop(self) -> None:
        """End its master by id, and with it all that it started."""
        number = int((self.folder / "queue" / "pid" / "master.pid").read_text())
        os.kill(number, signal.SIGTERM)
        async with asyncio.timeout(_STOP_SECONDS):
            while _lives(number):
                await asyncio.sleep(0.02)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    # One that nobody waits for stays in the table when it has ended.
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def a_certificate() -> tuple[str, str]:
    """A key with its certificate for 127.0.0.1, good for an hour, and the certificate alone, as PEM text."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.example.net")])
    now = datetime.now(UTC)  # noqa: TID251 - Postfix goes by the machine's clock
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate = made.public_bytes(Encoding.PEM).decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() + certificate, certificate
