"""Channels: what an account sends through."""

from pathlib import Path

import click

from muster.app.channel_kinds import OPTIONS
from muster.app.wiring import Core
from muster.cli.frame import (
    MOST,
    Session,
    json_option,
    moment,
    pairs,
    print_json,
    stdout,
    store_options,
    table,
    tenant_of,
)
from muster.domain.ids import ChannelId
from muster.domain.rule import Rule
from muster.ports.store.channels import ChannelAccount

_SECRET = ("password", "secret", "token", "key")
_UNKNOWN = "unknown"
_UNKNOWN_RULE = Rule(takes="prefer_once or prefer_arrival", needed=False, default="prefer_once")


@click.group()
def channel() -> None:
    """Channels: what an account sends through."""


def _all_options() -> str:
    """The names of the options of every kind, one paragraph each."""
    return "\n\n".join(f"Options of {kind}: {', '.join((*rules, _UNKNOWN))}." for kind, rules in OPTIONS.items())


@channel.command()
@json_option
def kinds(*, as_json: bool) -> None:
    """List the kinds of channels, and what each option of them takes."""
    found = {kind: {**rules, _UNKNOWN: _UNKNOWN_RULE} for kind, rules in OPTIONS.items()}
    if as_json:
        print_json(found)
        return
    for kind, rules in found.items():
        rows = [(name, rule.takes, _default(rule)) for name, rule in rules.items()]
        stdout().print(table(("Option", "Takes", "When left out"), rows, title=kind), "")
    click.echo("What each is for is told in docs/reference/sandbox-channel.md and docs/reference/smpp-channel.md.")


@channel.command(epilog=_all_options())
@click.argument("account")
@click.argument("kind", type=click.Choice(list(OPTIONS)), metavar="KIND")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the kind; repeatable.")
@store_options
@json_option
@click.pass_obj
def add(
    session: Session, /, *, account: str, kind: str, options: tuple[str, ...], as_json: bool, **flags: str | Path | None
) -> None:
    """Give ACCOUNT a channel of KIND; `muster channel kinds` tells what the options take.

    Every kind takes rate=PARCELS_A_SECOND and unknown=prefer_once or prefer_arrival (what to do when it is not known
    whether a message arrived). The newest channel that is no sandbox carries the batches to come.

    rate, and the binds of smpp, are those of one process: M processes that work together come to M times as much.
    """
    given = pairs(options, "--option")

    async def work(core: Core) -> ChannelAccount:
        return await core.channels.add(await tenant_of(core, account), kind, given)

    made = session.run(flags, work)
    if as_json:
        print_json(_plain(made))
        return
    click.echo(f"Channel {made.id} ({made.kind}) is kept. `muster doctor` tells whether it can be opened.")


@channel.command("list")
@click.argument("account")
@store_options
@json_option
@click.pass_obj
def list_(session: Session, /, *, account: str, as_json: bool, **flags: str | Path | None) -> None:
    """List the channels of ACCOUNT; secrets are not shown."""

    async def work(core: Core) -> list[ChannelAccount]:
        return list(await core.channels.all(await tenant_of(core, account)))

    found = session.run(flags, work)
    if as_json:
        print_json({"channels": [_plain(one) for one in found]})
        return
    rows = [(str(c.id), c.kind, moment(c.created_at), _told(c)) for c in found]
    stdout().print(table(("Channel", "Kind", "Since", "Options"), rows))


@channel.command()
@click.argument("account")
@click.argument("number", type=click.IntRange(1, MOST))
@store_options
@click.pass_obj
def remove(session: Session, /, *, account: str, number: int, **flags: str | Path | None) -> None:
    """Take channel NUMBER of ACCOUNT out of use; batches that already go through it still do."""

    async def work(core: Core) -> None:
        await core.channels.remove(await tenant_of(core, account), ChannelId(number))

    session.run(flags, work)
    click.echo(f"Channel {number} is out of use.")


def _default(rule: Rule) -> str:
    """What holds when an option is left out, as one would write it."""
    if rule.needed:
        return "(needed)"
    if isinstance(rule.default, bool):
        return "yes" if rule.default else "no"
    return "-" if rule.default in {None, ""} else str(rule.default)


def _plain(account: ChannelAccount) -> dict[str, object]:
    """A channel as JSON, its secrets hidden."""
    return {
        "channel": account.id,
        "tenant": account.tenant,
        "kind": account.kind,
        "options": _hidden(account),
        "created_at": account.created_at,
    }


def _hidden(account: ChannelAccount) -> dict[str, str]:
    return {
        name: "********" if any(word in name.lower() for word in _SECRET) else value
        for name, value in account.options.items()
    }


def _told(account: ChannelAccount) -> str:
    return " ".join(f"{name}={value}" for name, value in _hidden(account).items())
