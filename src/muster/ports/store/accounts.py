"""Keeping tenants, their service accounts and credentials."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import msgspec

from muster.domain.ids import PrincipalId, TenantId
from muster.domain.tenant import Principal, Role, Tenant


class CredentialKind(StrEnum):
    """How a caller proves who it is."""

    TOKEN = "token"  # noqa: S105 - the name of a kind, no secret
    """A bearer token: `name` is the SHA-256 of it, in hex."""
    API_KEY = "api_key"
    """A key and a secret, exchanged for a token: `name` is the key, `secret_hash` the SHA-256 of the secret."""
    ACCESS_KEY = "access_key"
    """A key that signs requests: `name` is the key, `sealed_secret` the secret, encrypted."""

    SESSION = "session"
    """A short-lived key that signs requests: `name` is the key, `sealed_secret` the secret, `secret_hash` the SHA-256
    of the session token in hex."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """One credential of one service account."""

    kind: CredentialKind
    name: str
    principal: PrincipalId
    secret_hash: str = ""
    sealed_secret: str = ""
    expires_at: datetime | None = None


class Accounts(Protocol):
    """Tenants and who acts for them."""

    async def across_tenants_add(self, *, account_id: UUID, name: str, at: datetime) -> TenantId:
        """Keep a new tenant; its number. Raises NameTaken."""
        ...

    async def across_tenants_find(self, name_or_id: str) -> Tenant:
        """The tenant with this name, account id or number; raises NotFound."""
        ...

    async def across_tenants_all(self) -> Sequence[Tenant]:
        """Every tenant, oldest first."""
        ...

    async def get(self, tenant: TenantId) -> Tenant:
        """The tenant. Raises NotFound."""
        ...

    async def principal_name(self, tenant: TenantId, principal: PrincipalId) -> str:
        """What a service account of the tenant's is called. Raises NotFound."""
        ...

    async def add_principal(
        self, tenant: TenantId, principal: PrincipalId, name: str, *, role: Role, at: datetime
    ) -> None:
        """Keep a new service account."""
        ...

    async def add_credential(self, tenant: TenantId, credential: Credential, *, at: datetime) -> None:
        """Keep a new credential."""
        ...

    async def has_credential(
        self, tenant: TenantId, principal: PrincipalId, kind: CredentialKind, *, name: str
    ) -> bool:
        """Whether the service account has this credential, be its token active or not."""
        ...

    async def across_tenants_credential(
        self, kind: CredentialKind, name: str, *, now: datetime
    ) -> tuple[Principal, Credential] | None:
        """Who holds the credential, unless it has expired; the tenant is what it tells.

        Nobody holds that of a service account whose token (`domain.directory.Token`) is not active.
        """
        ...

    async def across_tenants_drop_expired(self, *, now: datetime) -> int:
        """Forget credentials that have expired; how many."""
        ...
