"""Looking into a record store: searches, single records, what a cost comes to over the months."""

import re
from pathlib import Path

import click
import msgspec

from muster.app.wiring import Core
from muster.cli.frame import MOST, Session, json_option, moment, more, stdout, store_options, table, tenant_of
from muster.domain.errors import BadInput
from muster.domain.records.char_types import BY_PATH, CHAR_TYPES, RecordRef
from muster.domain.records.record import LinkView, Stamp, View
from muster.domain.records.search import MOST_ROWS
from muster.ports.store.batches import Page
from muster.ports.store.records import Found
from muster.records.amortization.desk import Faulty, Schedule
from muster.records.work.altering import text_of
from muster.surfaces.record_batches.translate import lenient
from muster.surfaces.record_batches.translate.bodies import Fields
from muster.surfaces.record_batches.translate.charts import draw
from muster.surfaces.record_batches.translate.schedules import render_schedule, schedule_csv
from muster.surfaces.record_batches.translate.search import read_search

_RECORD = re.compile(r"([a-z-]+)/([1-9][0-9]{0,17})")
_JSON = msgspec.json.Encoder(decimal_format="number")
_PATHS = sorted(BY_PATH)
_FORMS = ("table", "json", "csv", "svg")


@click.command()
@click.argument("account")
@click.argument("char_type", metavar="TYPE", type=click.Choice(_PATHS))
@click.option("--keywords", default="", metavar="TEXT", help="Words of the title or of any value.")
@click.option("--where", metavar="JSON", help='A query as the door takes it, such as \'{"$eq": ["title", "X"]}\'.')
@click.option("--limit", type=click.IntRange(1, MOST_ROWS), default=50, show_default=True, help="How many a page has.")
@click.option("--page", type=click.IntRange(1, MOST), default=1, show_default=True, help="Which page.")
@store_options
@json_option
@click.pass_obj
def search(  # noqa: PLR0913 - each option of the command is a parameter
    session: Session,
    /,
    *,
    account: str,
    char_type: str,
    keywords: str,
    where: str | None,
    limit: int,
    page: int,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """List the records of ACCOUNT that are of the char type TYPE, such as deal."""
    asked = {
        "keywords": keywords,
        "query": None if where is None else lenient.decode(where.encode()),
        "start": (page - 1) * limit,
        "rows": limit,
    }

    async def work(core: Core) -> Found[View]:
        tenant = await tenant_of(core, account)
        blueprint = await core.records.blueprints.current(tenant)
        wanted = read_search(Fields(asked), BY_PATH[char_type].id, blueprint).search
        return await core.records.finder.search(tenant, wanted)

    found = session.run(flags, work)
    if as_json:
        _print_json({"total": found.total, "records": [_as_json(one) for one in found.hits]})
        return
    rows = [
        (_name(one.record.ref), one.record.title, one.template_name, one.status_name, moment(one.record.updated.at))
        for one in found.hits
    ]
    stdout().print(table(("Record", "Title", "Template", "Status", "Changed"), rows))
    click.echo(more(found.total, Page((page - 1) * limit, limit), len(rows)) or f"\n{found.total:,} found")


@click.command()
@click.argument("account")
@click.argument("record", metavar="TYPE/NUMBER")
@store_options
@json_option
@click.pass_obj
def get(session: Session, /, *, account: str, record: str, as_json: bool, **flags: str | Path | None) -> None:
    """Print one record of ACCOUNT, such as deal/12: its values, and what it is below of."""
    ref = _ref(record)

    async def work(core: Core) -> View:
        return await core.records.finder.entity(await tenant_of(core, account), ref)

    view = session.run(flags, work)
    if as_json:
        _print_json(_as_json(view))
        return
    rows = [
        ("Record", _name(view.record.ref)),
        ("Title", view.record.title),
        ("Template", view.template_name),
        ("Status", " / ".join(filter(None, (view.process_name, view.status_name))) or None),
        ("Made", _when(view.record.created)),
        ("Changed", _when(view.record.updated)),
        *((f"  {label}", text_of(value)) for label, value in view.record.values.items()),
        *((f"  below {_name(one.link.parent)}", _related(one)) for one in view.links or ()),
    ]
    stdout().print(table(("", ""), rows))


@click.command()
@click.argument("account")
@click.argument("row", type=click.IntRange(1, MOST))
@click.option("--model", type=click.IntRange(1, MOST), help="What this model would charge; nothing is kept.")
@click.option(
    "--format", "form", type=click.Choice(("table", "json", "csv", "svg")), default="table", show_default=True
)
@store_options
@click.pass_obj
def schedule(
    session: Session, /, *, account: str, row: int, model: int | None, form: str, **flags: str | Path | None
) -> None:
    """Print what the cost in table row ROW of ACCOUNT comes to over the months, as it was amortized last."""

    async def work(core: Core) -> Schedule:
        tenant, desk = await tenant_of(core, account), core.records.amortizing
        return await desk.schedule(tenant, row) if model is None else await desk.preview(tenant, row, model)

    try:
        found = session.run(flags, work)
    except Faulty as faulty:
        said = [" ".join(filter(None, (one.kind.value.replace("_", " "), one.name))) for one in faulty.flaws]
        raise BadInput(f"Row {row} cannot be amortized by model {model}: {', '.join(said)}.") from faulty
    match form:
        case "svg":
            click.echo(draw(found))
        case "csv":
            click.echo(schedule_csv(render_schedule(found)), nl=False)
        case "json":
            _print_json(render_schedule(found))
        case _:
            _tell(found)


def _tell(found: Schedule) -> None:
    if not found.postings:
        click.echo(f"{found.title}: nothing was amortized yet. --model N shows what a model would charge.")
        return
    rows = [
        (
            one.charge.number,
            one.charge.date,
            f"{one.charge.split:f}",
            *(f"{amount:,.2f}" for amount in (one.charge.opening, one.charge.amount, one.charge.closing)),
            f"amount/{one.amount}" if one.amount else None,
        )
        for one in found.postings
    ]
    click.echo(f"{found.title}: {found.cost:,.2f} {found.currency}, {found.model}\n")
    stdout().print(table(("No", "Day", "%", "Before", "Charged", "After", "Amount"), rows))
    click.echo(f"\n{found.total:,.2f} {found.currency} charged" + ("" if found.posted else "; nothing was kept"))


def _ref(name: str) -> RecordRef:
    """The record that is named so. Raises BadInput."""
    found = _RECORD.fullmatch(name)
    if found is None or found[1] not in BY_PATH:
        raise BadInput(f"{name!r} names no record: it takes a char type and a number, such as deal/12.")
    return RecordRef(BY_PATH[found[1]].id, int(found[2]))


def _name(ref: RecordRef) -> str:
    return f"{CHAR_TYPES[ref.char_type].path}/{ref.number}"


def _when(stamp: Stamp) -> str:
    return moment(stamp.at) + (f" by user {stamp.by}" if stamp.by else "")


def _related(one: LinkView) -> str:
    return f"{one.kind_name}, relationship {one.link.number}"


def _as_json(view: View) -> dict[str, object]:
    """A record for scripts."""
    record = view.record
    return {
        "record": _name(record.ref),
        "title": record.title,
        "template": record.template,
        "template_name": view.template_name,
        "process": view.process,
        "process_name": view.process_name,
        "status": record.status,
        "status_name": view.status_name,
        "values": record.values,
        "flags": record.flags,
        "created": record.created,
        "updated": record.updated,
        "moved": record.moved,
        "parents": None if view.links is None else [_as_parent(one) for one in view.links],
    }


def _as_parent(one: LinkView) -> dict[str, object]:
    return {"relationship": one.link.number, "record": _name(one.link.parent), "kind": one.kind_name}


def _print_json(value: object) -> None:
    click.echo(_JSON.encode(value).decode())
