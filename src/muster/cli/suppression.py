"""Suppressions: whom an account must not reach."""

import csv
from pathlib import Path
from typing import TextIO

import click

from muster.app.wiring import Core
from muster.catalog.suppressions import AT_ONCE, LONGEST_ADDRESS, is_source
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
from muster.cli.suppression_files import HEADER, Rules, read_rows, write_rows
from muster.cli.suppression_import import Intake, pieces, progress
from muster.domain.errors import BadInput
from muster.ports.store.batches import Page
from muster.ports.store.suppressions import Suppression


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
    _check_source(source)
    if any(len(address) > LONGEST_ADDRESS or not address.isprintable() for address in addresses):
        raise click.UsageError(f"an address has at most {LONGEST_ADDRESS} characters, all of them printable")

    async def work(core: Core) -> int:
        return await core.suppressions.add(await tenant_of(core, account), addresses, source=source)

    added = session.run(flags, work)
    if as_json:
        print_json({"given": len(addresses), "added": added})
        return
    click.echo(f"{added:,} of {len(addresses):,} addresses are new on the list.")


@suppression.command("import")
@click.argument("account")
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"))
@click.option(
    "--source", default="import", show_default=True, help="Why they are on the list, where FILE does not say."
)
@click.option("--dry-run", is_flag=True, help="Look the file over; keep nothing.")
@store_options
@json_option
@click.pass_obj
def import_(
    session: Session,
    /,
    *,
    account: str,
    file: TextIO,
    source: str,
    dry_run: bool,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """Put the addresses in FILE on the list of ACCOUNT.

    FILE has one address a line, or is CSV with a column named address, phone or email, and perhaps source and
    created_at. Rows that cannot be used are named and left out. `-` reads standard input.
    """
    _check_source(source)

    async def work(core: Core) -> Intake:
        tenant = await tenant_of(core, account)
        rules = Rules(fault_of=core.suppressions.fault_of, source=source, now=core.clock.now())
        intake = Intake(core.suppressions, tenant, dry_run=dry_run)
        with progress(file) as move:
            for piece in pieces(read_rows(file, rules), AT_ONCE):
                await intake.take(piece)
                move()
        return intake

    intake = session.run(flags, work)
    if as_json:
        print_json(intake.as_json())
    else:
        word = "would be new" if dry_run else "are new"
        click.echo(f"{intake.added:,} of {intake.given:,} addresses {word} on the list.")
    intake.name_bad_rows()
    if intake.bad_rows and intake.bad_rows == intake.given:
        raise BadInput("Not one row of the file can be used.")


@suppression.command()
@click.argument("account")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@store_options
@click.pass_obj
def export(session: Session, /, *, account: str, file: TextIO, **flags: str | Path | None) -> None:
    """Write the list of ACCOUNT to FILE, or to standard output, as CSV.

    A spreadsheet takes no cell of it for a formula; `muster suppression import` reads it back.
    """

    async def work(core: Core) -> int:
        tenant, count = await tenant_of(core, account), 0
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        async for piece in core.suppressions.every(tenant):
            writer.writerows(write_rows(piece))
            count += len(piece)
        return count

    count = session.run(flags, work)
    click.echo(f"{count:,} addresses written.", err=True)


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
    rows = [(s.address, s.source, moment(s.created_at), s.origin or None) for s in found]
    stdout().print(table(("Address", "Source", "Since (UTC)", "Message it came from"), rows))
    click.echo(more(total, wanted, len(found)) or f"{total:,} in all.")


def _check_source(source: str) -> None:
    if not is_source(source):
        raise click.UsageError("--source must have 1 to 64 characters of one line")
