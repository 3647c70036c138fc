"""`python -m muster.drill.smsc --port 2775 --log arrivals.jsonl`: the simulated SMSC as a process of its own.

Prints `listening HOST PORT` when ready; SIGTERM or SIGINT ends it.
"""

import argparse
import asyncio
import signal
import sys

import msgspec
import uvloop

from muster.drill.smsc.options import IdStyle, ReceiptStyle, SmscOptions
from muster.drill.smsc.server import Smsc


def main() -> None:
    """Run until told to end."""
    uvloop.run(_serve(_options(sys.argv[1:])))


def _options(arguments: list[str]) -> SmscOptions:
    standard = SmscOptions()
    parser = argparse.ArgumentParser(prog="muster.drill.smsc", description="An SMSC to rehearse with.")
    parser.add_argument("--host", default=standard.host)
    parser.add_argument("--port", type=int, default=2775, help="0 for any free one")
    parser.add_argument("--log", help="file for one JSON line a submit_sm")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--id-style", default=standard.id_style, choices=[style.value for style in IdStyle])
    parser.add_argument("--receipt-style", default=standard.receipt_style, choices=[s.value for s in ReceiptStyle])
    parser.add_argument("--receipt-after", type=float, default=standard.receipt_after, help="seconds")
    parser.add_argument("--late-after", type=float, default=standard.late_after, help="seconds")
    parser.add_argument("--times", type=int, default=standard.times, help="failures before a number passes")
    parser.add_argument("--rate", type=int, help="messages a second before ESME_RTHROTTLED")
    parser.add_argument("--password")
    parser.add_argument("--plain", dest="behaviours", action="store_false", help="deliver everything")
    return msgspec.convert({**vars(parser.parse_args(arguments)), "keep": False}, SmscOptions)


async def _serve(options: SmscOptions) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Smsc(options) as smsc:
        sys.stdout.write(f"listening {options.host} {smsc.port}\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    main()
