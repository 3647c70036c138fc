"""The record store: what an account's records look like, as a file; looking into it."""

import sys
from pathlib import Path

import click

from muster.app.wiring import Core
from muster.cli import record_views
from muster.cli.frame import Session, json_option, operator, print_json, stdout, store_options, table, tenant_of
from muster.domain.document import MOST_BYTES, form_of
from muster.domain.errors import BadInput, NotFound
from muster.domain.records.blueprint import Blueprint
from muster.records.configuring.blueprint import BlueprintDesk, Changes, read_blueprint, write_blueprint
from muster.records.configuring.samples import SAMPLES, sample, title_of


@click.group()
def records() -> None:
    """The record store: what an account's records look like, and what is in them."""


for _command in (record_views.search, record_views.get, record_views.schedule):
    records.add_command(_command)


@records.command()
@click.argument("file")
@click.argument("account")
@click.option("--force", is_flag=True, help="Even where records are in templates or statuses that vanish.")
@store_options
@json_option
@click.pass_obj
def configure(
    session: Session, /, *, file: str, account: str, force: bool, as_json: bool, **flags: str | Path | None
) -> None:
    """Configure the record store of ACCOUNT as FILE says.

    FILE is TOML or JSON, or the name of a sample (`muster records samples`); `-` reads standard input. It takes the
    place of the whole configuration; records stay as they are.
    """
    blueprint = _read(file)

    async def work(core: Core) -> Changes:
        who = operator(await tenant_of(core, account))
        return await BlueprintDesk(core.store, core.clock).configure(who.tenant, blueprint, who.id, force=force)

    changes = session.run(flags, work)
    if as_json:
        print_json(changes)
        return
    rows = [
        (what, one)
        for what, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed))
        for one in names
    ]
    if not rows:
        click.echo("It is configured just so already; nothing was changed.")
        return
    stdout().print(table(("Done", "What"), rows))


@records.command()
@click.argument("file")
@json_option
def check(*, file: str, as_json: bool) -> None:
    """Look FILE over: every mistake is told with its place, nothing is changed."""
    told = _counts(_read(file))
    if as_json:
        print_json(told)
        return
    stdout().print(table(("What", "How many"), list(told.items())))
    click.echo("\nNo mistakes.")


@records.command()
@click.argument("account")
@store_options
@json_option
@click.pass_obj
def show(session: Session, /, *, account: str, as_json: bool, **flags: str | Path | None) -> None:
    """Print the configuration of ACCOUNT as a file that `configure` takes (--json: as JSON, for looking)."""

    async def work(core: Core) -> Blueprint:
        return await BlueprintDesk(core.store, core.clock).show(await tenant_of(core, account))

    blueprint = session.run(flags, work)
    if as_json:
        print_json(blueprint)
        return
    if not blueprint.version:
        raise NotFound(
            "Nothing is configured yet: `muster records configure film-and-tv ACCOUNT` begins with a sample."
        )
    click.echo(write_blueprint(blueprint), nl=False)


@records.command()
@click.argument("name", required=False, type=click.Choice(sorted(SAMPLES)))
@json_option
def samples(*, name: str | None, as_json: bool) -> None:
    """List the samples that come with this server; with NAME, print one, to begin a file of your own with."""
    if name is not None:
        click.echo(sample(name).decode(), nl=False)
        return
    found = [{"name": one, "title": title_of(one)} for one in SAMPLES]
    if as_json:
        print_json({"samples": found})
        return
    stdout().print(table(("Sample", "What it is"), [(one["name"], one["title"]) for one in found]))


def _read(name: str) -> Blueprint:
    """The blueprint in a file, or of a sample. Raises BadInput."""
    if name in SAMPLES:
        return read_blueprint(sample(name), form="toml")
    if name == "-":
        raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        return read_blueprint(raw, form=form_of("", raw))
    try:
        with Path(name).open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        known = ", ".join(SAMPLES)
        raise BadInput(f"The file {name} cannot be read: {error.strerror}. The samples are: {known}.") from None
    return read_blueprint(raw, form=form_of(name, raw))


def _counts(blueprint: Blueprint) -> dict[str, int]:
    return {
        "templates": len(blueprint.templates),
        "fields": sum(len(one.fields) for one in blueprint.templates),
        "lists": len(blueprint.lists),
        "processes": len(blueprint.processes),
        "parties": len(blueprint.parties),
        "roles": len(blueprint.roles),
        "bans": len(blueprint.bans),
        "models": len(blueprint.models),
    }
