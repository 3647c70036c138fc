"""`python -m muster.drill.mail --port 2525 --log arrivals.jsonl`: the simulated mail server as a process of its own.

Prints `listening HOST PORT` when ready. SIGTERM or SIGINT ends it.
"""

import argparse
import asyncio
import signal
import sys

import msgspec
import uvloop

from muster.drill.mail.options import MailOptions
from muster.drill.mail.server import MailServer


def main() -> None:
    """Run until told to end."""
    uvloop.run(_serve(_options(sys.argv[1:])))


def _options(arguments: list[str]) -> MailOptions:
    standard = MailOptions()
    parser = argparse.ArgumentParser(prog="muster.drill.mail", description="A mail server to rehearse with.")
    parser.add_argument("--host", default=standard.host)
    parser.add_argument("--port", type=int, default=2525, help="0 for any free one")
    parser.add_argument("--log", help="file for one JSON line a message or refused recipient")
    parser.add_argument("--folder", help="folder for the newest message to each recipient, as RECIPIENT.eml")
    parser.add_argument("--no-pipelining", dest="pipelining", action="store_false")
    parser.add_argument("--no-smtputf8", dest="smtputf8", action="store_false")
    parser.add_argument("--size", type=int, default=standard.size, help="octets of a message at most; 0: any")
    parser.add_argument("--starttls", action="store_true", help="insist on STARTTLS")
    parser.add_argument("--tls", action="store_true", help="TLS from the first octet")
    parser.add_argument("--username", help="who has to log in")
    parser.add_argument("--password", default="")
    parser.add_argument("--messages-per-connection", type=int, help="then 421")
    parser.add_argument("--connections", type=int, help="at a time; beyond, 421")
    parser.add_argument("--greylisting", action="store_true", help="refuse every recipient the first time")
    parser.add_argument("--byte-by-byte", type=float, help="seconds between the octets of an answer")
    parser.add_argument("--answer-after", type=float, default=standard.answer_after, help="seconds")
    parser.add_argument("--slow-after", type=float, default=standard.slow_after, help="seconds")
    parser.add_argument("--times", type=int, default=standard.times, help="failures before a recipient passes")
    parser.add_argument("--plain", dest="behaviours", action="store_false", help="take everything")
    given = vars(parser.parse_args(arguments))
    return msgspec.convert({**given, "keep": False}, MailOptions)


async def _serve(options: MailOptions) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with MailServer(options) as server:
        sys.stdout.write(f"listening {options.host} {server.port}\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    main()
