"""Suppressions: whom an account must not reach."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from muster.app.wiring import Core
from muster.cli.frame import (
    Session,
    json_option,
    moment,
    more,
    page_options,
    print_json,
    stdout,
    store_options,
    table,
    tenant_of,
)
from muster.domain.errors import BadInput
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression

_COLUMNS = ("address", "phone", "phonenumber", "phone_number", "number", "email", "recipient")


@click.group()
def suppression() -> None:
    """Suppressions: whom an account must not reach."""


@suppression.command()
@click.argument("account")
@click.argument("addresses", nargs=-1, required=True)
@click.option("--source", default="operator", show_default=True, help="Why they are on the list.")
@store_options
@json_option
@click.pass_obj
def add(
    session: Session,
    /,
    *,
    account: str,
    addresses: tuple[str, ...],
    source: str,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """Put ADDRESSES on the list of ACCOUNT."""
    _add(session, account, (list(addresses), source), as_json=as_json, flags=flags)


@suppression.command("import")
@click.argument("account")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@click.option("--source", default="import", show_default=True, help="Why they are on the list.")
@store_options
@json_option
@click.pass_obj
def import_(
    session: Session, /, *, account: str, file: TextIO, source: str, as_json: bool, **flags: str | Path | None
) -> None:
    """Put the addresses in FILE on the list of ACCOUNT.

    FILE has one address a line, or is CSV with a column named address, phone or email. `-` reads standard input.
    """
    _add(session, account, (list(_addresses(file)), source), as_json=as_json, flags=flags)


@suppression.command()
@click.argument("account")
@click.argument("addresses", nargs=-1, required=True)
@store_options
@json_option
@click.pass_obj
def remove(
    session: Session, /, *, account: str, addresses: tuple[str, ...], as_json: bool, **flags: str | Path | None
) -> None:
    """Take ADDRESSES off the list of ACCOUNT."""

    async def work(core: Core) -> int:
        return await core.suppressions.remove(await tenant_of(core, account), addresses)

    removed = session.run(flags, work)
    if as_json:
        print_json({"given": len(addresses), "removed": removed})
        return
    click.echo(f"{removed:,} of {len(addresses):,} were on the list and are off it now.")


@suppression.command("list")
@click.argument("account")
@click.option("--search", default="", help="Only addresses with this in them.")
@page_options
@store_options
@json_option
@click.pass_obj
def list_(
    session: Session, /, *, account: str, search: str, page: int, limit: int, as_json: bool, **flags: str | Path | None
) -> None:
    """List whom ACCOUNT must not reach, newest first."""
    wanted = Page((page - 1) * limit, limit)

    async def work(core: Core) -> tuple[int, list[Suppression]]:
        tenant = await tenant_of(core, account)
        total, found = await core.suppressions.find(tenant, text=search, page=wanted)
        return total, list(found)

    total, found = session.run(flags, work)
    if as_json:
        print_json({"total": total, "suppressions": found})
        return
    stdout().print(table(("Address", "Source", "Since"), [(s.address, s.source, moment(s.created_at)) for s in found]))
    click.echo(more(total, wanted, len(found)) or f"{total:,} in all.")


def _add(
    session: Session, account: str, what: tuple[list[str], str], *, as_json: bool, flags: dict[str, str | Path | None]
) -> None:
    addresses, source = what

    async def work(core: Core) -> int:
        tenant = await tenant_of(core, account)
        return await core.suppressions.add(tenant, addresses, source=source)

    added = session.run(flags, work)
    if as_json:
        print_json({"given": len(addresses), "added": added})
        return
    click.echo(f"{added:,} of {len(addresses):,} addresses are new on the list.")


def _addresses(file: TextIO) -> Iterator[str]:
    """The addresses in a list or a CSV. Raises BadInput when its header names none of the columns we know."""
    column = 0
    try:
        for number, row in enumerate(csv.reader(file)):
            names = [cell.strip().lower() for cell in row]
            if number == 0 and len(row) > 1:
                column = next((names.index(name) for name in _COLUMNS if name in names), -1)
                if column < 0:
                    raise BadInput(f"The file has no column named {', '.join(_COLUMNS[:-1])} or {_COLUMNS[-1]}.")
            elif not (number == 0 and names[:1] and names[0] in _COLUMNS) and len(row) > column and row[column].strip():
                yield row[column].strip()
    except (UnicodeDecodeError, csv.Error) as exc:
        raise BadInput(f"The file is not UTF-8 text or CSV: {exc}") from exc
