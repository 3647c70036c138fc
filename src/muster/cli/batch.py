"""Batches: hand one over, watch it, steer it."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click

from muster.app.wiring import Core
from muster.cli.files import Handed, read_batch
from muster.cli.frame import (
    Session,
    json_option,
    more,
    operator,
    page_options,
    print_json,
    stdout,
    store_options,
    table,
    tenant_of,
)
from muster.cli.portrait import (
    as_json_batch,
    as_json_entry,
    batch_rows,
    counts_table,
    entry_rows,
    headline,
    workflow_counts,
    workflows_table,
)
from muster.cli.watching import watch_batch
from muster.domain.batch import Batch, BatchState
from muster.domain.entry import Entry, EntryState, NewEntry
from muster.domain.errors import BadInput, NotFound
from muster.domain.ids import BatchId, TenantId
from muster.domain.template import Template
from muster.domain.tenant import Principal
from muster.intake.submit import Submission, Submitted
from muster.kinds.notifications.kind import NAME as NOTIFICATIONS
from muster.kinds.record_batches.kind import NAME as RECORDS
from muster.kinds.workflow_batches import NAME
from muster.kinds.workflow_batches.entries import validate
from muster.ports.store.batches import BatchFilter, BatchOrder, Page

_NEWEST_FIRST = (BatchOrder("created_at", descending=True),)
_MOST_MATCHES = 5
_HANDED_OVER = frozenset({NAME, NOTIFICATIONS, RECORDS})
"""The kinds of batches that somebody hands over; others come of those."""

account_option = click.option(
    "--account", "-a", help="Whose batch: name, account id or number. Not needed while there is only one account."
)


@click.group()
def batch() -> None:
    """Batches: hand one over, watch it, steer it.

    BATCH is a batch's id, the beginning of one, or `last` for the newest.
    """


@batch.command()
@click.argument("account")
@click.argument("file", type=click.File("rb"))
@click.option("--template", help="The template's name or id, for a file of entries.")
@click.option("--key", help="Idempotency key: the same key and file again change nothing.")
@click.option("--watch", "watching", is_flag=True, help="Stay and show the progress.")
@store_options
@json_option
@click.pass_obj
def submit(  # noqa: PLR0913 - one parameter an option
    session: Session,
    /,
    *,
    account: str,
    file: BinaryIO,
    template: str | None,
    key: str | None,
    watching: bool,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """Hand over the batch in FILE for ACCOUNT.

    FILE is the JSON that the door takes, or entries as CSV (first line: column names, one of them phone) or JSON lines
    (.jsonl), which need --template. `-` reads standard input. A running server begins with it within a second.
    """
    handed = read_batch(file.read(), name=str(getattr(file, "name", "")), template=template, key=key)

    async def work(core: Core) -> None:
        who = operator(await tenant_of(core, account))
        made = await core.submit(who, _submission(handed))
        stands = await core.batches.get(who.tenant, made.batch)
        if as_json:
            print_json({"replayed": made.replayed, **as_json_batch(stands)})
        else:
            _tell(made, stands)
        if watching:
            await watch_batch(core, who.tenant, made.batch, as_json=as_json)

    session.run(flags, work)


@batch.command("list")
@account_option
@click.option("--state", "states", type=click.Choice([s.value for s in BatchState]), multiple=True, help="Repeatable.")
@click.option("--search", default="", help="Only those with this in title, template or id.")
@click.option(
    "--all", "every_kind", is_flag=True, help="Those that single workflows and texts sent again travel in, too."
)
@page_options
@store_options
@json_option
@click.pass_obj
def list_(  # noqa: PLR0913 - one parameter an option
    session: Session,
    /,
    *,
    account: str | None,
    states: tuple[str, ...],
    search: str,
    every_kind: bool,
    page: int,
    limit: int,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """List batches, newest first."""
    wanted = Page((page - 1) * limit, limit)
    chosen = frozenset(BatchState(s) for s in states) or None
    where = BatchFilter(kinds=None if every_kind else _HANDED_OVER, states=chosen, text=search)

    async def work(core: Core) -> tuple[int, list[Batch]]:
        tenant = await tenant_of(core, account)
        total, found = await core.batches.find(tenant, where, order=_NEWEST_FIRST, page=wanted)
        return total, list(found)

    total, found = session.run(flags, work)
    if as_json:
        print_json({"total": total, "batches": [as_json_batch(one) for one in found]})
        return
    stdout().print(table(*batch_rows(found)))
    click.echo(more(total, wanted, len(found)) or f"{total:,} in all.")


@batch.command()
@account_option
@click.argument("name", metavar="BATCH")
@store_options
@json_option
@click.pass_obj
def show(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Show one batch and how many of its entries stand where."""

    async def work(core: Core) -> Batch:
        return await find_batch(core, await tenant_of(core, account), name)

    found = session.run(flags, work)
    if as_json:
        print_json(as_json_batch(found))
        return
    stdout().print(headline(found))
    stdout().print(counts_table(found))
    if sum(workflow_counts(found).values()):
        stdout().print(workflows_table(found))


@batch.command()
@account_option
@click.argument("name", metavar="BATCH")
@click.option("--every", type=click.FloatRange(0.1, 60), default=0.5, show_default=True, help="Seconds between looks.")
@click.option("--delivered", is_flag=True, help="Stay until every receipt has come, not only until all is dispatched.")
@store_options
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON at every change, for scripts.")
@click.pass_obj
def watch(
    session: Session,
    /,
    *,
    account: str | None,
    name: str,
    every: float,
    delivered: bool,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """Show the progress of a batch until nothing of it has still to be dispatched."""

    async def work(core: Core) -> None:
        tenant = await tenant_of(core, account)
        found = await find_batch(core, tenant, name)
        await watch_batch(core, tenant, found.id, as_json=as_json, every=every, to_the_end=delivered)

    session.run(flags, work)


@batch.command()
@account_option
@click.argument("name", metavar="BATCH")
@click.option("--state", "states", type=click.Choice([s.value for s in EntryState]), multiple=True, help="Repeatable.")
@page_options
@store_options
@json_option
@click.pass_obj
def entries(  # noqa: PLR0913 - one parameter an option
    session: Session,
    /,
    *,
    account: str | None,
    name: str,
    states: tuple[str, ...],
    page: int,
    limit: int,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """List the entries of a batch, each with what became of it and why."""
    wanted = Page((page - 1) * limit, limit)

    async def work(core: Core) -> tuple[Batch, int, list[Entry]]:
        tenant = await tenant_of(core, account)
        found = await find_batch(core, tenant, name)
        chosen = frozenset(EntryState(s) for s in states) or None
        total, rows = await core.entries.find(tenant, found.id, states=chosen, order=(), page=wanted)
        return found, total, list(rows)

    found, total, rows = session.run(flags, work)
    if as_json:
        print_json({"batch": str(found.id), "total": total, "entries": [as_json_entry(found, one) for one in rows]})
        return
    stdout().print(table(*entry_rows(rows)))
    click.echo(more(total, wanted, len(rows)) or f"{total:,} in all.")


@batch.command()
@account_option
@click.argument("name", metavar="BATCH")
@store_options
@json_option
@click.pass_obj
def pause(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Dispatch nothing more of a batch until it is resumed."""
    _steer(session, (account, name), lambda core: core.control.pause, as_json=as_json, flags=flags)


@batch.command()
@account_option
@click.argument("name", metavar="BATCH")
@store_options
@json_option
@click.pass_obj
def resume(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Go on with a paused batch."""
    _steer(session, (account, name), lambda core: core.control.resume, as_json=as_json, flags=flags)


@batch.command()
@account_option
@click.argument("name", metavar="BATCH")
@click.option("--withdraw", is_flag=True, help="Take back what was handed over, too: links die.")
@store_options
@json_option
@click.pass_obj
def cancel(
    session: Session, /, *, account: str | None, name: str, withdraw: bool, as_json: bool, **flags: str | Path | None
) -> None:
    """Dispatch nothing more of a batch, for good."""

    def step(core: Core) -> Callable[[Principal, BatchId], Awaitable[Batch]]:
        return partial(core.control.cancel, withdraw=withdraw)

    _steer(session, (account, name), step, as_json=as_json, flags=flags)


def _steer(
    session: Session,
    which: tuple[str | None, str],
    step: Callable[[Core], Callable[[Principal, BatchId], Awaitable[Batch]]],
    *,
    as_json: bool,
    flags: dict[str, str | Path | None],
) -> None:
    account, name = which

    async def work(core: Core) -> Batch:
        who = operator(await tenant_of(core, account))
        found = await find_batch(core, who.tenant, name)
        return await step(core)(who, found.id)

    stands = session.run(flags, work)
    if as_json:
        print_json(as_json_batch(stands))
        return
    click.echo(f"Batch {stands.id} is {stands.state.value}.")


async def find_batch(core: Core, tenant: TenantId, name: str) -> Batch:
    """The batch with this id, or whose id alone begins like this, or the newest. Raises NotFound, BadInput."""
    try:
        return await core.batches.get(tenant, BatchId(UUID(name)))
    except ValueError:
        pass
    if name == "last":
        return await _newest(core, tenant)
    text = name.lower()
    _, found = await core.batches.find(tenant, BatchFilter(text=text), order=_NEWEST_FIRST, page=Page(0, 200))
    fitting = [one for one in found if str(one.id).startswith(text)]
    if not fitting:
        raise NotFound(f"There is no batch {name!r} of this account; `muster batch list` shows them.")
    if len(fitting) > 1:
        some = ", ".join(str(one.id) for one in fitting[:_MOST_MATCHES])
        raise BadInput(f"{name!r} begins the ids of several batches: {some}. Give more of it.")
    return fitting[0]


async def _newest(core: Core, tenant: TenantId) -> Batch:
    """The newest batch that somebody handed over, not one that carries texts about workflows. Raises NotFound."""
    _, newest = await core.batches.find(tenant, BatchFilter(kinds=_HANDED_OVER), order=_NEWEST_FIRST, page=Page(0, 1))
    if not newest:
        raise NotFound("This account has no batch yet.")
    return newest[0]


def _submission(handed: Handed) -> Submission:
    order = handed.order

    def make(template: Template | None) -> list[NewEntry]:
        if template is None:
            raise NotFound("The batch names no template.")
        return validate(order.drafts, template)

    return Submission(
        kind=NAME,
        title=order.idempotency_key or "",
        template=order.template,
        entries=make,
        idempotency_key=order.idempotency_key,
        scope=NAME,
        fingerprint=handed.fingerprint,
    )


def _tell(made: Submitted, stands: Batch) -> None:
    again = " (it was here already; nothing new was done)" if made.replayed else ""
    click.echo(f"Batch {made.batch}{again}")
    stdout().print(counts_table(stands))
