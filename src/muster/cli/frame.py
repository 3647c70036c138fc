"""What every command shares: the settings, an open store, and how results are printed."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from muster.app.settings import Settings, load
from muster.app.wiring import Core, opened
from muster.domain.errors import BadInput, NotFound
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.tenant import Principal, Role
from muster.ports.store.batches import Page
from muster.telemetry.logs import configure

MOST = 10**9
"""The highest number that is taken for a page or an id: every store can count that far."""

_T = TypeVar("_T")
_Command = TypeVar("_Command", bound=Callable[..., object])


class Session:
    """One run of the command line. `flags` are the settings given as options."""

    def __init__(self, *, config: Path | None) -> None:
        self._config = config

    def settings(self, flags: Mapping[str, object]) -> Settings:
        """The settings in force. Raises BadInput with every fault."""
        return load(file=self._config, environment=os.environ, flags=flags)

    def run(self, flags: Mapping[str, object], work: Callable[[Core], Awaitable[_T]]) -> _T:
        """Open the store, do `work`, close the store."""
        settings = self.settings(flags)
        configure("console", "warning")

        async def inside() -> _T:
            async with opened(settings) as core:
                return await work(core)

        return asyncio.run(inside())


def store_options(command: _Command) -> _Command:
    """Add the options that say where the data is."""
    for option in (
        click.option("--database-url", help="The database (default: muster.db in the data directory)."),
        click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The data directory."),
    ):
        command = option(command)
    return command


def json_option(command: _Command) -> _Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")(command)


def stdout() -> Console:
    """Where results for people go. A pipe gets plain text as wide as it needs."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def print_json(value: object) -> None:
    """One JSON document on one line."""
    click.echo(msgspec.json.encode(value).decode())


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> Table:
    """A table for people; numbers stand to the right."""
    made = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_cell(cell) for cell in row))
    return made


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return escape(text)


def operator(tenant: TenantId) -> Principal:
    """Who acts when somebody uses the command line on the machine: the nil id, which no service account has."""
    return Principal(id=PrincipalId(UUID(int=0)), tenant=tenant, role=Role.OWNER, token="command-line")  # noqa: S106 - a name, no secret


async def tenant_of(core: Core, account: str | None) -> TenantId:
    """Whose things are meant: the account's that is named, or the only one there is. Raises NotFound, BadInput."""
    if account is not None:
        try:
            return (await core.accounts.find(account)).number
        except NotFound:
            raise NotFound(f"There is no account {account!r}; `muster account list` shows them.") from None
    found = await core.accounts.all()
    if len(found) != 1:
        names = ", ".join(tenant.name for tenant in found[:5])
        raise BadInput(f"Which account? Give --account; there are: {names}." if found else "There is no account yet.")
    return found[0].number


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """`k=v` arguments as a mapping. Raises click.UsageError for one that is none, or that comes twice."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{option} {one!r} is not of the form name=value")
        if name.strip() in found:
            raise click.UsageError(f"{option} {name.strip()} is given twice")
        found[name.strip()] = value
    return found


def page_options(command: _Command) -> _Command:
    """Add --limit and --page."""
    for option in (
        click.option("--page", type=click.IntRange(1, MOST), default=1, show_default=True, help="Which page."),
        click.option(
            "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many a page has."
        ),
    ):
        command = option(command)
    return command


def more(total: int, page: Page, shown: int) -> str:
    """What to say under one page of a list; empty when that is all of it."""
    if page.offset + shown >= total:
        return ""
    number = page.offset // page.limit + 1
    return f"{shown:,} of {total:,} shown; --page {number + 1} shows more"


def moment(value: datetime | None) -> str:
    """A time for people, in UTC, to the second."""
    return "-" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
