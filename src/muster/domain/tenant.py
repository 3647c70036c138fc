"""Who is served: accounts, who acts for them, and what each may do."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from muster.domain.ids import PrincipalId, TenantId


class Role(StrEnum):
    """What a service account may do. VIEWER may read; every other role may also change.

    PARTY acts for one of the parties a tenant serves: it meets only doors that are made for parties.
    """

    OWNER = "owner"
    ADMIN = "admin"
    MANAGER = "manager"
    CLERK = "clerk"
    FINANCE = "finance"
    VIEWER = "viewer"
    PARTY = "party"


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One customer of this server: the owner of batches, templates, channels and everything else."""

    number: TenantId
    account_id: UUID
    name: str
    created_at: datetime


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a call: one service account of one tenant."""

    id: PrincipalId
    tenant: TenantId
    role: Role
    token: str = ""
    """A stable, non-secret name of the credential used: what rate limits count by."""

    @property
    def may_write(self) -> bool:
        """Whether it may change anything."""
        return self.role is not Role.VIEWER
