"""Fixtures: sets of things with ids of their own, to try the notifications door with."""

import os
import sys
from pathlib import Path
from stat import S_ISREG
from uuid import uuid4

import click

from muster.app.wiring import Core
from muster.catalog.fixtures.history import MOST_CONTENT
from muster.catalog.fixtures.loading import FixtureLoader, Loaded, MadeToken
from muster.catalog.fixtures.parsing import MOST_BYTES, parse
from muster.catalog.fixtures.reading import Beside, read_fixture
from muster.catalog.fixtures.samples import SAMPLES, sample, title_of
from muster.catalog.fixtures.shape import Fixture
from muster.cli.frame import Session, json_option, print_json, stdout, store_options, table, tenant_of
from muster.domain.errors import BadInput
from muster.kinds.notifications.ids import Prefix, spell
from muster.ports.clock import Clock


@click.group()
def fixtures() -> None:
    """Fixtures: sets of things to try the notifications door with."""


@fixtures.command()
@click.argument("file")
@click.argument("account")
@click.option("--dry-run", is_flag=True, help="Look the file over; keep nothing.")
@store_options
@json_option
@click.pass_obj
def load(
    session: Session, /, *, file: str, account: str, dry_run: bool, as_json: bool, **flags: str | Path | None
) -> None:
    """Set up what FILE says in ACCOUNT.

    FILE is TOML or JSON, or the name of a sample (`muster fixtures list`); `-` reads standard input. All of it is kept
    or, where anything is wrong, nothing. What is there already just so is left alone.
    """

    async def work(core: Core) -> Loaded:
        tenant = await tenant_of(core, account)
        fixture = _read(file, core.clock)
        loader = FixtureLoader(core.store, core.files, core.clock, new_uuid=uuid4)
        return await loader.rehearse(tenant, fixture) if dry_run else await loader.load(tenant, fixture)

    loaded = session.run(flags, work)
    if as_json:
        print_json({"made": loaded.made, "kept": loaded.kept, "tokens": [_token(one) for one in loaded.tokens]})
        return
    _tell(loaded, dry_run=dry_run)


@fixtures.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the samples that come with this server."""
    found = [{"name": name, "title": title_of(name)} for name in SAMPLES]
    if as_json:
        print_json({"samples": found})
        return
    stdout().print(table(("Sample", "What it is"), [(one["name"], one["title"]) for one in found]))


@fixtures.command()
@click.argument("name", type=click.Choice(sorted(SAMPLES)))
def show(name: str) -> None:
    """Print the sample NAME, to begin a file of your own with."""
    click.echo(sample(name).decode(), nl=False)


def _read(name: str, clock: Clock) -> Fixture:
    """The fixture in a file, or of a sample. Raises BadInput."""
    if name in SAMPLES:
        return read_fixture(parse(sample(name), SAMPLES[name]), now=clock.now())
    if name == "-":
        raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        return read_fixture(parse(raw, ""), now=clock.now())
    try:
        with Path(name).open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        known = ", ".join(SAMPLES)
        raise BadInput(f"{name} cannot be read: {error.strerror}. The samples are: {known}.") from None
    return read_fixture(parse(raw, name), now=clock.now(), beside=_beside(Path(name).parent))


def _beside(folder: Path) -> Beside:
    """Reads files in `folder` and below it, and no others, wherever links may lead."""
    inside = folder.resolve()

    def read(name: str) -> bytes:
        path = (inside / name).resolve()
        if Path(name).is_absolute() or not path.is_relative_to(inside):
            raise BadInput("must stand in the folder of this file, or below it")
        try:
            # Opened without waiting: a pipe would never answer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as stream:
                if not S_ISREG(os.fstat(descriptor).st_mode):
                    raise BadInput("is no file")
                return stream.read(MOST_CONTENT + 1)
        except OSError as error:
            raise BadInput(f"cannot be read: {error.strerror}") from None

    return read


def _tell(loaded: Loaded, *, dry_run: bool) -> None:
    rows = [
        (section.value, made, loaded.kept[section])
        for section, made in loaded.made.items()
        if made or loaded.kept[section]
    ]
    if not rows:
        click.echo("The file sets up nothing.")
        return
    stdout().print(table(("Section", "To be made" if dry_run else "Made", "There already"), rows))
    if dry_run:
        click.echo("\nNothing was kept: this was a dry run.")
    elif not any(loaded.made.values()):
        click.echo("\nAll of it was there already; nothing was changed.")
    if loaded.tokens:
        shown = [_token(one) for one in loaded.tokens]
        click.echo()
        stdout().print(
            table(
                ("Token", "Account", "Name", "Status", "What its holder presents"), [tuple(r.values()) for r in shown]
            )
        )
        click.echo("\nKeep these: they are stored only as digests and cannot be shown again.")


def _token(token: MadeToken) -> dict[str, str]:
    return {
        "id": spell(Prefix.TOKEN, token.number),
        "account": spell(Prefix.ACCOUNT, token.party),
        "name": token.name,
        "status": token.state.value.capitalize(),
        "token": token.text,
    }
