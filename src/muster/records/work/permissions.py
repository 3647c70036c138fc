"""Who may write what: the caller's role, and what the blueprint bans."""

from muster.domain.records.char_types import RELATIONSHIP
from muster.domain.records.operation import Denial, Denied
from muster.domain.records.record import Record
from muster.domain.tenant import Role
from muster.records.work.workspace import Workspace


def may_write(workspace: Workspace, char_type: int, template: int | None) -> None:
    """Nothing, where the caller may make, change and delete such records. Raises Denied (not allowed) otherwise.

    `template` None: it is not known, so only bans of the whole char type count. Reading is always allowed.
    """
    if not _may_write(workspace, char_type, template):
        raise Denied(Denial.NOT_ALLOWED)


def may_relate(workspace: Workspace, *ends: Record) -> None:
    """Nothing, where the caller may relate these records to each other, or part them. Raises Denied otherwise."""
    allowed = _may_write(workspace, RELATIONSHIP, None)
    if not allowed or not all(_may_write(workspace, one.ref.char_type, one.template) for one in ends):
        raise Denied(Denial.LINKS_NOT_ALLOWED)


def _may_write(workspace: Workspace, char_type: int, template: int | None) -> bool:
    role = workspace.scene.actor.role
    if role is Role.VIEWER:
        return False
    return not any(
        ban.char_type == char_type
        and (ban.template is None or ban.template == template)
        and (not ban.roles or role in ban.roles)
        for ban in workspace.blueprint.bans
    )
