"""Workflows: what customers were asked, and how far they are."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from muster.app.wiring import Core
from muster.cli.batch import account_option, find_batch
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
from muster.cli.journeys import (
    as_json_notice,
    as_json_whole,
    as_json_workflow,
    notice_rows,
    step_rows,
    workflow_headline,
    workflow_rows,
)
from muster.domain.errors import BadInput, NotFound, WrongState
from muster.domain.ids import TenantId, WorkflowId
from muster.domain.tenant import Principal
from muster.domain.workflow import Notice, Workflow, WorkflowState
from muster.kinds.workflow_batches.definition import MOST_DAYS
from muster.kinds.workflow_batches.kind import link_token
from muster.lookup.workflows import Whole
from muster.ports.store.batches import Page
from muster.ports.store.workflows import WorkflowFilter

_NEWEST_FIRST = (("created_at", True),)
_MOST_HOURS = MOST_DAYS * 24
_MOST_MATCHES = 5
_SHORTEST = 8
"""Characters of an id that are enough to mean it."""
_LOOKED_AT = 200

Step = Callable[[Principal, WorkflowId], Awaitable[None]]


@click.group()
def workflow() -> None:
    """Workflows: what customers were asked, and how far they are.

    WORKFLOW is a workflow's id, eight or more characters from its beginning or its end, or the customer's phone number
    or e-mail address. It must mean one and no other.
    """


@workflow.command("list")
@click.argument("account", required=False)
@click.option("--batch", "batch_name", help="Only those of this batch: its id, the beginning of one, or `last`.")
@click.option("--state", type=click.Choice([s.value for s in WorkflowState]), help="Only those in this state.")
@click.option("--search", default="", help="Only those with this in id, customer's name, e-mail or phone number.")
@page_options
@store_options
@json_option
@click.pass_obj
def list_(  # noqa: PLR0913 - one parameter an option
    session: Session,
    /,
    *,
    account: str | None,
    batch_name: str | None,
    state: str | None,
    search: str,
    page: int,
    limit: int,
    as_json: bool,
    **flags: str | Path | None,
) -> None:
    """List the workflows of ACCOUNT, newest first; ACCOUNT may be left out while there is only one."""
    wanted = Page((page - 1) * limit, limit)

    async def work(core: Core) -> tuple[int, list[Workflow]]:
        tenant = await tenant_of(core, account)
        where = WorkflowFilter(
            state=WorkflowState(state) if state else None,
            batch=(await find_batch(core, tenant, batch_name)).id if batch_name else None,
            text=search,
        )
        total, found = await core.workflows.find(tenant, where, order=_NEWEST_FIRST, page=wanted)
        return total, list(found)

    total, found = session.run(flags, work)
    if as_json:
        print_json({"total": total, "workflows": [as_json_workflow(one) for one in found]})
        return
    stdout().print(table(*workflow_rows(found)))
    click.echo(more(total, wanted, len(found)) or f"{total:,} in all.")


@workflow.command()
@account_option
@click.argument("name", metavar="WORKFLOW")
@store_options
@json_option
@click.pass_obj
def show(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Show one workflow, and what came of each of its steps."""

    async def work(core: Core) -> Whole:
        tenant = await tenant_of(core, account)
        return await core.workflows.get(tenant, await _find(core, tenant, name))

    found = session.run(flags, work)
    if as_json:
        print_json(as_json_whole(found))
        return
    stdout().print(workflow_headline(found))
    stdout().print(table(*step_rows(found)))


@workflow.command()
@account_option
@click.argument("name", metavar="WORKFLOW")
@store_options
@json_option
@click.pass_obj
def link(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Print the link of a workflow, as it stands in the customer's text.

    Whoever has the link IS the customer: they can answer, decline and confirm the payment. Give it to nobody else, and
    keep it out of logs. It begins as the settings say (link_base, public_url, port): give the server's own.
    """

    async def work(core: Core) -> tuple[WorkflowId, str]:
        tenant = await tenant_of(core, account)
        found = await _find(core, tenant, name)
        token = link_token(core.link_key, found)
        if await core.guide.find(token) is None:
            raise WrongState("The link was sent under another secret (link_key, secret_key): it cannot be said again")
        return found, f"{core.settings.links_begin}/{token}"

    found, url = session.run(flags, work)
    if as_json:
        print_json({"workflow": str(found), "link": url})
        return
    click.echo(url)


@workflow.command()
@account_option
@click.argument("name", metavar="WORKFLOW")
@store_options
@json_option
@click.pass_obj
def history(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """List every text about a workflow, the first one first."""

    async def work(core: Core) -> tuple[WorkflowId, list[Notice]]:
        tenant = await tenant_of(core, account)
        found = await _find(core, tenant, name)
        return found, list(await core.workflows.history(tenant, found))

    found, notices = session.run(flags, work)
    if as_json:
        print_json({"workflow": str(found), "texts": [as_json_notice(one) for one in notices]})
        return
    stdout().print(table(*notice_rows(notices)))


@workflow.command()
@account_option
@click.argument("name", metavar="WORKFLOW")
@store_options
@json_option
@click.pass_obj
def cancel(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """End a workflow: its link dies, and a text that waits is not sent."""
    stands = _change(session, (account, name), lambda core: core.workflow_control.cancel, flags=flags)
    _tell(stands, f"Workflow {stands.id} is {stands.state.value}.", as_json=as_json)


@workflow.command()
@account_option
@click.argument("name", metavar="WORKFLOW")
@store_options
@json_option
@click.pass_obj
def resend(session: Session, /, *, account: str | None, name: str, as_json: bool, **flags: str | Path | None) -> None:
    """Text the customer the link once more. Only while it is active, and they have not opted out."""
    stands = _change(session, (account, name), lambda core: core.workflow_control.resend, flags=flags)
    _tell(stands, f"The link of workflow {stands.id} is texted once more.", as_json=as_json)


@workflow.command()
@account_option
@click.argument("name", metavar="WORKFLOW")
@click.option("--hours", type=click.IntRange(1, _MOST_HOURS), required=True, help="How long it stands from now.")
@store_options
@json_option
@click.pass_obj
def extend(
    session: Session, /, *, account: str | None, name: str, hours: int, as_json: bool, **flags: str | Path | None
) -> None:
    """Let a workflow and its link stand for some hours from now. Only while it is active."""

    def step(core: Core) -> Step:
        return partial(core.workflow_control.extend, hours=hours)

    stands = _change(session, (account, name), step, flags=flags)
    _tell(stands, f"Workflow {stands.id} stands until {moment(stands.expires_at)} (UTC).", as_json=as_json)


def _change(
    session: Session,
    which: tuple[str | None, str],
    step: Callable[[Core], Step],
    *,
    flags: dict[str, str | Path | None],
) -> Workflow:
    """Do `step` to the workflow; how it stands then."""
    account, name = which

    async def work(core: Core) -> Workflow:
        who = operator(await tenant_of(core, account))
        found = await _find(core, who.tenant, name)
        await step(core)(who, found)
        return (await core.workflows.get(who.tenant, found)).workflow

    return session.run(flags, work)


def _tell(stands: Workflow, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(as_json_workflow(stands))
        return
    click.echo(sentence)


async def _find(core: Core, tenant: TenantId, name: str) -> WorkflowId:
    """The workflow that `name` means. Raises NotFound, BadInput."""
    given = _as_id(name)
    if given is not None:
        return (await core.workflows.get(tenant, given)).workflow.id
    text = name.strip().lower()
    _, found = await core.workflows.find(
        tenant, WorkflowFilter(text=text), order=_NEWEST_FIRST, page=Page(0, _LOOKED_AT)
    )
    fitting = [one.id for one in found if text and _means(text, one)]
    if not fitting:
        raise NotFound(f"There is no workflow {name!r} of this account; `muster workflow list` shows them.")
    if len(fitting) > 1:
        some = ", ".join(str(one) for one in fitting[:_MOST_MATCHES])
        raise BadInput(f"{name!r} means several workflows: {some}. Give the id of one.")
    return fitting[0]


def _as_id(name: str) -> WorkflowId | None:
    try:
        return WorkflowId(UUID(name))
    except ValueError:
        return None


def _means(text: str, one: Workflow) -> bool:
    if text in {one.address.lower(), one.email.lower()}:
        return True
    spelled = str(one.id)
    return len(text) >= _SHORTEST and (spelled.startswith(text) or spelled.endswith(text))
