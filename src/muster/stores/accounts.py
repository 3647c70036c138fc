"""Tenants, their service accounts and credentials."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from muster.domain.errors import NameTaken, NotFound
from muster.domain.ids import PrincipalId, TenantId
from muster.domain.tenant import Principal, Role, Tenant
from muster.ports.store.accounts import Credential, CredentialKind
from muster.stores.bulk import is_sqlite
from muster.stores.directory_tables import party_tokens
from muster.stores.tables import credentials, principals, tenants

_ACTIVE = "active"
_LONGEST_NUMBER = 18
"""Digits that surely fit a BIGINT."""


class AccountTable:
    """Tenants and who acts for them; see ports.store.accounts."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def across_tenants_add(self, *, account_id: UUID, name: str, at: datetime) -> TenantId:
        """Keep a new tenant; its number. Raises NameTaken."""
        values = {"account_id": account_id, "name": name, "created_at": at}
        statement = self._insert(tenants).values(values).on_conflict_do_nothing().returning(tenants.c.number)
        number = (await self._connection.execute(statement)).scalar_one_or_none()
        if number is None:
            raise NameTaken(f"there is an account named {name!r} already")
        return TenantId(number)

    async def across_tenants_find(self, name_or_id: str) -> Tenant:
        """The tenant with this name, account id or number; a name wins over a number. Raises NotFound."""
        ways = [tenants.c.name == name_or_id]
        if (account_id := _uuid(name_or_id)) is not None:
            ways.append(tenants.c.account_id == account_id)
        if name_or_id.isascii() and name_or_id.isdigit() and len(name_or_id) <= _LONGEST_NUMBER:
            ways.append(tenants.c.number == int(name_or_id))
        found = [_tenant(row) for row in await self._connection.execute(select(tenants).where(or_(*ways)))]
        if not found:
            raise NotFound("no such account")
        return next((tenant for tenant in found if tenant.name == name_or_id), found[0])

    async def across_tenants_all(self) -> Sequence[Tenant]:
        """Every tenant, oldest first."""
        rows = await self._connection.execute(select(tenants).order_by(tenants.c.number))
        return [_tenant(row) for row in rows]

    async def get(self, tenant: TenantId) -> Tenant:
        """The tenant. Raises NotFound."""
        row = (await self._connection.execute(select(tenants).where(tenants.c.number == tenant))).one_or_none()
        if row is None:
            raise NotFound("no such account")
        return _tenant(row)

    async def principal_name(self, tenant: TenantId, principal: PrincipalId) -> str:
        """What a service account of the tenant's is called. Raises NotFound."""
        statement = select(principals.c.name).where(principals.c.tenant == tenant, principals.c.id == principal)
        name: str | None = (await self._connection.execute(statement)).scalar_one_or_none()
        if name is None:
            raise NotFound("no such service account")
        return name

    async def add_principal(
        self, tenant: TenantId, principal: PrincipalId, name: str, *, role: Role, at: datetime
    ) -> None:
        """Keep a new service account."""
        await self._connection.execute(
            principals.insert().values(id=principal, tenant=tenant, name=name, role=role.value, created_at=at)
        )

    async def add_credential(self, tenant: TenantId, credential: Credential, *, at: datetime) -> None:
        """Keep a new credential. Raises NotFound when the service account is not the tenant's, NameTaken."""
        owner = select(principals.c.id).where(principals.c.id == credential.principal, principals.c.tenant == tenant)
        if (await self._connection.execute(owner)).one_or_none() is None:
            raise NotFound("no such service account")
        values = {
            "kind": credential.kind.value,
            "name": credential.name,
            "tenant": tenant,
            "principal": credential.principal,
            "secret_hash": credential.secret_hash,
            "sealed_secret": credential.sealed_secret,
            "created_at": at,
            "expires_at": credential.expires_at,
        }
        kept = await self._connection.execute(self._insert(credentials).values(values).on_conflict_do_nothing())
        if not kept.rowcount:
            raise NameTaken("there is such a credential already")

    async def has_credential(
        self, tenant: TenantId, principal: PrincipalId, kind: CredentialKind, *, name: str
    ) -> bool:
        """Whether the service account has this credential."""
        statement = (
            select(credentials.c.name)
            .join(principals, principals.c.id == credentials.c.principal)
            .where(
                principals.c.tenant == tenant,
                principals.c.id == principal,
                credentials.c.kind == kind.value,
                credentials.c.name == name,
            )
        )
        return (await self._connection.execute(statement)).first() is not None

    async def across_tenants_credential(
        self, kind: CredentialKind, name: str, *, now: datetime
    ) -> tuple[Principal, Credential] | None:
        """Who holds the credential, unless it has expired or its token is not active; the tenant is what it tells."""
        statement = (
            select(credentials, principals.c.role)
            .join(principals, principals.c.id == credentials.c.principal)
            .outerjoin(party_tokens, party_tokens.c.principal == credentials.c.principal)
            .where(
                func.coalesce(party_tokens.c.state, _ACTIVE) == _ACTIVE,
                credentials.c.kind == kind.value,
                credentials.c.name == name,
                or_(credentials.c.expires_at.is_(None), credentials.c.expires_at > now),
            )
        )
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else _holder(row)

    async def across_tenants_drop_expired(self, *, now: datetime) -> int:
        """Forget credentials that have expired; how many."""
        return (await self._connection.execute(delete(credentials).where(credentials.c.expires_at <= now))).rowcount

    def _insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        return sqlite.insert(table) if is_sqlite(self._connection) else postgresql.insert(table)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _tenant(row: Row[*tuple[Any, ...]]) -> Tenant:
    return Tenant(number=TenantId(row.number), account_id=row.account_id, name=row.name, created_at=row.created_at)


def _holder(row: Row[*tuple[Any, ...]]) -> tuple[Principal, Credential]:
    holder = PrincipalId(row.principal)
    # The stored name is a digest or a public key: it names the credential and tells no secret.
    principal = Principal(id=holder, tenant=TenantId(row.tenant), role=Role(row.role), token=row.name)
    credential = Credential(
        kind=CredentialKind(row.kind),
        name=row.name,
        principal=holder,
        secret_hash=row.secret_hash,
        sealed_secret=row.sealed_secret,
        expires_at=row.expires_at,
    )
    return principal, credential
