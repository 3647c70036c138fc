"""Scenario 3: 10,000 e-mails of about 2 KB until every outcome is stored, beside a bare script with the same rows.

One server process with its defaults and the embedded store, four connections, the mail server simulator in a process of
its own. The batch comes in through the notifications door. Measured is what the server notes itself, from its first
chunk to its last stored outcome; a small batch before it opens the connections. The bare script (bare_mail.py) then
sends the same rows to the same simulator. Once more with every letter signed (DKIM).
"""

import asyncio
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from statistics import median
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.figures import Bar, Figure, Result, Size, machine, middle
from benchmarks.house import House, cpu_seconds, house, peak_mib, script
from muster.drill.stage import Client, StageError, stop

NUMBER = 3
NAME = "mail"
TITLE = "dispatch over SMTP until every outcome is stored"
_AT_LEAST = 0.5
_WARM_UP = 500
_CONNECTIONS = 4
_DOOR = "/public/v1/notifications"
_LINE = "<p>Dear customer, your order has left our warehouse and is on its way; it will be there in a few days.</p>\n"
HTML = _LINE * 19
"""About two kilobytes."""


class MailProcess(NamedTuple):
    """The mail server, and where it listens."""

    process: Process
    port: int


class Run(msgspec.Struct, frozen=True):
    """One batch sent by Muster, and what it took."""

    seconds: float
    cpu: float
    peak: float
    server_cpu: float


async def measure(size: Size) -> Result:
    """Take turns, then once with each sort of signature."""
    letters, rounds = size.of(1_000, 10_000), size.of(1, 5, 9)
    ours: list[Run] = []
    theirs: list[dict[str, Any]] = []
    signed: dict[str, Run] = {}
    for turn in range(rounds):
        async with house() as home, _mail_server() as mail:
            home.server = await home.serve()
            run, batch = await _send(home, mail, letters=letters)
            ours.append(run)
            if turn == rounds - 1:
                for name, options in _keys().items():
                    signed[name], _ = await _send(home, mail, letters=letters, options=options)
            await stop(home.server)
            theirs.append(await _bare(home, batch, mail))
    rates = [letters / run.seconds for run in ours]
    bare_rates = [letters / run["seconds"] for run in theirs]
    ratio = median(rates) / median(bare_rates)
    return Result(
        number=NUMBER,
        name=NAME,
        title=TITLE,
        size=size.name,
        bars=(Bar(name="rate, against the bare script", measured=ratio, wanted=_AT_LEAST, at_most=False),),
        figures=(
            Figure("letters", letters, ""),
            Figure("connections", _CONNECTIONS, ""),
            *middle("Muster", rates, "/s"),
            *middle("bare script", bare_rates, "/s"),
            *(Figure(f"Muster, signed with {name}", letters / run.seconds, "/s") for name, run in signed.items()),
            Figure(
                "processor time a letter, Muster, from the request on",
                1e6 * median(r.cpu for r in ours) / letters,
                "µs",
            ),
            Figure("processor time a letter, bare", 1e6 * median(r["cpu_seconds"] for r in theirs) / letters, "µs"),
            Figure("mail server busy while Muster sends", median(100 * r.server_cpu / r.seconds for r in ours), "%"),
            Figure("mail server busy while the bare script sends", median(100 * r["server"] for r in theirs), "%"),
            Figure("peak memory, Muster", max(run.peak for run in ours), "MiB"),
            Figure("peak memory, bare script", max(run["peak_mib"] for run in theirs), "MiB"),
        ),
        machine=machine(),
    )


@asynccontextmanager
async def _mail_server() -> AsyncGenerator[MailProcess]:
    """The simulator, which takes everything."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "muster.drill.mail", "--port", "0", "--plain", stdin=DEVNULL, stdout=PIPE
    )
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe
        yield MailProcess(process, int((await process.stdout.readline()).split()[2]))
    finally:
        await stop(process)


async def _send(
    home: House, mail: MailProcess, *, letters: int, options: Mapping[str, str] | None = None
) -> tuple[Run, str]:
    """Send one batch of a new account after a small one; what it took, and its id. Raises StageError when one fails."""
    name = f"Mail {len(options or {})} {(options or {}).get('dkim_key', '')[40:48]}".strip()
    account = await home.run("account", "add", name)
    given = {"host": "127.0.0.1", "port": str(mail.port), "security": "none", "sender": "bench@muster.example"}
    given |= {"connections": str(_CONNECTIONS), **(options or {})}
    pairs = [word for option, value in given.items() for word in ("--option", f"{option}={value}")]
    await home.run("channel", "add", name, "smtp", *pairs)
    client = Client(home.url, account["token"])
    try:
        category = await client.call("POST", f"{_DOOR}/categories", _CATEGORY)
        small = await _submit(home, client, category["id"], letters=_WARM_UP)
        await home.ended(small)
        used, server = cpu_seconds(home.server), cpu_seconds(mail.process)
        batch = await _submit(home, client, category["id"], letters=letters)
        span = await home.ended(batch)
    finally:
        await client.close()
    states = home.states(batch)
    if states != {"delivered": letters}:
        raise StageError(f"not everything was delivered: {states}")
    run = Run(
        seconds=span.seconds,
        cpu=cpu_seconds(home.server) - used,
        peak=peak_mib(home.server),
        server_cpu=cpu_seconds(mail.process) - server,
    )
    return run, batch


_CATEGORY = {"name": "Orders", "description": "News of orders", "optOutAllowed": True}


async def _submit(home: House, client: Client, category: str, *, letters: int) -> str:
    """Hand over one batch at the door; its id inside the store."""
    contacts = [{"email": f"someone{number}@shop.example"} for number in range(letters)]
    body = {"category": {"id": category}, "subject": "Your order is on its way", "body": HTML, "contacts": contacts}
    await client.call("POST", f"{_DOOR}/batches", body)
    with closing(sqlite3.connect(f"file:{home.database}?mode=ro", uri=True)) as connection:
        found: tuple[str] = connection.execute("SELECT id FROM batches ORDER BY number DESC LIMIT 1").fetchone()
        return found[0]


def _keys() -> Mapping[str, Mapping[str, str]]:
    """The DKIM options for each sort of key."""
    keys: dict[str, RSAPrivateKey | Ed25519PrivateKey] = {
        "RSA-2048": generate_private_key(65537, 2048),
        "Ed25519": Ed25519PrivateKey.generate(),
    }
    return {
        name: {
            "dkim_domain": "muster.example",
            "dkim_selector": "bench",
            "dkim_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        }
        for name, key in keys.items()
    }


async def _bare(home: House, batch: str, mail: MailProcess) -> dict[str, Any]:
    page = home.folder / "letter.html"
    page.write_bytes(HTML.replace("\n", "\r\n").encode("ascii"))
    used = cpu_seconds(mail.process)
    run: dict[str, Any] = await script(
        "benchmarks.bare_mail",
        *("--like", str(home.database), "--batch", str(home.number(batch))),
        *("--file", str(home.folder / "bare.db"), "--html", str(page)),
        *("--port", str(mail.port), "--connections", str(_CONNECTIONS)),
    )
    return {**run, "server": (cpu_seconds(mail.process) - used) / run["seconds"]}
