"""Holding the server's account of a batch against what really reached the carrier."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from muster.drill.plan import Plan
from muster.drill.stage import Stage

_PATIENCE_SECONDS = 150
_CARRIED = {"sent", "delivered", "undelivered", "unknown"}


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch. `faults` is empty when everything is accounted for."""

    total: int
    states: Mapping[str, int]
    entries: Sequence[Mapping[str, Any]]
    arrivals: int
    faults: Sequence[str]


def arrivals_in(log: Path) -> Counter[str]:
    """How many messages for each number (digits only) the carrier took, by its own log; refused ones do not count."""
    counted: Counter[str] = Counter()
    with log.open() as lines:
        for line in lines:
            arrival = msgspec.json.decode(line)
            if arrival["status"] == 0 and arrival["part"] == 1:
                counted[arrival["destination"].lstrip("+")] += 1
    return counted


async def account_of(stage: Stage, *, plan: Plan, batch: str) -> Account:
    """The account of `batch`, held against the plan and the carrier's arrivals."""
    shown = await ended(stage, batch)
    entries = await entries_of(stage, batch)
    arrived = arrivals_in(stage.arrivals)
    states = Counter(entry["state"] for entry in entries)
    faults = [*_missing(entries, shown["total"]), *_unlike(states, plan), *_doubled(entries, arrived)]
    return Account(total=shown["total"], states=states, entries=entries, arrivals=sum(arrived.values()), faults=faults)


async def ended(stage: Stage, batch: str) -> Mapping[str, Any]:
    """The batch once no entry of it is open and every receipt has come; raises TimeoutError after some minutes."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            shown: Mapping[str, Any] = await stage.run("batch", "show", batch)
            if shown["finished_at"]:
                return shown


async def entries_of(stage: Stage, batch: str) -> Sequence[Mapping[str, Any]]:
    """All entries of a batch of at most 10,000, in order."""
    page = await stage.run("batch", "entries", batch, "--limit", "10000")
    entries: Sequence[Mapping[str, Any]] = page["entries"]
    return entries


def _missing(entries: Sequence[Mapping[str, Any]], total: int) -> list[str]:
    positions = Counter(entry["position"] for entry in entries)
    faults = [f"position {p} is listed {n} times" for p, n in positions.items() if n != 1]
    if set(positions) != set(range(total)):
        faults.append(f"{total - len(positions)} entries are missing")
    return faults


def _unlike(states: Mapping[str, int], plan: Plan) -> list[str]:
    """What differs from the plan. A crash may leave one window unknown, of whatever the carrier would have done."""
    doubt = states.get("unknown", 0)
    faults: list[str] = []
    for state in sorted(set(states) | set(plan.states)):
        planned, found = plan.states.get(state, 0), states.get(state, 0)
        if state != "unknown" and not planned - doubt <= found <= planned:
            faults.append(f"{found} entries are {state}, {planned} should be")
    return faults


def _doubled(entries: Sequence[Mapping[str, Any]], arrived: Mapping[str, int]) -> list[str]:
    """Entries the carrier took more often than the account admits, or that it never saw though they are carried."""
    faults: list[str] = []
    for entry in entries:
        seen = arrived.get(entry["address"].lstrip("+"), 0)
        allowed = 1 + entry["repeats"]
        if seen > allowed:
            faults.append(f"position {entry['position']} reached the carrier {seen} times, {allowed} are marked")
        if seen == 0 and entry["state"] in _CARRIED - {"unknown"}:
            faults.append(f"position {entry['position']} is {entry['state']} but never reached the carrier")
    return faults
