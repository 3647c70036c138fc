"""Webhook endpoints: where an account is told what happens."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from muster.app.wiring import Core
from muster.catalog.endpoints import EndpointWish
from muster.cli.frame import (
    Session,
    json_option,
    moment,
    operator,
    print_json,
    stdout,
    store_options,
    table,
    tenant_of,
)
from muster.domain.errors import BadInput
from muster.domain.fault import Fault
from muster.domain.tenant import Principal
from muster.events.standard import STANDARD, public_type
from muster.ports.store.endpoints import Endpoint

_Step = Callable[[Core, Principal], Awaitable[Endpoint]]
_ALLOWING = "; see the setting webhook_allow for hosts and networks that are taken nevertheless"


@click.group()
def endpoint() -> None:
    """Webhook endpoints: where an account is told what happens."""


@endpoint.command()
@click.argument("account")
@click.argument("url")
@click.option("--description", default="", help="A word for people.")
@click.option("--style", default=STANDARD, show_default=True, help="Whose words messages use: a door's, or ours.")
@click.option("--type", "types", multiple=True, help="An event, such as batch.completed; repeatable.")
@store_options
@json_option
@click.pass_obj
def add(  # noqa: PLR0913 - one for each option
    session: Session,
    /,
    *,
    account: str,
    url: str,
    description: str,
    style: str,
    types: tuple[str, ...],
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """Tell URL what happens to the batches of ACCOUNT: every event, or those of --type.

    With --style workflow-batches or record-batches its messages are as that door's vendor sends them, and --type takes
    the vendor's names too. Messages are signed as Standard Webhooks; the secret is printed.
    """
    wish = EndpointWish(url=url, description=description, types=types, style=style)
    made = _apply(session, account, lambda core, who: _add(core, who, wish), flags=flags)
    _show(made, "is told from now on", as_json=as_json, secret=True)


@endpoint.command("list")
@click.argument("account")
@store_options
@json_option
@click.pass_obj
def list_(session: Session, /, *, account: str, as_json: bool, **flags: str | Path | None) -> None:
    """List the endpoints of ACCOUNT; secrets are not shown."""

    async def work(core: Core) -> list[Endpoint]:
        return list(await core.endpoints.all(operator(await tenant_of(core, account))))

    found = session.run(flags, work)
    if as_json:
        print_json({"endpoints": [_plain(one, secret=False) for one in found]})
        return
    columns = ("Endpoint", "URL", "Style", "Events", "State", "Failing since", "Reason")
    rows = [
        (
            str(e.id),
            e.url,
            e.style,
            ", ".join(public_type(t) for t in e.types) or "all",
            e.state.value,
            moment(e.failing_since),
            e.disabled_reason,
        )
        for e in found
    ]
    stdout().print(table(columns, rows))


@endpoint.command()
@click.argument("account")
@click.argument("which", metavar="ENDPOINT", type=click.UUID)
@store_options
@click.pass_obj
def remove(session: Session, /, *, account: str, which: UUID, **flags: str | Path | None) -> None:
    """Forget ENDPOINT and what waits for it."""

    async def work(core: Core) -> None:
        await core.endpoints.remove(operator(await tenant_of(core, account)), which)

    session.run(flags, work)
    click.echo(f"Endpoint {which} is forgotten.")


@endpoint.command()
@click.argument("account")
@click.argument("which", metavar="ENDPOINT", type=click.UUID)
@store_options
@json_option
@click.pass_obj
def enable(session: Session, /, *, account: str, which: UUID, as_json: bool, **flags: str | Path | None) -> None:
    """Switch ENDPOINT on again. What it missed is told by `replay`."""
    made = _apply(session, account, lambda core, who: core.endpoints.enable(who, which), flags=flags)
    _show(made, "is on", as_json=as_json, secret=False)


@endpoint.command()
@click.argument("account")
@click.argument("which", metavar="ENDPOINT", type=click.UUID)
@store_options
@json_option
@click.pass_obj
def disable(session: Session, /, *, account: str, which: UUID, as_json: bool, **flags: str | Path | None) -> None:
    """Switch ENDPOINT off and give up what waits for it."""
    made = _apply(session, account, lambda core, who: core.endpoints.disable(who, which), flags=flags)
    _show(made, "is off", as_json=as_json, secret=False)


@endpoint.command()
@click.argument("account")
@click.argument("which", metavar="ENDPOINT", type=click.UUID)
@store_options
@click.pass_obj
def test(session: Session, /, *, account: str, which: UUID, **flags: str | Path | None) -> None:
    """Have a running server send ENDPOINT, and nobody else, the event endpoint.tested."""

    async def work(core: Core) -> None:
        await core.endpoints.test(operator(await tenant_of(core, account)), which)

    session.run(flags, work)
    click.echo(f"Endpoint {which} is told that it is tried out.")


@endpoint.command()
@click.argument("account")
@click.argument("which", metavar="ENDPOINT", type=click.UUID)
@store_options
@json_option
@click.pass_obj
def rotate(session: Session, /, *, account: str, which: UUID, as_json: bool, **flags: str | Path | None) -> None:
    """Give ENDPOINT a new secret; the one before it signs too for 24 hours."""
    made = _apply(session, account, lambda core, who: core.endpoints.rotate_secret(who, which), flags=flags)
    _show(made, "has a new secret", as_json=as_json, secret=True)


@endpoint.command()
@click.argument("account")
@click.argument("which", metavar="ENDPOINT", type=click.UUID)
@click.option("--since", required=True, help="From when, such as 2025-01-15T09:30:00Z.")
@click.option("--until", help="Until when (default: now).")
@store_options
@json_option
@click.pass_obj
def replay(
    session: Session,
    /,
    *,
    account: str,
    which: UUID,
    since: str,
    until: str | None,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """Tell ENDPOINT again what happened between two times."""
    begin, end = _time(since, "--since"), None if until is None else _time(until, "--until")

    async def work(core: Core) -> int:
        who = operator(await tenant_of(core, account))
        return await core.endpoints.replay(who, which, since=begin, until=end)

    queued = session.run(flags, work)
    if as_json:
        print_json({"queued": queued})
        return
    click.echo(f"{queued:,} events are told again.")


async def _add(core: Core, who: Principal, wish: EndpointWish) -> Endpoint:
    try:
        return await core.endpoints.add(who, wish)
    except BadInput as exc:
        # Only the operator is told which setting it is: a tenant cannot change it.
        raise BadInput(exc.message, [_hinted(fault) for fault in exc.faults]) from None


def _hinted(fault: Fault) -> Fault:
    if fault.code != "url_refused":
        return fault
    return Fault(fault.path, fault.code, fault.message + _ALLOWING)


def _apply(session: Session, account: str, step: _Step, *, flags: dict[str, str | Path | None]) -> Endpoint:
    async def work(step: _Step, core: Core) -> Endpoint:
        return await step(core, operator(await tenant_of(core, account)))

    return session.run(flags, partial(work, step))


def _show(found: Endpoint, what: str, *, as_json: bool, secret: bool) -> None:
    if as_json:
        print_json(_plain(found, secret=secret))
        return
    click.echo(f"Endpoint {found.id} {what}.")
    if secret:
        click.echo(f"Secret: {found.secrets[0].value}")


def _plain(found: Endpoint, *, secret: bool) -> dict[str, object]:
    """An endpoint as JSON; its newest secret only where it was just made."""
    plain: dict[str, object] = {
        "endpoint": str(found.id),
        "url": found.url,
        "description": found.description,
        "style": found.style,
        "types": [public_type(t) for t in found.types],
        "state": found.state.value,
        "created_at": found.created_at,
        "failing_since": found.failing_since,
        "disabled_reason": found.disabled_reason,
    }
    return {**plain, "secret": found.secrets[0].value} if secret else plain


def _time(text: str, option: str) -> datetime:
    """A time with its zone. Raises BadInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text!r} is no time such as 2025-01-15T09:30:00Z.") from None
    if found.tzinfo is None:
        raise BadInput(f"{option} {text!r} has no zone; for UTC write {text}Z.")
    return found
