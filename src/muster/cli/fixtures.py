"""Fixtures: sets of things with ids of their own, to try the notifications door and the record store with."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from stat import S_ISREG
from types import ModuleType
from uuid import uuid4

import click

from muster.app.wiring import Core
from muster.catalog.fixtures import samples as notifications
from muster.catalog.fixtures.history import MOST_CONTENT
from muster.catalog.fixtures.loading import FixtureLoader, Loaded, MadeToken
from muster.catalog.fixtures.reading import Beside, read_fixture
from muster.catalog.fixtures.shape import Fixture
from muster.cli.frame import Session, json_option, operator, print_json, stdout, store_options, table, tenant_of
from muster.domain.document import MOST_BYTES, form_of, parse
from muster.domain.errors import BadInput
from muster.kinds.notifications.ids import Prefix, spell
from muster.ports.clock import Clock
from muster.records.seeding import samples as records
from muster.records.seeding.reading import is_seeds, read_seeds
from muster.records.seeding.shape import Seeds
from muster.records.seeding.sowing import Planted

SAMPLES = tuple(sorted({**notifications.SAMPLES, **records.SAMPLES}))


@click.group()
def fixtures() -> None:
    """Fixtures: sets of things to try this server with."""


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

    async def work(core: Core) -> Loaded | Planted:
        tenant = await tenant_of(core, account)
        read = _read(file, core.clock)
        if isinstance(read, Seeds):
            return await core.records.planter.plant(tenant, read, by=operator(tenant).id, rehearse=dry_run)
        loader = FixtureLoader(core.store, core.files, core.clock, new_uuid=uuid4)
        return await loader.rehearse(tenant, read) if dry_run else await loader.load(tenant, read)

    loaded = session.run(flags, work)
    tokens = loaded.tokens if isinstance(loaded, Loaded) else ()
    if as_json:
        print_json({"made": loaded.made, "kept": loaded.kept, "tokens": [_token(one) for one in tokens]})
        return
    made, kept = ({str(section): count for section, count in one.items()} for one in (loaded.made, loaded.kept))
    _tell(made, kept, dry_run=dry_run)
    if tokens:
        _show(tokens)


@fixtures.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the samples that come with this server."""
    found = [{"name": name, "title": _samples(name).title_of(name)} for name in SAMPLES]
    if as_json:
        print_json({"samples": found})
        return
    stdout().print(table(("Sample", "What it is"), [(one["name"], one["title"]) for one in found]))


@fixtures.command()
@click.argument("name", type=click.Choice(SAMPLES))
def show(name: str) -> None:
    """Print the sample NAME, to begin a file of your own with."""
    click.echo(_samples(name).sample(name).decode(), nl=False)


def _samples(name: str) -> ModuleType:
    """Where the sample comes from."""
    return records if name in records.SAMPLES else notifications


def _read(name: str, clock: Clock) -> Fixture | Seeds:
    """What a file, or a sample, sets up: records where it names a blueprint. Raises BadInput."""
    if name in SAMPLES:
        raw, called = _samples(name).sample(name), ".toml"
    elif name == "-":
        raw, called = sys.stdin.buffer.read(MOST_BYTES + 1), ""
    else:
        raw, called = _content(name), name
    form = form_of(called, raw)
    content = parse(raw, form)
    if is_seeds(content):
        return read_seeds(raw, form=form)
    if name in SAMPLES or name == "-":
        return read_fixture(content, now=clock.now())
    return read_fixture(content, now=clock.now(), beside=_beside(Path(name).parent))


def _content(name: str) -> bytes:
    try:
        with Path(name).open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        known = ", ".join(SAMPLES)
        raise BadInput(f"The file {name} cannot be read: {error.strerror}. The samples are: {known}.") from None


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


def _tell(made: Mapping[str, int], kept: Mapping[str, int], *, dry_run: bool) -> None:
    rows = [
        (section, made.get(section, 0), kept.get(section, 0))
        for section in {**made, **kept}
        if made.get(section) or kept.get(section)
    ]
    if not rows:
        click.echo("The file sets up nothing.")
        return
    stdout().print(table(("Section", "To be made" if dry_run else "Made", "There already"), rows))
    if dry_run:
        click.echo("\nNothing was kept: this was a dry run.")
    elif not any(made.values()):
        click.echo("\nAll of it was there already; nothing was changed.")


def _show(tokens: Sequence[MadeToken]) -> None:
    rows = [tuple(_token(one).values()) for one in tokens]
    click.echo()
    stdout().print(table(("Token", "Account", "Name", "Status", "What its holder presents"), rows))
    click.echo("\nKeep these: they are stored only as digests and cannot be shown again.")


def _token(token: MadeToken) -> dict[str, str]:
    return {
        "id": spell(Prefix.TOKEN, token.number),
        "account": spell(Prefix.ACCOUNT, token.party),
        "name": token.name,
        "status": token.state.value.capitalize(),
        "token": token.text,
    }
