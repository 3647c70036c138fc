"""`python -m benchmarks [--only N ...] [--quick | --full]`: run the scenarios, print ratios, write benchmarks/results/.

`--quick` only proves that everything runs: its figures mean nothing and are not written.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from benchmarks import accept, dispatch, links, mail, neighbours, reading, record_search, records, scale
from benchmarks.figures import Result, Size, keep, told

SCENARIOS: Mapping[int, Callable[[Size], Awaitable[Result]]] = {
    module.NUMBER: module.measure
    for module in (accept, dispatch, mail, scale, neighbours, reading, links, records, record_search)
}


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for. A number that was missed is printed and is no error: machines differ."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--only", type=int, nargs="+", choices=sorted(SCENARIOS), default=sorted(SCENARIOS))
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", dest="size", action="store_const", const="quick", default="normal")
    sizes.add_argument("--full", dest="size", action="store_const", const="full")
    chosen = parser.parse_args(arguments)
    asyncio.run(_run(chosen.only, Size(chosen.size)))
    return 0


async def _run(numbers: list[int], size: Size) -> None:
    for number in numbers:
        result = await SCENARIOS[number](size)
        print("\n".join(told(result)), flush=True)
        if size.name != "quick":
            keep(result)


if __name__ == "__main__":
    sys.exit(main())
