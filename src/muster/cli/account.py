"""Accounts: who may use this server."""

from pathlib import Path

import click

from muster.app.wiring import Core
from muster.catalog.accounts import NewAccount
from muster.catalog.channels import SANDBOX
from muster.cli.frame import MOST, Session, json_option, moment, print_json, stdout, store_options, table, tenant_of
from muster.domain.tenant import Role, Tenant
from muster.ports.store.channels import ChannelAccount

_SHOWN = ("account_id", "tenant", "token", "api_key", "api_secret", "access_key", "secret_key")
_ROLES = [role.value for role in Role if role is not Role.PARTY]
_KEEP = "Keep these: they cannot be shown again."


@click.group()
def account() -> None:
    """Accounts: who may use this server."""


@account.command()
@click.argument("name")
@click.option(
    "--credits", "credit", type=click.IntRange(0, MOST), default=0, help="No effect yet: credits are not kept."
)
@click.option("--role", type=click.Choice(_ROLES), default="owner", help="What its token may do.")
@store_options
@json_option
@click.pass_obj
def add(session: Session, /, *, name: str, credit: int, role: str, as_json: bool, **flags: str | Path | None) -> None:
    """Make an account NAME and print its credentials, which cannot be read again."""

    async def work(core: Core) -> tuple[NewAccount, ChannelAccount]:
        made = await core.accounts.add(name, Role(role))
        return made, await core.channels.add(made.tenant, SANDBOX, {})

    made, channel = session.run(flags, work)
    if credit:
        click.echo("Note: this version keeps no credits; --credits has no effect yet.", err=True)
    if as_json:
        print_json({"name": name, "role": role, "channel": channel.id} | {key: getattr(made, key) for key in _SHOWN})
        return
    stdout().print(table(("Account", name), _rows(made)))
    click.echo(
        f"\n{_KEEP}\n"
        f"It has a sandbox channel (number {channel.id}), where the address decides what happens and nothing leaves\n"
        f"this machine. It is no longer used once you add a real one: muster channel add {name} smpp --option …"
    )


@account.command("add-user")
@click.argument("account")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="What it may do; a viewer only reads.")
@store_options
@json_option
@click.pass_obj
def add_user(
    session: Session, /, *, account: str, name: str, role: str, as_json: bool, **flags: str | Path | None
) -> None:
    """Make one more service account NAME of ACCOUNT, with credentials of its own, which cannot be read again."""

    async def work(core: Core) -> NewAccount:
        await tenant_of(core, account)  # Says which accounts there are, if not this one.
        return await core.accounts.add_principal(account, name, Role(role))

    made = session.run(flags, work)
    if as_json:
        print_json({"name": name, "role": role} | {key: getattr(made, key) for key in _SHOWN})
        return
    stdout().print(table((f"Service account ({role})", name), _rows(made)))
    click.echo(f"\n{_KEEP}")


@account.command("list")
@store_options
@json_option
@click.pass_obj
def list_(session: Session, /, *, as_json: bool, **flags: str | Path | None) -> None:
    """List every account."""

    async def work(core: Core) -> list[Tenant]:
        return list(await core.accounts.all())

    found = session.run(flags, work)
    if as_json:
        print_json({"accounts": found})
        return
    rows = [(str(t.number), t.name, str(t.account_id), moment(t.created_at)) for t in found]
    stdout().print(table(("Tenant", "Name", "Account id", "Since"), rows))


def _rows(made: NewAccount) -> list[tuple[str, str]]:
    return [(key, str(getattr(made, key))) for key in _SHOWN]
