"""Templates: what an account's batches are made from."""

from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import click
import msgspec

from muster.app.wiring import Core
from muster.catalog.templates import TemplateFilter
from muster.cli.files import json_object
from muster.cli.frame import (
    Session,
    json_option,
    moment,
    more,
    operator,
    page_options,
    print_json,
    stdout,
    store_options,
    table,
    tenant_of,
)
from muster.domain.errors import NotFound
from muster.domain.ids import TemplateId, TenantId
from muster.domain.template import Template, TemplateState
from muster.kinds.workflow_batches import NAME
from muster.ports.store.batches import Page
from muster.surfaces.workflow_batches.translate.templates import read_text


@click.group()
def template() -> None:
    """Templates: what an account's batches are made from."""


@template.command()
@click.argument("account")
@click.argument("file", type=click.File("rb"))
@store_options
@json_option
@click.pass_obj
def add(session: Session, /, *, account: str, file: BinaryIO, as_json: bool, **flags: str | Path | None) -> None:
    """Keep the template in FILE for ACCOUNT.

    FILE is the JSON that the door takes to create a template; `-` reads standard input.
    """
    text = read_text(json_object(file.read()))

    async def work(core: Core) -> Template:
        who = operator(await tenant_of(core, account))
        return await core.templates.create(who, NAME, text)

    made = session.run(flags, work)
    if as_json:
        print_json(_plain(made))
        return
    click.echo(f"Template {made.name!r} is kept, version {made.version}: {made.id}")


@template.command("list")
@click.argument("account")
@click.option("--search", default="", help="Only those with this in their name or id.")
@page_options
@store_options
@json_option
@click.pass_obj
def list_(
    session: Session, /, *, account: str, search: str, page: int, limit: int, as_json: bool, **flags: str | Path | None
) -> None:
    """List the templates of ACCOUNT, newest first."""
    wanted = Page((page - 1) * limit, limit)

    async def work(core: Core) -> tuple[int, list[Template]]:
        tenant = await tenant_of(core, account)
        total, found = await core.templates.find(tenant, NAME, TemplateFilter(text=search), page=wanted)
        return total, list(found)

    total, found = session.run(flags, work)
    if as_json:
        print_json({"total": total, "templates": [_plain(one) for one in found]})
        return
    rows = [(t.name, t.display_name, t.version, t.state.value, str(t.id), moment(t.updated_at)) for t in found]
    stdout().print(table(("Name", "Shown as", "Version", "State", "Id", "Changed"), rows))
    click.echo(more(total, wanted, len(found)) or f"{total:,} in all.")


@template.command()
@click.argument("account")
@click.argument("name")
@store_options
@json_option
@click.pass_obj
def show(session: Session, /, *, account: str, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Show the current version of template NAME (or id) of ACCOUNT."""

    async def work(core: Core) -> Template:
        return await _named(core, await tenant_of(core, account), name)

    found = session.run(flags, work)
    if as_json:
        print_json(_plain(found))
        return
    plain = {**_plain(found), "created_at": moment(found.created_at), "updated_at": moment(found.updated_at)}
    rows = [(key, str(value)) for key, value in plain.items() if key != "definition"]
    stdout().print(table(("Template", found.name), rows))
    click.echo(msgspec.json.format(found.definition, indent=2))


@template.command()
@click.argument("account")
@click.argument("name")
@click.argument("wanted", metavar="STATE", type=click.Choice([s.value for s in TemplateState]))
@store_options
@json_option
@click.pass_obj
def state(
    session: Session, /, *, account: str, name: str, wanted: str, as_json: bool, **flags: str | Path | None
) -> None:
    """Put template NAME (or id) of ACCOUNT in STATE. Batches that exist go on."""

    async def work(core: Core) -> Template:
        who = operator(await tenant_of(core, account))
        found = await _named(core, who.tenant, name)
        return await core.templates.move(who, NAME, found.id, state=TemplateState(wanted))

    moved = session.run(flags, work)
    if as_json:
        print_json(_plain(moved))
        return
    click.echo(f"Template {moved.name!r} is {moved.state.value}.")


async def _named(core: Core, tenant: TenantId, name: str) -> Template:
    """The template with this name or id. Raises NotFound."""
    try:
        return await core.templates.get(tenant, NAME, TemplateId(UUID(name)))
    except ValueError:
        pass
    try:
        async with core.store.read() as tx:
            return await tx.templates.named(tenant, NAME, name)
    except NotFound:
        message = f"There is no template named {name!r} (capitals count); `muster template list` shows them."
        raise NotFound(message) from None


def _plain(found: Template) -> dict[str, object]:
    """A template as JSON."""
    return {
        "id": str(found.id),
        "version_id": str(found.version_id),
        "version": found.version,
        "name": found.name,
        "display_name": found.display_name,
        "description": found.description,
        "state": found.state.value,
        "definition": msgspec.Raw(found.definition.encode()),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }
