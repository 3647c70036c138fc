"""Looking an installation over."""

import asyncio
import sys
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from muster.app.checkup import Finding, Level, check_up
from muster.app.settings import Settings
from muster.app.wiring import Core, database_file
from muster.cli.frame import Session, json_option, print_json, stdout, store_options
from muster.telemetry.logs import configure

_COLOURS = {Level.OK: "green", Level.NOTE: "yellow", Level.PROBLEM: "bold red"}


@click.command()
@click.option("--no-channels", is_flag=True, help="Do not try to open the channels.")
@store_options
@json_option
@click.pass_obj
def doctor(session: Session, /, *, no_channels: bool, as_json: bool, **flags: str | Path | None) -> None:
    """Look the installation over. Exit code 1 when there is a problem."""
    settings = session.settings(flags)
    configure("console", "error")
    found = asyncio.run(_look(settings, channels=not no_channels))
    bad = any(finding.level is Level.PROBLEM for finding in found)
    if as_json:
        print_json({"healthy": not bad, "findings": found})
    else:
        _draw(found)
    if bad:
        sys.exit(1)


async def _look(settings: Settings, *, channels: bool) -> list[Finding]:
    file = database_file(settings)
    if settings.embedded and not file.exists():
        detail = f"there is no database at {file} yet; `muster serve` or `muster migrate` makes it"
        return [Finding("store", Level.PROBLEM, detail)]
    core = Core(settings)
    try:
        return await check_up(core, channels=channels)
    finally:
        await core.close()


def _draw(found: list[Finding]) -> None:
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Check", "", "What was found"):
        drawn.add_column(column, overflow="fold")
    for finding in found:
        level = f"[{_COLOURS[finding.level]}]{finding.level}[/]"
        drawn.add_row(finding.check, level, escape(finding.detail))
    stdout().print(drawn)
