"""`python -m muster.drill.smsc --port 2775 --log arrivals.jsonl`: the simulated SMSC as a process of its own.

Prints `listening HOST PORT` when ready. With `--control PORT` it also prints `control HOST PORT`: there people's texts
come in, one JSON line each (`people.Said`). SIGTERM or SIGINT ends it.
"""

import argparse
import asyncio
import signal
import sys

import msgspec
import uvloop

from muster.drill.smsc.options import IdStyle, ReceiptStyle, SmscOptions
from muster.drill.smsc.people import listen
from muster.drill.smsc.server import Smsc


def main() -> None:
    """Run until told to end."""
    options, control = _options(sys.argv[1:])
    uvloop.run(_serve(options, control))


def _options(arguments: list[str]) -> tuple[SmscOptions, int | None]:
    """What was asked for, and the port of the control, if any."""
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
    parser.add_argument("--control", type=int, help="port where people's texts come in; 0 for any free one")
    given = vars(parser.parse_args(arguments))
    control: int | None = given.pop("control")
    return msgspec.convert({**given, "keep": False}, SmscOptions), control


async def _serve(options: SmscOptions, control: int | None) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Smsc(options) as smsc:
        sys.stdout.write(f"listening {options.host} {smsc.port}\n")
        server = None if control is None else await listen(options.host, control, smsc.hear)
        if server is not None:
            sys.stdout.write(f"control {options.host} {server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await ended.wait()
        if server is not None:
            server.close()


if __name__ == "__main__":
    main()
